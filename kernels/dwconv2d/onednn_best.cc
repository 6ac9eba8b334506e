#include "kernels/api/registry.h"
#include "kernels/dwconv2d/onednn.h"
#include "kernels/onednn/alone.h"

// The fastest that oneDNN offers for a depthwise convolution, whatever it prefers itself: every implementation in every
// layout is tried in prepare. executed_flops as for `onednn`.

namespace roofgap {
namespace {

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "onednn_best",
    .summary = "the fastest of oneDNN's depthwise convolutions, over implementations and layouts, by trial",
    .isa_control = IsaControl::kProcess,
    .supports = onednn::SupportsAlone<DwConv2d>,
    .prepare = onednn::PrepareBest<DwConv2d>,
});

}  // namespace
}  // namespace roofgap
