#include "kernels/conv2d/onednn.h"

#include "kernels/api/registry.h"
#include "kernels/onednn/alone.h"

// Direct convolution by oneDNN, in the layouts that it prefers. executed_flops is Count().flops, what a direct
// algorithm cannot do without; some of the library's kernels also multiply by the zeros of the padding.

namespace roofgap {
namespace {

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "onednn",
    .summary = "oneDNN's direct convolution, layouts of its choice, activation fused",
    .isa_control = IsaControl::kProcess,
    .supports = onednn::SupportsAlone<Conv2d>,
    .prepare = onednn::PreparePreferred<Conv2d>,
});

}  // namespace
}  // namespace roofgap
