#ifndef ROOFGAP_KERNELS_INVRES_ONEDNN_H_
#define ROOFGAP_KERNELS_INVRES_ONEDNN_H_

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/api/activation.h"
#include "kernels/api/trial.h"
#include "kernels/invres/invres.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// What the oneDNN variants of the inverted residual share.
//
// Three primitives, activations fused, each in the layout that the one before it writes. Squeeze-and-excite is four
// more before the last: a pooling, two inner products with ReLU and the hard sigmoid as post-ops, and a product of the
// depthwise results, in place, with the gates. The residual is a binary post-op of the last: a sum post-op adds to what
// dst holds, which would first have to be copied there. The library can also take a depthwise convolution of 3x3 as a
// post-op of the expansion; where its own kernel does that, and not two primitives under one name, that is one more
// way. executed_flops is Count().flops, what direct algorithms cannot do without; some of the library's kernels also
// multiply by the zeros of the padding.

namespace roofgap::onednn::invres {

using Tag = memory::format_tag;

struct SqueezeAndExcite {
  dnnl::pooling_forward::primitive_desc pool;
  memory::desc means, squeeze_wei;  // as the first inner product reads the one, and as the operands have the other
  dnnl::inner_product_forward::primitive_desc squeeze, excite;
  memory::desc gates;  // as the product reads what the second inner product writes
  dnnl::binary::primitive_desc scale;
};

struct Chain {
  std::optional<Convolution> expand;  // with the depthwise convolution in it where there is no `dw`
  std::optional<Convolution> dw;
  std::optional<SqueezeAndExcite> se;
  Convolution project;
};

inline ConvolutionShape Pointwise(int64_t mb, int64_t ic, int64_t oc, int64_t side, int64_t act) {
  return PointwiseShape(mb, ic, oc, side, side, true, act);
}

inline ConvolutionShape Depthwise(const InvRes& p) {
  return {
      .mb = p.mb,
      .g = p.mc,
      .ic = p.mc,
      .oc = p.mc,
      .ih = p.ih,
      .iw = p.ih,
      .oh = p.oh(),
      .ow = p.oh(),
      .kh = p.kh,
      .kw = p.kh,
      .sh = p.sh,
      .sw = p.sh,
      .ph = p.ph,
      .pw = p.ph,
      .dh = 1,
      .dw = 1,
      .bia = true,
      .act = p.act,
      .wei_tag = Tag::hwigo,
  };
}

// relu6(x + 3) / 6, as one line that is clipped.
inline dnnl::post_ops HardSigmoid() {
  dnnl::post_ops ops;
  AppendEltwise(ops, dnnl::algorithm::eltwise_linear, 1.0f / 6, 0.5f);
  AppendEltwise(ops, dnnl::algorithm::eltwise_clip, 0, 1);
  return ops;
}

// Gates as they scale a map; they lie as the second inner product writes them.
inline memory::desc Gates(const InvRes& p) { return F32({p.mb, p.mc, 1, 1}, Tag::nhwc); }

inline SqueezeAndExcite DescribeSqueezeAndExcite(const InvRes& p, const memory::desc& d) {
  const dnnl::engine& engine = Engine();
  SqueezeAndExcite se;
  se.pool = MakeMean(engine, d, F32({p.mb, p.mc, 1, 1}), {p.oh(), p.oh()}, Attributes());
  // Its kernels for matrices are the faster ones.
  const bool matrix = se.pool.dst_desc() == Gates(p);
  const memory::dims wei = matrix ? memory::dims{p.se, p.mc} : memory::dims{p.se, p.mc, 1, 1};
  se.means = matrix ? F32({p.mb, p.mc}, Tag::nc) : se.pool.dst_desc();
  se.squeeze_wei = F32(wei, matrix ? Tag::oi : Tag::oihw);
  se.squeeze = MakeInnerProduct(engine, se.means, F32(wei), F32({p.se}, Tag::x), F32({p.mb, p.se}),
                                Attributes(ActivationOps(static_cast<int64_t>(Activation::kRelu))));
  se.excite = MakeInnerProduct(engine, se.squeeze.dst_desc(), F32({p.mc, p.se}), F32({p.mc}, Tag::x),
                               F32({p.mb, p.mc}, Tag::nc), Attributes(HardSigmoid()));
  // Only in the layout of d has the library a kernel of its own for it; without padding both are the same bytes.
  const bool same = se.pool.dst_desc().get_size() == Gates(p).get_size();
  se.gates = same ? se.pool.dst_desc() : Gates(p);
  se.scale = MakeBinary(engine, dnnl::algorithm::binary_mul, d, se.gates, d, Attributes());
  return se;
}

// What follows the depthwise convolution.
inline void DescribeRest(Chain& chain, const InvRes& p, const memory::desc& src, const memory::desc& d) {
  if (p.se > 0) chain.se = DescribeSqueezeAndExcite(p, d);
  ConvolutionShape project = Pointwise(p.mb, p.mc, p.oc, p.oh(), 0);
  if (p.res) project.added = src;
  chain.project = onednn::Describe(project, &d, p.res ? &src : nullptr);
}

// Intermediates in this layout; `any`: in those that the library prefers, the first primitive before the others.
inline Chain Describe(const InvRes& p, Tag layout) {
  Chain chain;
  const memory::desc d = F32({p.mb, p.mc, p.oh(), p.oh()}, layout);
  if (p.expands()) {
    memory::desc e = F32({p.mb, p.mc, p.ih, p.ih}, layout);
    chain.expand = onednn::Describe(Pointwise(p.mb, p.c, p.mc, p.ih, p.act), nullptr, &e);
    e = chain.expand->primitive.dst_desc();
    chain.dw = onednn::Describe(Depthwise(p), &e, &d);
  } else {
    // Blocked d from a src of its choice would be a plain loop.
    const memory::desc e = F32({p.mb, p.mc, p.ih, p.ih}, layout);
    chain.dw = onednn::Describe(Depthwise(p), &e, &d);
  }
  const memory::desc src = (p.expands() ? chain.expand : chain.dw)->primitive.src_desc();
  DescribeRest(chain, p, src, chain.dw->primitive.dst_desc());
  return chain;
}

// With the depthwise convolution as a post-op; nothing where the library has no kernel of its own for that.
inline std::optional<Chain> DescribePostOp(const InvRes& p) {
  if (!p.expands() || p.kh != 3 || p.ph != 1 || p.sh > 2) return std::nullopt;
  ConvolutionShape expand = Pointwise(p.mb, p.c, p.mc, p.ih, p.act);
  expand.dw_kernel = p.kh;
  expand.dw_stride = p.sh;
  expand.dw_padding = p.ph;
  try {
    Chain chain;
    chain.expand = onednn::Describe(expand);
    const auto& primitive = chain.expand->primitive;
    if (std::string_view(primitive.impl_info_str()).substr(0, 3) == "ref") return std::nullopt;
    DescribeRest(chain, p, primitive.src_desc(), primitive.dst_desc());
    return chain;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

// The expansion and the depthwise convolution in one primitive.
inline void AddBoth(Plan& plan, const InvRes& p, const Convolution& both, const Tensor& src, const Tensor& d) {
  const auto wanted = [&](int arg) {
    return both.primitive.query_md(dnnl::query::exec_arg_md, DNNL_ARG_ATTR_POST_OP_DW | arg);
  };
  const memory::desc wei = F32({p.mc, 1, 1, p.kh, p.kh}, Tag::hwigo);
  const memory::desc bia = F32({p.mc}, Tag::x);
  plan.Add(
      both.primitive,
      {{DNNL_ARG_SRC, src},
       {DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kExpandWei, both.wei, both.primitive.weights_desc(), &both.wei_plain)},
       {DNNL_ARG_BIAS, plan.Operand(InvRes::kExpandBia, bia)},
       {DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kDwWei, wei, wanted(DNNL_ARG_WEIGHTS))},
       {DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_BIAS, plan.Operand(InvRes::kDwBia, bia)},
       {DNNL_ARG_DST, d}});
}

// Scales `d` by the gates, in place.
inline void AddSqueezeAndExcite(Plan& plan, const InvRes& p, const SqueezeAndExcite& se, const Tensor& d,
                                const Tensor& pool, const Tensor& q, const Tensor& gates) {
  plan.Add(se.pool, {{DNNL_ARG_SRC, d}, {DNNL_ARG_DST, pool}});
  plan.Add(se.squeeze,
           {{DNNL_ARG_SRC, {se.means, pool.place}},
            {DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kSqueezeWei, se.squeeze_wei, se.squeeze.weights_desc())},
            {DNNL_ARG_BIAS, plan.Operand(InvRes::kSqueezeBia, F32({p.se}, Tag::x))},
            {DNNL_ARG_DST, q}});
  plan.Add(se.excite,
           {{DNNL_ARG_SRC, q},
            {DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kExciteWei, F32({p.mc, p.se}, Tag::oi), se.excite.weights_desc())},
            {DNNL_ARG_BIAS, plan.Operand(InvRes::kExciteBia, F32({p.mc}, Tag::x))},
            {DNNL_ARG_DST, gates}});
  plan.Add(se.scale, {{DNNL_ARG_SRC_0, d}, {DNNL_ARG_SRC_1, {se.gates, gates.place}}, {DNNL_ARG_DST, d}});
}

inline Invocation PrepareChain(const InvRes& p, const Context& context, const Chain& chain) {
  const Convolution& first = chain.expand ? *chain.expand : *chain.dw;
  Plan plan;
  const Tensor src = plan.Input(InvRes::kSrc, first.src, first.primitive.src_desc());
  const bool separate = chain.expand && chain.dw;
  const Tensor e = separate ? plan.Intermediate(chain.expand->primitive.dst_desc()) : src;
  const Tensor d = plan.Intermediate((chain.dw ? chain.dw : chain.expand)->primitive.dst_desc());
  std::vector<Tensor> of_se;  // pool, q, gates
  if (chain.se) {
    for (const memory::desc& one :
         {chain.se->pool.dst_desc(), chain.se->squeeze.dst_desc(), chain.se->excite.dst_desc()}) {
      of_se.push_back(plan.Intermediate(one));
    }
  }
  const Tensor dst = plan.Output(InvRes::kDst, chain.project.dst, chain.project.primitive.dst_desc());
  if (separate) Add(plan, *chain.expand, InvRes::kExpandWei, InvRes::kExpandBia, src, e);
  if (chain.dw) {
    Add(plan, *chain.dw, InvRes::kDwWei, InvRes::kDwBia, e, d);
  } else {
    AddBoth(plan, p, *chain.expand, src, d);
  }
  if (chain.se) AddSqueezeAndExcite(plan, p, *chain.se, d, of_se[0], of_se[1], of_se[2]);
  Add(plan, chain.project, InvRes::kProjectWei, InvRes::kProjectBia, d, dst, p.res ? &src : nullptr);
  Invocation invocation = std::move(plan).Finish(context.threads, Count(p, context.dtype).flops);
  invocation.impl += chain.dw ? ", depthwise " + chain.dw->layouts : ", depthwise as a post-op";
  return invocation;
}

// By the library's plain loops, in part.
inline bool UsesRef(const Chain& chain) {
  return (chain.expand && IsRef(*chain.expand)) || (chain.dw && IsRef(*chain.dw)) || IsRef(chain.project) ||
         (chain.se && std::string_view(chain.se->scale.impl_info_str()).substr(0, 3) == "ref");
}

// The fastest, by trial, of the chains with intermediates in these layouts, of which the first is taken whatever it is,
// the others without plain loops, and of the one with the post-op. To be called in a ThreadScope.
inline Invocation PrepareFastest(const InvRes& p, const Context& context, std::span<const Tag> layouts) {
  std::vector<Chain> chains;
  for (const Tag layout : layouts) {
    try {
      Chain chain = Describe(p, layout);
      if (!chains.empty() && UsesRef(chain)) continue;
      chains.push_back(std::move(chain));
    } catch (const dnnl::error&) {
      if (chains.empty()) throw;  // else the library has nothing in this layout
    }
  }
  if (std::optional<Chain> post_op = DescribePostOp(p)) chains.push_back(std::move(*post_op));
  std::vector<Invocation> ways;
  for (const Chain& chain : chains) {
    try {
      ways.push_back(PrepareChain(p, context, chain));
    } catch (const dnnl::error&) {
      if (ways.empty()) throw;  // else listed, but not made
    }
  }
  return std::move(ways[Fastest(p, context, ways)]);
}

}  // namespace roofgap::onednn::invres

#endif  // ROOFGAP_KERNELS_INVRES_ONEDNN_H_
