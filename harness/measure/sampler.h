#ifndef ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
#define ROOFGAP_HARNESS_MEASURE_SAMPLER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/measure/measure.h"
#include "harness/measure/stop_rule.h"

namespace roofgap {

// Takes the samples of one contender, block by block, and keeps those that no guard objects to.
class Sampler {
 public:
  // `cpus`: where teams are pinned. Both references must outlive the sampler.
  Sampler(const Contender& contender, const MeasureOptions& options, const std::vector<int>& cpus);

  // Calls until warm, and finds the batch size. `stop` is asked between calls that are long.
  void WarmUpCalls(const std::function<bool()>& stop);
  // One turn: team pinned, canary, a first call whose time is dropped, samples, canary again.
  void Block(const std::function<bool()>& stop);

  bool done() const { return verdict_ != StopRule::Verdict::kGoOn; }
  double spent_s() const { return static_cast<double>(spent_ns_) * 1e-9; }

  Measurement Result(bool interrupted) const;

 private:
  double Sample();
  void ChooseBatch(double call_ns);
  // Samples until the block is full; those that were preempted go aside.
  std::vector<double> Samples(const std::function<bool()>& stop);
  // The kept samples; while they are fewer than three, the disturbed ones with them.
  std::vector<double> Counted() const;
  // Share of the samples that went aside.
  double Discarded() const;
  std::string WhyUnstable(const Measurement& result) const;

  const Contender& contender_;
  const MeasureOptions& options_;
  const std::vector<int>& cpus_;
  StopRule rule_;
  StopRule::Verdict verdict_ = StopRule::Verdict::kGoOn;
  int64_t batch_ = 1;
  int set_ = 0;
  double call_ns_ = 0;  // about, from the warm-up
  int64_t spent_ns_ = 0;
  bool settled_ = false;
  bool pinned_ = true;
  std::vector<double> kept_, block_medians_, clocks_;
  std::vector<double> aside_;  // disturbed samples
  int64_t blocks_ = 0, blocks_off_ = 0, blocks_stolen_ = 0, samples_preempted_ = 0;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
