#ifndef ROOFGAP_HARNESS_MEASURE_PAIRS_H_
#define ROOFGAP_HARNESS_MEASURE_PAIRS_H_

#include <cstdint>
#include <optional>
#include <span>

#include "harness/measure/measure.h"

namespace roofgap {

// How two contenders of one group compare: the ratio b / a of the medians of their turns, round by round. Turns of one
// round are neighbours in time and their order is drawn by lot, so that drift of the machine cancels, and for equal
// contenders each ratio is as likely above 1 as below.
struct PairRatio {
  int64_t rounds = 0;  // in which both have an undisturbed turn
  double median = 0;
  std::optional<double> low, high;  // 95 % order-statistic interval of the median ratio, from six rounds on
  double expected = 0;              // how often equal contenders differ after so many rounds, at most 5 %

  bool comparable() const { return low.has_value(); }
  // The interval leaves 1 out: a sign test at the level of 5 % at most.
  bool differs() const { return low && high && (*low > 1 || *high < 1); }
};

// Both in the order of rounds.
PairRatio CompareTurns(std::span<const TurnSummary> a, std::span<const TurnSummary> b);

// The 95 % interval of a probability of which `hits` of `n` trials were seen (Wilson, JASA 22, 1927). Needs n > 0.
struct ShareInterval {
  double low = 0, high = 1;
};
ShareInterval BinomialInterval(int64_t hits, int64_t n);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_PAIRS_H_
