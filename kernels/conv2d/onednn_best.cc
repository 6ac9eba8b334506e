#include "kernels/api/registry.h"
#include "kernels/conv2d/onednn.h"
#include "kernels/onednn/session.h"

// The fastest that oneDNN offers for a direct convolution, whatever it prefers itself: every implementation in every
// layout is tried in prepare. executed_flops as for `onednn`.

namespace roofgap {
namespace {

Support Supports(const Conv2d& problem, const Context& context) {
  return onednn::Supported(problem, context, [](const Conv2d& p) { return onednn::Describe(OneDnnShape(p)); });
}

Invocation Prepare(const Conv2d& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const double flops = Count(problem, context.dtype).flops;
  return onednn::PrepareFastest(problem, context, onednn::DescribeAll(OneDnnShape(problem)),
                                [&](const onednn::Convolution& one) { return PrepareAlone(one, context, flops); });
}

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "onednn_best",
    .summary = "the fastest of oneDNN's direct convolutions, over implementations and layouts, by trial",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
