#ifndef ROOFGAP_HARNESS_MEASURE_STOP_RULE_H_
#define ROOFGAP_HARNESS_MEASURE_STOP_RULE_H_

#include <cstdint>

#include "harness/measure/statistics.h"

namespace roofgap {

// Half the width of the interval of the median, relative to the median; infinite when there is no interval.
double RelativeHalfWidth(const Statistics& statistics);

// Decides after each block whether to measure on. Looks at numbers alone, never at a clock.
class StopRule {
 public:
  enum class Verdict {
    kGoOn,
    kMet,       // the interval is within the target
    kBudget,    // the time is used up
    kHopeless,  // half of the time is, and at the rate at which intervals shrink, ten budgets would not do
  };

  StopRule(double target, double budget_s) : target_(target), budget_s_(budget_s) {}

  // The target counts as met when it is at two successive looks, from kBlocks blocks on: stopping at the first narrow
  // interval would prefer those that are narrow by luck, and lose 2 to 3 points of their 95 % (simulated in
  // tests/harness/measure_stop_rule_test.cc). A contender gets kLeastSamples whatever they cost, and half of its
  // budget more to reach the six that an interval needs. A target of 0 is none: the whole budget is used.
  Verdict Look(const Statistics& statistics, int64_t blocks, double spent_s);

  static constexpr int64_t kBlocks = 6;
  static constexpr int64_t kLeastSamples = 3;
  static constexpr int64_t kTellingSamples = 30;  // below, the width of an interval tells little of the next one's

 private:
  double target_, budget_s_;
  bool met_before_ = false;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_STOP_RULE_H_
