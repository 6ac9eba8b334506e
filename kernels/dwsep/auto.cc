#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/dwsep/dwsep.h"

// The faster of the hand-written kernels for the shape, found by trial in prepare.

namespace roofgap {
namespace {

constexpr std::string_view kChoices[] = {"fused", "two_pass"};

Support Supports(const DwSep& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const DwSep& problem, const Context& context) {
  return PrepareFastestOf(kChoices, problem, context);
}

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "auto",
    .summary = "the faster of fused and two_pass for the shape, by trial",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
