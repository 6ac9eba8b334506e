#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/dwconv2d/dwconv2d.h"

// The fastest of the hand-written kernels for the shape, found by trial in prepare.

namespace roofgap {
namespace {

constexpr std::string_view kChoices[] = {"resident", "resident_nhwc", "direct"};

Support Supports(const DwConv2d& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const DwConv2d& problem, const Context& context) {
  return PrepareFastestOf(kChoices, problem, context);
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "auto",
    .summary = "the fastest of resident, resident_nhwc and direct for the shape, by trial; reorders do not count",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
