#include "kernels/dwsep/onednn.h"

#include "kernels/api/registry.h"

// In the layouts that the library prefers.

namespace roofgap {
namespace {

Support Supports(const DwSep& problem, const Context& context) {
  return onednn::Supported(problem, context,
                           [](const DwSep& p) { return onednn::dwsep::Describe(p, onednn::kLayouts[0]); });
}

Invocation Prepare(const DwSep& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::dwsep::PrepareFastest(problem, context, std::span(onednn::kLayouts).first(1));
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
