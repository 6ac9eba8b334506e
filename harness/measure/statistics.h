#ifndef ROOFGAP_HARNESS_MEASURE_STATISTICS_H_
#define ROOFGAP_HARNESS_MEASURE_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <span>

namespace roofgap {

// Summary of a sample, all in the sample's unit. A quantile is given only when the sample is long enough to hold it:
// n >= ln(0.025) / ln(q) (72 for p95, 368 for p99, 72 for p05 by symmetry); the interval from n = 6 on.
struct Statistics {
  int64_t n = 0;
  double min = 0;
  double median = 0;
  std::optional<double> p05, p95, p99;
  std::optional<double> ci_low, ci_high;  // 95 % order-statistic interval of the median
};

// The interval of the median of n values is from the k-th smallest to the k-th greatest, for the greatest k at which it
// still covers the true median in 95 % of samples, whatever the distribution: P(Binomial(n, 1/2) < k) <= 2.5 %.
// 0 when there is none (n < 6).
int64_t MedianIntervalRank(int64_t n);

// How often that interval misses the median of a continuous distribution: 2 P(Binomial(n, 1/2) < k), at most 5 %, less
// for small n, because ranks are whole. 0 when there is no interval.
double MedianIntervalMiss(int64_t n);

// Samples of one block resemble each other more than those of another, so that the interval of all of them together
// is too narrow. It is widened to hold the interval of the block medians as well; of fewer than six, all of them.
Statistics Summarise(std::span<const double> sample, std::span<const double> block_medians = {});

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_STATISTICS_H_
