#include "kernels/api/compare.h"

#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <utility>

namespace roofgap {
namespace {

double Load(const std::byte* dst, DType dtype, int64_t index) {
  if (dtype == DType::kF64) {
    double value;
    std::memcpy(&value, dst + index * 8, 8);
    return value;
  }
  float value;  // f32, and the f32 results of narrower inputs
  std::memcpy(&value, dst + index * 4, 4);
  return value;
}

}  // namespace

std::vector<Expected> Widened(std::vector<Expected> expected, std::span<const double> extra) {
  assert(extra.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) expected[i].bound += extra[i];
  return expected;
}

Comparison Compare(const std::byte* dst, DType dtype, std::span<const int64_t> indices,
                   std::span<const Expected> expected) {
  Comparison worst;
  std::pair<int, double> worst_rank = {-1, 0};
  for (size_t i = 0; i < indices.size(); ++i) {
    double error = std::abs(Load(dst, dtype, indices[i]) - expected[i].value);
    if (!std::isfinite(error)) error = std::numeric_limits<double>::infinity();
    const Comparison element = {.error = error, .bound = expected[i].bound, .index = indices[i]};
    const bool judged = element.verifiable();
    const int severity = element.ok() ? 0 : judged ? 2 : 1;
    const double part = error == 0 || !judged ? 0 : error / element.bound;  // a bound of 0 allows no error at all
    const std::pair<int, double> rank = {severity, part};
    if (rank > worst_rank) {
      worst_rank = rank;
      worst = element;
    }
  }
  return worst;
}

std::vector<int64_t> OutputsToCheck(std::span<const int64_t> dims, int64_t limit, uint64_t seed) {
  const int64_t count = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
  std::vector<int64_t> indices;
  if (count <= limit) {
    indices.resize(static_cast<size_t>(count));
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
  }
  std::set<int64_t> chosen;
  for (size_t corner = 0; corner < size_t{1} << dims.size(); ++corner) {
    int64_t index = 0;
    for (size_t k = 0; k < dims.size(); ++k) index = index * dims[k] + (corner >> k & 1 ? dims[k] - 1 : 0);
    chosen.insert(index);
  }
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  for (bool edge = true; static_cast<int64_t>(chosen.size()) < limit; edge = !edge) {
    const size_t pinned = edge ? static_cast<size_t>(below(static_cast<int64_t>(dims.size()))) : dims.size();
    int64_t index = 0;
    for (size_t k = 0; k < dims.size(); ++k) {
      const int64_t at = k == pinned ? below(2) * (dims[k] - 1) : below(dims[k]);
      index = index * dims[k] + at;
    }
    chosen.insert(index);
  }
  indices.assign(chosen.begin(), chosen.end());
  return indices;
}

}  // namespace roofgap
