#include "kernels/dwconv2d/onednn.h"

#include "kernels/api/registry.h"
#include "kernels/onednn/session.h"

// Depthwise convolution by oneDNN: a direct convolution with as many groups as channels, in the layouts that the
// library prefers. executed_flops is Count().flops, what a direct algorithm cannot do without; some of the library's
// kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

onednn::Convolution Describe(const DwConv2d& p) { return onednn::Describe(OneDnnShape(p)); }

Support Supports(const DwConv2d& problem, const Context& context) {
  return onednn::Supported(problem, context, Describe);
}

Invocation Prepare(const DwConv2d& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::PrepareAlone(Describe(problem), context, Count(problem, context.dtype).flops);
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
