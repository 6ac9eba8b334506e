#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/invres/invres.h"

// The faster of the hand-written blocks for the shape, found by trial in prepare.

namespace roofgap {
namespace {

constexpr std::string_view kChoices[] = {"fused", "layered"};

Support Supports(const InvRes& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const InvRes& problem, const Context& context) {
  return PrepareFastestOf(kChoices, problem, context);
}

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "auto",
    .summary = "the faster of fused and layered for the shape, by trial",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
