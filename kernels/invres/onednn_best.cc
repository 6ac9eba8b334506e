#include "kernels/api/registry.h"
#include "kernels/invres/onednn.h"

// In the layouts which turn out to be the fastest, whatever the library prefers.

namespace roofgap {
namespace {

Support Supports(const InvRes& problem, const Context& context) {
  return onednn::Supported(problem, context,
                           [](const InvRes& p) { return onednn::invres::Describe(p, onednn::kLayouts[0]); });
}

Invocation Prepare(const InvRes& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::invres::PrepareFastest(problem, context, onednn::kLayouts);
}

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "onednn_best",
    .summary = "the fastest of oneDNN's chains, over layouts of the intermediates, by trial",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
