#include "harness/measure/turns.h"

#include <algorithm>

namespace roofgap {

Turns::Verdict Turns::Judge() const {
  Verdict verdict;
  std::vector<double> aside = preempted_, medians, canaries;
  const auto append = [](std::vector<double>& to, const std::vector<double>& samples) {
    to.insert(to.end(), samples.begin(), samples.end());
  };
  std::vector<double> all_canaries;
  for (const TakenTurn& turn : turns_) all_canaries.push_back(turn.canary_ns);
  const double usual_ns = Summarise(all_canaries).median;
  for (const TakenTurn& turn : turns_) {
    const bool off = turn.canary_ns > usual_ns * (1 + canary_tolerance_);
    verdict.off += off;
    verdict.stolen += turn.stolen;
    if (off || turn.stolen) {
      append(aside, turn.samples_ns);
    } else if (!turn.samples_ns.empty()) {
      append(verdict.samples_ns, turn.samples_ns);
      medians.push_back(Summarise(turn.samples_ns).median);
      canaries.push_back(turn.canary_ns);
      verdict.turns.push_back({turn.round, medians.back()});
    }
  }
  const size_t kept = verdict.samples_ns.size();
  if (!aside.empty()) verdict.discarded = static_cast<double>(aside.size()) / static_cast<double>(kept + aside.size());
  verdict.disturbed_counted = kept < kFewest && !aside.empty();
  if (verdict.disturbed_counted) append(verdict.samples_ns, aside);
  verdict.statistics = Summarise(verdict.samples_ns, medians);
  if (verdict.disturbed_counted) verdict.statistics.ci_low = verdict.statistics.ci_high = std::nullopt;
  verdict.canary_ns = Summarise(canaries).median;
  return verdict;
}

}  // namespace roofgap
