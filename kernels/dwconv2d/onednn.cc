#include "kernels/api/registry.h"
#include "kernels/dwconv2d/dwconv2d.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// Depthwise convolution by oneDNN: a direct convolution with as many groups as channels, in the layouts that the
// library prefers. executed_flops is Count().flops, what a direct algorithm cannot do without; some of the library's
// kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

onednn::Convolution Describe(const DwConv2d& p) {
  return onednn::Describe({
      .mb = p.mb,
      .g = p.c,
      .ic = p.c,
      .oc = p.c,
      .ih = p.ih,
      .iw = p.iw,
      .oh = p.oh(),
      .ow = p.ow(),
      .kh = p.kh,
      .kw = p.kw,
      .sh = p.sh,
      .sw = p.sw,
      .ph = p.ph,
      .pw = p.pw,
      .dh = p.dh,
      .dw = p.dw,
      .bia = p.bia != 0,
      .act = p.act,
      .wei_tag = onednn::memory::format_tag::hwigo,
  });
}

Support Supports(const DwConv2d& problem, const Context& context) {
  return onednn::Supported(problem, context, Describe);
}

Invocation Prepare(const DwConv2d& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const onednn::Convolution convolution = Describe(problem);
  onednn::Plan plan;
  const onednn::Tensor src = plan.Input(DwConv2d::kSrc, convolution.src, convolution.primitive.src_desc());
  const onednn::Tensor dst = plan.Output(DwConv2d::kDst, convolution.dst, convolution.primitive.dst_desc());
  Add(plan, convolution, DwConv2d::kWei, DwConv2d::kBia, src, dst);
  return std::move(plan).Finish(context.threads, Count(problem, context.dtype).flops);
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "onednn",
    .summary = "oneDNN's depthwise convolution, layouts of its choice, activation fused",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
