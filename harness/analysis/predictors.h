#ifndef ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_
#define ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/analysis/gap.h"

// How well a number that is known before running predicts the latency.

namespace roofgap {

// Kendall's rank correlation tau-b: (C - D) / sqrt((n0 - n1)(n0 - n2)), C and D the concordant and discordant pairs,
// n0 all pairs, n1 and n2 those tied in x and in y. By sorting, in O(n log n)
//   (Knight, "A Computer Method for Calculating Kendall's Tau with Ungrouped Data", JASA 61, 1966).
struct Kendall {
  Number tau;  // empty when x or y is constant
  int64_t concordant = 0;
  int64_t discordant = 0;
};

// x and y are of one length and hold no NaN.
Kendall KendallTau(std::span<const double> x, std::span<const double> y);

// A prediction against the measured medians.
struct Predictor {
  int64_t rows = 0;
  Number tau;
  int64_t wrong_pairs = 0;    // ordered the other way round than they measured
  int64_t ordered_pairs = 0;  // tied in neither
  Number median_error;        // median over the rows of |predicted - measured| / measured; the upper of two middle ones
  Number scale;               // the constant factor that makes median_error least
  Number scaled_error;        // and what it is then
};

struct Predictors {
  Predictor flops;       // t_flops_ns
  Predictor attainable;  // t_attainable_ns
};

// Over the rows that have a median and both predictions.
Predictors JudgePredictors(std::span<const Gap> gaps);

// Of each problem, dtype, isa, thread count and cache state the row with the least median, in file order.
std::vector<Gap> FastestRows(std::span<const Gap> gaps);

// The pair whose order FLOPs get most wrong: under equal dtype, isa, threads and cache state, `fewer` has the fewer
// FLOPs and yet takes longer, by the largest factor. Null when there is none. Points into `gaps`.
struct Misorder {
  const Gap* fewer = nullptr;
  const Gap* more = nullptr;
};
Misorder WorstMisorder(std::span<const Gap> gaps);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_
