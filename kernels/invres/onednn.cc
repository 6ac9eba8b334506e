#include "kernels/invres/onednn.h"

#include "kernels/api/registry.h"

// In the layouts that the library prefers.

namespace roofgap {
namespace {

Support Supports(const InvRes& problem, const Context& context) {
  return onednn::Supported(problem, context,
                           [](const InvRes& p) { return onednn::invres::Describe(p, onednn::kLayouts[0]); });
}

Invocation Prepare(const InvRes& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::invres::PrepareFastest(problem, context, std::span(onednn::kLayouts).first(1));
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
