#include "kernels/dwconv2d/onednn.h"

#include "kernels/api/registry.h"
#include "kernels/onednn/alone.h"

// Depthwise convolution by oneDNN: a direct convolution with as many groups as channels, in the layouts that the
// library prefers. executed_flops is Count().flops, what a direct algorithm cannot do without; some of the library's
// kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "onednn",
    .summary = "oneDNN's depthwise convolution, layouts of its choice, activation fused",
    .isa_control = IsaControl::kProcess,
    .supports = onednn::SupportsAlone<DwConv2d>,
    .prepare = onednn::PreparePreferred<DwConv2d>,
});

}  // namespace
}  // namespace roofgap
