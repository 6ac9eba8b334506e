#ifndef ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
#define ROOFGAP_HARNESS_MEASURE_SAMPLER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/measure/canary.h"
#include "harness/measure/measure.h"
#include "harness/measure/stop_rule.h"
#include "harness/measure/turns.h"

namespace roofgap {

// Takes the samples of one contender, block by block, and keeps those that no guard objects to.
class Sampler {
 public:
  // `cpus`: where teams are pinned. The references must outlive the sampler.
  Sampler(const Contender& contender, const MeasureOptions& options, const std::vector<int>& cpus);

  // Calls until warm, and finds the batch size. `stop` is asked between calls that are long.
  void WarmUpCalls(const std::function<bool()>& stop);
  // One turn: team pinned, canary, a first call whose time is dropped, samples, canary again.
  void Turn(int64_t round, const std::function<bool()>& stop);

  bool done() const { return verdict_ != StopRule::Verdict::kGoOn; }
  double spent_s() const { return static_cast<double>(spent_ns_) * 1e-9; }

  Measurement Result(bool interrupted) const;

 private:
  double Sample();
  void ChooseBatch(double call_ns);
  // Samples until the block is full; those that were preempted go aside.
  std::vector<double> Samples(const std::function<bool()>& stop);
  // Whether the end is reached, by the rule; not at every turn, see kLookEvery.
  void Look();
  std::string WhyUnstable(const Measurement& result, const Turns::Verdict& verdict) const;

  const Contender& contender_;
  const MeasureOptions& options_;
  const std::vector<int>& cpus_;
  const Canary canary_;
  Turns turns_;
  StopRule rule_;
  StopRule::Verdict verdict_ = StopRule::Verdict::kGoOn;
  int64_t batch_ = 1;
  int set_ = 0;
  double call_ns_ = 0;  // about, from the warm-up
  int64_t spent_ns_ = 0;
  bool settled_ = false;
  bool pinned_ = true;
  int64_t next_look_ = 1;
  std::vector<double> clocks_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
