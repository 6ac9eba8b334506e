#include "kernels/api/registry.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// Depthwise separable convolution by oneDNN as two primitives, with the whole of `mid` between them: the library fuses
// only the other order, 1x1 before depthwise. executed_flops is Count().flops, what direct algorithms cannot do
// without; some of the library's kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

struct Chain {
  onednn::Convolution dw, pw;
};

// The pointwise half, which has nearly all of the work, chooses the layout of `mid`; the depthwise half follows.
Chain Describe(const DwSep& p) {
  const onednn::Convolution pw = onednn::Describe({
      .mb = p.mb,
      .g = 1,
      .ic = p.ic,
      .oc = p.oc,
      .ih = p.oh(),
      .iw = p.ow(),
      .oh = p.oh(),
      .ow = p.ow(),
      .kh = 1,
      .kw = 1,
      .sh = 1,
      .sw = 1,
      .ph = 0,
      .pw = 0,
      .dh = 1,
      .dw = 1,
      .bia = p.bia != 0,
      .act = p.act,
      .wei_tag = onednn::memory::format_tag::ohwi,
  });
  const onednn::memory::desc mid = pw.primitive.src_desc();
  const onednn::Convolution dw =
      onednn::Describe(onednn::ShapeOf(p, p.ic, p.ic, p.ic, onednn::memory::format_tag::hwigo), nullptr, &mid);
  return {dw, pw};
}

Support Supports(const DwSep& problem, const Context& context) { return onednn::Supported(problem, context, Describe); }

Invocation Prepare(const DwSep& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const Chain chain = Describe(problem);
  onednn::Plan plan;
  const onednn::Tensor src = plan.Input(DwSep::kSrc, chain.dw.src, chain.dw.primitive.src_desc());
  const onednn::Tensor mid = plan.Intermediate(chain.pw.primitive.src_desc());
  const onednn::Tensor dst = plan.Output(DwSep::kDst, chain.pw.dst, chain.pw.primitive.dst_desc());
  Add(plan, chain.dw, DwSep::kDwWei, DwSep::kDwBia, src, mid);
  Add(plan, chain.pw, DwSep::kPwWei, DwSep::kPwBia, mid, dst);
  return std::move(plan).Finish(context.threads, Count(problem, context.dtype).flops);
}

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "onednn",
    .summary = "oneDNN's depthwise and pointwise convolutions, one after the other, activations fused",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
