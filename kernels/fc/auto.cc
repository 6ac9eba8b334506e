#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/fc/fc.h"

// The faster of the hand-written layers for the shape, found by trial in prepare.

namespace roofgap {
namespace {

constexpr std::string_view kChoices[] = {"gemm", "gemv"};

Support Supports(const Fc& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const Fc& problem, const Context& context) { return PrepareFastestOf(kChoices, problem, context); }

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "auto",
    .summary = "the faster of gemv and gemm for the shape, by trial",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
