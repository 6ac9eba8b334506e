#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/api/activation.h"
#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/invres/invres.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// The inverted residual by oneDNN as three primitives, activations fused, each in the layout that the one before it
// writes; the first chooses. Squeeze-and-excite is four more before the last: a pooling, two inner products with ReLU
// and the hard sigmoid as post-ops, and a product of the depthwise results, in place, with the gates. The residual is a
// binary post-op of the last: a sum post-op adds to what dst holds, which would first have to be copied there. The
// library can also take a depthwise convolution of 3x3 as a post-op of the expansion; where its own kernel does that,
// and not two primitives under one name, the faster of both ways is taken, by trial. executed_flops is Count().flops,
// what direct algorithms cannot do without; some of the library's kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

using onednn::Convolution;
using onednn::F32;
using onednn::memory;
using onednn::Tensor;
using Tag = memory::format_tag;

struct SqueezeAndExcite {
  dnnl::pooling_forward::primitive_desc pool;
  memory::desc means, squeeze_wei;  // as the first inner product reads the one, and as the operands have the other
  dnnl::inner_product_forward::primitive_desc squeeze, excite;
  dnnl::binary::primitive_desc scale;
};

struct Chain {
  std::optional<Convolution> expand;  // with the depthwise convolution in it where there is no `dw`
  std::optional<Convolution> dw;
  std::optional<SqueezeAndExcite> se;
  Convolution project;
};

onednn::ConvolutionShape Pointwise(int64_t mb, int64_t ic, int64_t oc, int64_t side, int64_t act) {
  return {
      .mb = mb,
      .g = 1,
      .ic = ic,
      .oc = oc,
      .ih = side,
      .iw = side,
      .oh = side,
      .ow = side,
      .kh = 1,
      .kw = 1,
      .sh = 1,
      .sw = 1,
      .ph = 0,
      .pw = 0,
      .dh = 1,
      .dw = 1,
      .bia = true,
      .act = act,
      .wei_tag = Tag::ohwi,
  };
}

onednn::ConvolutionShape Depthwise(const InvRes& p) {
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
dnnl::post_ops HardSigmoid() {
  dnnl::post_ops ops;
  onednn::AppendEltwise(ops, dnnl::algorithm::eltwise_linear, 1.0f / 6, 0.5f);
  onednn::AppendEltwise(ops, dnnl::algorithm::eltwise_clip, 0, 1);
  return ops;
}

// Gates as they scale a map; they lie as the second inner product writes them.
memory::desc Gates(const InvRes& p) { return F32({p.mb, p.mc, 1, 1}, Tag::nhwc); }

SqueezeAndExcite DescribeSqueezeAndExcite(const InvRes& p, const memory::desc& d) {
  const dnnl::engine& engine = onednn::Engine();
  SqueezeAndExcite se;
  se.pool = onednn::MakeMean(engine, d, F32({p.mb, p.mc, 1, 1}), {p.oh(), p.oh()}, onednn::Attributes());
  // Its kernels for matrices are the faster ones.
  const bool matrix = se.pool.dst_desc() == Gates(p);
  const memory::dims wei = matrix ? memory::dims{p.se, p.mc} : memory::dims{p.se, p.mc, 1, 1};
  se.means = matrix ? F32({p.mb, p.mc}, Tag::nc) : se.pool.dst_desc();
  se.squeeze_wei = F32(wei, matrix ? Tag::oi : Tag::oihw);
  se.squeeze =
      onednn::MakeInnerProduct(engine, se.means, F32(wei), F32({p.se}, Tag::x), F32({p.mb, p.se}),
                               onednn::Attributes(onednn::ActivationOps(static_cast<int64_t>(Activation::kRelu))));
  se.excite = onednn::MakeInnerProduct(engine, se.squeeze.dst_desc(), F32({p.mc, p.se}), F32({p.mc}, Tag::x),
                                       F32({p.mb, p.mc}, Tag::nc), onednn::Attributes(HardSigmoid()));
  se.scale = onednn::MakeBinary(engine, dnnl::algorithm::binary_mul, d, Gates(p), d, onednn::Attributes());
  return se;
}

// What follows the depthwise convolution.
void DescribeRest(Chain& chain, const InvRes& p, const memory::desc& src, const memory::desc& d) {
  if (p.se > 0) chain.se = DescribeSqueezeAndExcite(p, d);
  onednn::ConvolutionShape project = Pointwise(p.mb, p.mc, p.oc, p.oh(), 0);
  if (p.res) project.added = src;
  chain.project = onednn::Describe(project, &d, p.res ? &src : nullptr);
}

Chain Describe(const InvRes& p) {
  Chain chain;
  if (p.expands()) {
    chain.expand = onednn::Describe(Pointwise(p.mb, p.c, p.mc, p.ih, p.act));
    const memory::desc e = chain.expand->primitive.dst_desc();
    chain.dw = onednn::Describe(Depthwise(p), &e);
  } else {
    chain.dw = onednn::Describe(Depthwise(p));
  }
  const memory::desc src = (p.expands() ? chain.expand : chain.dw)->primitive.src_desc();
  DescribeRest(chain, p, src, chain.dw->primitive.dst_desc());
  return chain;
}

// With the depthwise convolution as a post-op; nothing where the library has no kernel of its own for that.
std::optional<Chain> DescribePostOp(const InvRes& p) {
  if (!p.expands() || p.kh != 3 || p.ph != 1 || p.sh > 2) return std::nullopt;
  onednn::ConvolutionShape expand = Pointwise(p.mb, p.c, p.mc, p.ih, p.act);
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

Support Supports(const InvRes& problem, const Context& context) {
  return onednn::Supported(problem, context, Describe);
}

// The expansion and the depthwise convolution in one primitive.
void AddBoth(onednn::Plan& plan, const InvRes& p, const Convolution& both, const Tensor& src, const Tensor& d) {
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
void AddSqueezeAndExcite(onednn::Plan& plan, const InvRes& p, const SqueezeAndExcite& se, const Tensor& d,
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
  plan.Add(se.scale, {{DNNL_ARG_SRC_0, d}, {DNNL_ARG_SRC_1, {Gates(p), gates.place}}, {DNNL_ARG_DST, d}});
}

Invocation PrepareChain(const InvRes& p, const Context& context, const Chain& chain) {
  const Convolution& first = chain.expand ? *chain.expand : *chain.dw;
  onednn::Plan plan;
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
  if (!chain.dw) invocation.impl += ", depthwise as a post-op";
  return invocation;
}

Invocation Prepare(const InvRes& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  std::vector<Invocation> ways = {PrepareChain(p, context, Describe(p))};
  if (const std::optional<Chain> post_op = DescribePostOp(p)) {
    try {
      ways.push_back(PrepareChain(p, context, *post_op));
    } catch (const dnnl::error&) {
      // listed, but not made
    }
  }
  return std::move(ways[Fastest(p, context, ways)]);
}

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "onednn",
    .summary = "oneDNN's primitives one after the other, activations and residual fused",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
