#include "harness/run/verify.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace roofgap {
namespace {

constexpr double kCheckAllFlops = 2e9;                  // about 2 s of the reference on one core
constexpr int64_t kCheckAllOutputs = int64_t{1} << 22;  // 24 bytes each: 100 MB
constexpr int64_t kSample = 4096;

}  // namespace

Verifier::Verifier(const Problem& problem, DType dtype, const OperandSets& operands, uint64_t seed) : dtype_(dtype) {
  const auto& dims = operands.output_dims();
  const int64_t outputs = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
  const bool all = Count(problem, dtype).flops <= kCheckAllFlops && outputs <= kCheckAllOutputs;
  outputs_ = OutputsToCheck(dims, all ? std::numeric_limits<int64_t>::max() : kSample, seed);
  scope_ = all ? "all" : "sample:" + std::to_string(outputs_.size());
  expected_ = Reference(problem, dtype, operands.args(0), outputs_);
}

Comparison Verifier::Check(const OperandSets& operands, const Invocation& invocation) const {
  if (!invocation.extra_error) return Compare(operands.output(0), dtype_, outputs_, expected_);
  const std::vector<Expected> expected = Widened(expected_, invocation.extra_error(operands.args(0), outputs_));
  return Compare(operands.output(0), dtype_, outputs_, expected);
}

double Verifier::root_mean_square() const {
  double squares = 0;
  for (const Expected& one : expected_) squares += one.value * one.value;
  return std::sqrt(squares / static_cast<double>(expected_.size()));
}

}  // namespace roofgap
