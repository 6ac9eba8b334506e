#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/conv2d/conv2d.h"

// The fastest of the hand-written convolutions for the shape, found by trial in prepare. `im2col` is none of them: it
// does what `direct` does, and copies.

namespace roofgap {
namespace {

constexpr std::string_view kChoices[] = {"direct", "winograd_f23", "winograd_f43"};

Support Supports(const Conv2d& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const Conv2d& problem, const Context& context) {
  return PrepareFastestOf(kChoices, problem, context);
}

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "auto",
    .summary = "the fastest of direct, winograd_f23 and winograd_f43 for the shape, by trial",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
