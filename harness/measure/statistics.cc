#include "harness/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace roofgap {
namespace {

// Below this many the binomial tail is summed; above, the normal approximation gives the same rank to within one.
constexpr int64_t kExactRanks = 1000;

bool Holds(int64_t n, double q) { return static_cast<double>(n) >= std::log(0.025) / std::log(std::max(q, 1 - q)); }

// Linear interpolation between order statistics; p0 is the least, p1 the greatest.
double SortedQuantile(std::span<const double> sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 == sorted.size()) return sorted[below];
  return std::lerp(sorted[below], sorted[below + 1], place - static_cast<double>(below));
}

struct Rank {
  int64_t rank = 0;
  double tail = 0;  // P(Binomial(n, 1/2) < rank)
};

Rank ExactRank(int64_t n) {
  Rank result;
  double probability = std::ldexp(1.0, static_cast<int>(-n));  // of exactly `rank` sample values below the median
  while (result.tail + probability <= 0.025) {
    result.tail += probability;
    probability *= static_cast<double>(n - result.rank) / static_cast<double>(result.rank + 1);
    ++result.rank;
  }
  return result;
}

}  // namespace

int64_t MedianIntervalRank(int64_t n) {
  if (n <= kExactRanks) return ExactRank(n).rank;
  const auto size = static_cast<double>(n);
  return static_cast<int64_t>(size / 2 - 0.98 * std::sqrt(size));
}

double MedianIntervalMiss(int64_t n) { return n <= kExactRanks ? 2 * ExactRank(n).tail : 0.05; }

Statistics Summarise(std::span<const double> sample, std::span<const double> block_medians) {
  Statistics result;
  result.n = static_cast<int64_t>(sample.size());
  if (sample.empty()) return result;
  std::vector<double> sorted(sample.begin(), sample.end());
  std::sort(sorted.begin(), sorted.end());
  result.min = sorted.front();
  result.median = SortedQuantile(sorted, 0.5);
  if (Holds(result.n, 0.95)) {
    result.p05 = SortedQuantile(sorted, 0.05);
    result.p95 = SortedQuantile(sorted, 0.95);
  }
  if (Holds(result.n, 0.99)) result.p99 = SortedQuantile(sorted, 0.99);
  if (const int64_t rank = MedianIntervalRank(result.n); rank > 0) {
    result.ci_low = sorted[static_cast<size_t>(rank - 1)];
    result.ci_high = sorted[static_cast<size_t>(result.n - rank)];
  }
  if (result.ci_low && !block_medians.empty()) {
    std::vector<double> medians(block_medians.begin(), block_medians.end());
    std::sort(medians.begin(), medians.end());
    const int64_t rank = std::max<int64_t>(1, MedianIntervalRank(std::ssize(medians)));
    result.ci_low = std::min(*result.ci_low, medians[static_cast<size_t>(rank - 1)]);
    result.ci_high = std::max(*result.ci_high, medians[medians.size() - static_cast<size_t>(rank)]);
  }
  return result;
}

}  // namespace roofgap
