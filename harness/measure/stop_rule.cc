#include "harness/measure/stop_rule.h"

#include <limits>

namespace roofgap {

double RelativeHalfWidth(const Statistics& statistics) {
  if (!statistics.ci_low || !statistics.ci_high || statistics.median <= 0) {
    return std::numeric_limits<double>::infinity();
  }
  return (*statistics.ci_high - *statistics.ci_low) / 2 / statistics.median;
}

StopRule::Verdict StopRule::Look(const Statistics& statistics, int64_t blocks, double spent_s) {
  const double width = RelativeHalfWidth(statistics);
  const bool met = target_ > 0 && width <= target_;
  const bool twice = met && met_before_;
  met_before_ = met;
  if (twice && blocks >= kBlocks) return Verdict::kMet;
  if (statistics.n < kLeastSamples) return Verdict::kGoOn;
  if (spent_s >= budget_s_ * (statistics.ci_low ? 1.0 : 1.5)) return Verdict::kBudget;
  if (target_ <= 0) return Verdict::kGoOn;
  const double shrink = width / target_;  // the time to the target grows with its square
  if (statistics.n >= kTellingSamples && spent_s >= budget_s_ / 2 && spent_s * shrink * shrink > 10 * budget_s_) {
    return Verdict::kHopeless;
  }
  return Verdict::kGoOn;
}

}  // namespace roofgap
