#include "harness/run/exact.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "kernels/api/distance.h"

namespace roofgap {
namespace {

constexpr int64_t kRows = 512;

// All columns (the last dimension) of at most kRows rows, ascending.
std::vector<int64_t> OutputsOfRows(const std::vector<int64_t>& dims) {
  const int64_t columns = dims.back();
  const int64_t rows = std::accumulate(dims.begin(), dims.end() - 1, int64_t{1}, std::multiplies<>());
  const int64_t taken = std::min(rows, kRows);
  std::vector<int64_t> outputs;
  for (int64_t i = 0; i < taken; ++i) {
    const int64_t row = i * rows / taken;
    for (int64_t column = 0; column < columns; ++column) outputs.push_back(row * columns + column);
  }
  return outputs;
}

}  // namespace

ExactAnswer::ExactAnswer(const Problem& problem, DType dtype, const OperandSets& operands) : dtype_(dtype) {
  if (!ExactProblem(problem)) return;
  outputs_ = OutputsOfRows(operands.output_dims());
  expected_ = ExactReference(problem, dtype, operands.args(0), outputs_);
}

std::optional<double> ExactAnswer::DistanceOf(const OperandSets& operands) const {
  if (outputs_.empty()) return std::nullopt;
  return RelativeDistance(operands.output(0), dtype_, outputs_, expected_);
}

}  // namespace roofgap
