#include <optional>

#include "kernels/api/registry.h"
#include "kernels/invres/invres.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// The inverted residual by oneDNN as three primitives, activations fused, each in the layout that the one before it
// writes; the first chooses. The residual is a binary post-op of the last: a sum post-op adds to what dst holds, which
// would first have to be copied there. executed_flops is Count().flops, what direct algorithms cannot do without; some
// of the library's kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

using onednn::Convolution;
using onednn::memory;

struct Chain {
  std::optional<Convolution> expand;
  Convolution dw, project;
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

Chain Describe(const InvRes& p) {
  Chain chain;
  memory::desc src;
  if (p.expands()) {
    chain.expand = onednn::Describe(Pointwise(p.mb, p.c, p.mc, p.ih, p.act));
    src = chain.expand->primitive.src_desc();
    const memory::desc e = chain.expand->primitive.dst_desc();
    chain.dw = onednn::Describe(Depthwise(p), &e);
  } else {
    chain.dw = onednn::Describe(Depthwise(p));
    src = chain.dw.primitive.src_desc();
  }
  const memory::desc d = chain.dw.primitive.dst_desc();
  onednn::ConvolutionShape project = Pointwise(p.mb, p.mc, p.oc, p.oh(), 0);
  if (p.res) project.added = src;
  chain.project = onednn::Describe(project, &d, p.res ? &src : nullptr);
  return chain;
}

Support Supports(const InvRes& problem, const Context& context) {
  if (problem.se > 0) return {false, "squeeze-and-excite would be four more primitives"};
  return onednn::Supported(problem, context, Describe);
}

Invocation Prepare(const InvRes& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const Chain chain = Describe(p);
  const Convolution& first = chain.expand ? *chain.expand : chain.dw;
  onednn::Plan plan;
  const onednn::Tensor src = plan.Input(InvRes::kSrc, first.src, first.primitive.src_desc());
  const onednn::Tensor e = chain.expand ? plan.Intermediate(chain.expand->primitive.dst_desc()) : src;
  const onednn::Tensor d = plan.Intermediate(chain.dw.primitive.dst_desc());
  const onednn::Tensor dst = plan.Output(InvRes::kDst, chain.project.dst, chain.project.primitive.dst_desc());
  if (chain.expand) Add(plan, *chain.expand, InvRes::kExpandWei, InvRes::kExpandBia, src, e);
  Add(plan, chain.dw, InvRes::kDwWei, InvRes::kDwBia, e, d);
  Add(plan, chain.project, InvRes::kProjectWei, InvRes::kProjectBia, d, dst, p.res ? &src : nullptr);
  return std::move(plan).Finish(context.threads, Count(p, context.dtype).flops);
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
