#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/invres/invres.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// The inverted residual by oneDNN as three primitives, activations fused, each in the layout that the one before it
// writes; the first chooses. The residual is a binary post-op of the last: a sum post-op adds to what dst holds, which
// would first have to be copied there. The library can also take a depthwise convolution of 3x3 as a post-op of the
// expansion; where its own kernel does that, and not two primitives under one name, the faster of both ways is taken,
// by trial. executed_flops is Count().flops, what direct algorithms cannot do without; some
// of the library's kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

using onednn::Convolution;
using onednn::memory;

struct Chain {
  std::optional<Convolution> expand;  // with the depthwise convolution in it where there is no `dw`
  std::optional<Convolution> dw;
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
      .wei_tag = memory::format_tag::ohwi,
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
      .wei_tag = memory::format_tag::hwigo,
  };
}

void DescribeProject(Chain& chain, const InvRes& p, const memory::desc& src, const memory::desc& d) {
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
  DescribeProject(chain, p, src, chain.dw->primitive.dst_desc());
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
    DescribeProject(chain, p, primitive.src_desc(), primitive.dst_desc());
    return chain;
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

Support Supports(const InvRes& problem, const Context& context) {
  if (problem.se > 0) return {false, "squeeze-and-excite would be four more primitives"};
  return onednn::Supported(problem, context, Describe);
}

// The expansion and the depthwise convolution in one primitive.
void AddBoth(onednn::Plan& plan, const InvRes& p, const Convolution& both, const onednn::Tensor& src,
             const onednn::Tensor& d) {
  const auto wanted = [&](int arg) {
    return both.primitive.query_md(dnnl::query::exec_arg_md, DNNL_ARG_ATTR_POST_OP_DW | arg);
  };
  const memory::desc wei = onednn::F32({p.mc, 1, 1, p.kh, p.kh}, memory::format_tag::hwigo);
  const memory::desc bia = onednn::F32({p.mc}, memory::format_tag::x);
  plan.Add(
      both.primitive,
      {{DNNL_ARG_SRC, src},
       {DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kExpandWei, both.wei, both.primitive.weights_desc(), &both.wei_plain)},
       {DNNL_ARG_BIAS, plan.Operand(InvRes::kExpandBia, bia)},
       {DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_WEIGHTS, plan.Weights(InvRes::kDwWei, wei, wanted(DNNL_ARG_WEIGHTS))},
       {DNNL_ARG_ATTR_POST_OP_DW | DNNL_ARG_BIAS, plan.Operand(InvRes::kDwBia, bia)},
       {DNNL_ARG_DST, d}});
}

Invocation PrepareChain(const InvRes& p, const Context& context, const Chain& chain) {
  const Convolution& first = chain.expand ? *chain.expand : *chain.dw;
  onednn::Plan plan;
  const onednn::Tensor src = plan.Input(InvRes::kSrc, first.src, first.primitive.src_desc());
  const bool separate = chain.expand && chain.dw;
  const onednn::Tensor e = separate ? plan.Intermediate(chain.expand->primitive.dst_desc()) : src;
  const onednn::Tensor d = plan.Intermediate((chain.dw ? chain.dw : chain.expand)->primitive.dst_desc());
  const onednn::Tensor dst = plan.Output(InvRes::kDst, chain.project.dst, chain.project.primitive.dst_desc());
  if (separate) Add(plan, *chain.expand, InvRes::kExpandWei, InvRes::kExpandBia, src, e);
  if (chain.dw) {
    Add(plan, *chain.dw, InvRes::kDwWei, InvRes::kDwBia, e, d);
  } else {
    AddBoth(plan, p, *chain.expand, src, d);
  }
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
    .summary = "oneDNN's two pointwise convolutions and its depthwise one between them, activations and residual fused",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
