#include "kernels/api/registry.h"
#include "kernels/dwsep/onednn.h"

// In the layouts which turn out to be the fastest, whatever the library prefers.

namespace roofgap {
namespace {

Support Supports(const DwSep& problem, const Context& context) {
  return onednn::Supported(problem, context,
                           [](const DwSep& p) { return onednn::dwsep::Describe(p, onednn::kLayouts[0]); });
}

Invocation Prepare(const DwSep& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::dwsep::PrepareFastest(problem, context, onednn::kLayouts);
}

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "onednn_best",
    .summary = "the fastest of oneDNN's chains, over layouts of what is between the two halves, by trial",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
