#include <algorithm>
#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/api/trial.h"
#include "kernels/fc/fc.h"
#include "kernels/fc/threads.h"
#include "kernels/simd/gemm.h"

// The faster of the hand-written layers for the shape, by a rule: where registers hold several sums for each input of
// the batch, gemv was faster or as fast at every shape of configs/suites/fc.json and never slower beyond noise, so a
// trial could only be wrong.

namespace roofgap {
namespace {

constexpr std::string_view kGemv = "gemv";
constexpr std::string_view kGemm = "gemm";
constexpr std::string_view kChoices[] = {kGemm, kGemv};

Support Supports(const Fc& problem, const Context& context) { return SupportsAnyOf(kChoices, problem, context); }

Invocation Prepare(const Fc& problem, const Context& context) {
  const bool in_one_pass = problem.mb <= std::min<int64_t>(kMaxGemvBatch, ChosenGemmShape().mr);
  return PrepareFastestOf({in_one_pass ? &kGemv : &kGemm, 1}, problem, context);
}

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "auto",
    .summary = "gemv for batches up to 8 (6 on 16 registers), gemm for larger ones",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
