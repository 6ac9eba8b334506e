#include "harness/measure/pairs.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/measure/statistics.h"

namespace roofgap {

PairRatio CompareTurns(std::span<const TurnSummary> a, std::span<const TurnSummary> b) {
  std::vector<double> ratios;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i].round == b[k].round) {
      ratios.push_back(b[k++].median_ns / a[i++].median_ns);
    } else {
      a[i].round < b[k].round ? ++i : ++k;
    }
  }
  const Statistics statistics = Summarise(ratios);
  return {statistics.n, statistics.median, statistics.ci_low, statistics.ci_high, MedianIntervalMiss(statistics.n)};
}

ShareInterval BinomialInterval(int64_t hits, int64_t n) {
  constexpr double kZ = 1.959964;
  const auto trials = static_cast<double>(n);
  const double share = static_cast<double>(hits) / trials;
  const double centre = share + kZ * kZ / (2 * trials);
  const double half = kZ * std::sqrt(share * (1 - share) / trials + kZ * kZ / (4 * trials * trials));
  const double scale = 1 + kZ * kZ / trials;
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

}  // namespace roofgap
