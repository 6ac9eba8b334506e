#include "harness/measure/sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "harness/measure/clock.h"
#include "harness/measure/guards.h"
#include "harness/measure/pinning.h"
#include "harness/measure/warm_up.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

// Preemption is asked for so often: asking takes 1 us, and what is dropped for one should be little.
constexpr double kPreemptionCheckNs = 200e3;
// From here on a call is long enough to ask in between whether to stop.
constexpr double kLongCallNs = 100e6;
// From here on refilling the caches (32 MiB at 10 GB/s are 3 ms) is under 1 % of a call, and no first call is dropped.
constexpr double kSelfWarmingNs = 1e9;
// More than this discarded, and what remains is a choice, not a sample.
constexpr double kMostDiscarded = 0.20;
// The samples are sorted at every look: 8 ms for those of 300 turns of 50 us calls, as much as a turn. From ten turns
// on a look is taken whenever a tenth more have been.
constexpr int64_t kLookEvery = 10;

}  // namespace

Sampler::Sampler(const Contender& contender, const MeasureOptions& options, const std::vector<int>& cpus)
    : contender_(contender),
      options_(options),
      cpus_(cpus),
      canary_(contender.memory_bound ? Canary::kLoad : Canary::kFma),
      turns_(CanaryTolerance(canary_)),
      rule_(options.target, options.budget_s) {}

double Sampler::Sample() {
  const int64_t start = NowNs();
  for (int64_t i = 0; i < batch_; ++i) {
    contender_.call(set_);
    set_ = set_ + 1 == contender_.sets ? 0 : set_ + 1;
  }
  return static_cast<double>(NowNs() - start);
}

void Sampler::ChooseBatch(double call_ns) {
  call_ns_ = call_ns;
  const bool alone = call_ns >= options_.batch_below_s * 1e9;
  batch_ = alone ? 1 : static_cast<int64_t>(std::ceil(options_.batch_s * 1e9 / std::max(call_ns, 0.1)));
}

void Sampler::WarmUpCalls(const std::function<bool()>& stop) {
  const int64_t start = NowNs();
  pinned_ = PinTeam(contender_.threads, cpus_);
  // A small budget is shared: a fifth for the floor, two fifths for the cap.
  const double budget_ns = options_.budget_s * 1e9;
  WarmUp warm_up(std::min(options_.warmup_floor_s * 1e9, budget_ns / 5),
                 std::min(options_.warmup_cap_s * 1e9, budget_ns * 2 / 5));
  double ns = Sample();
  bool over = warm_up.Add(ns, ns);
  ChooseBatch(ns);
  while (!over) {
    if (ns >= kLongCallNs && stop()) break;
    ns = Sample();
    const double call_ns = ns / static_cast<double>(batch_);
    over = warm_up.Add(ns, call_ns);
    if (call_ns < call_ns_) ChooseBatch(call_ns);
  }
  if (warm_up.call_ns() > 0) ChooseBatch(warm_up.call_ns());
  settled_ = warm_up.settled();
  spent_ns_ += NowNs() - start;
}

std::vector<double> Sampler::Samples(const std::function<bool()>& stop) {
  std::vector<double> samples;
  const int64_t start = NowNs();
  PreemptionWatch preemption;
  int64_t taken = 0;
  const auto more = [&] {
    return taken < options_.block_calls || static_cast<double>(NowNs() - start) < options_.block_s * 1e9;
  };
  while (more()) {
    const size_t first = samples.size();
    double chunk_ns = 0;
    do {
      const double ns = Sample();
      samples.push_back(ns / static_cast<double>(batch_));
      chunk_ns += ns;
      ++taken;
    } while (chunk_ns < kPreemptionCheckNs && more());
    // A sample that lost time lasted longer for it: the loss is held against what it should have taken.
    const double expected_ns = call_ns_ * static_cast<double>(batch_) * static_cast<double>(samples.size() - first);
    if (Matters(preemption.LostNs(), std::min(chunk_ns, expected_ns))) {
      std::for_each(samples.begin() + static_cast<std::ptrdiff_t>(first), samples.end(),
                    [this](double sample_ns) { turns_.PutAside(sample_ns); });
      samples.resize(first);
    }
    if (chunk_ns >= kLongCallNs && stop()) break;
  }
  return samples;
}

void Sampler::Turn(int64_t round, const std::function<bool()>& stop) {
  const int64_t start = NowNs();
  const std::vector<int> used(cpus_.begin(),
                              cpus_.begin() + std::min<std::ptrdiff_t>(contender_.threads, std::ssize(cpus_)));
  pinned_ = PinTeam(contender_.threads, cpus_) && pinned_;
  const int64_t stolen = StolenNs(used);
  TakenTurn turn{.round = round, .canary_ns = RunCanary(canary_, contender_.threads)};
  clocks_.push_back(CoreClockGhz());

  if (call_ns_ < kSelfWarmingNs) Sample();
  turn.samples_ns = Samples(stop);

  turn.canary_ns = std::max(turn.canary_ns, RunCanary(canary_, contender_.threads));
  const int64_t turn_ns = NowNs() - start;
  turn.stolen = Matters(static_cast<double>(StolenNs(used) - stolen),
                        static_cast<double>(turn_ns) * static_cast<double>(used.size()));
  turns_.Add(std::move(turn));
  spent_ns_ += NowNs() - start;
  Look();
}

void Sampler::Look() {
  if (turns_.taken() < next_look_ && spent_s() < options_.budget_s) return;
  next_look_ = turns_.taken() + std::max<int64_t>(1, turns_.taken() / kLookEvery);
  const Turns::Verdict now = turns_.Judge();
  verdict_ = rule_.Look(now.statistics, std::ssize(now.turns), spent_s());
  // With too much put aside the row would be unstable: what comes makes up for it, while the budget lasts.
  const bool met = verdict_ == StopRule::Verdict::kMet;
  if (met && now.discarded > kMostDiscarded && spent_s() < options_.budget_s) verdict_ = StopRule::Verdict::kGoOn;
}

Measurement Sampler::Result(bool interrupted) const {
  Turns::Verdict verdict = turns_.Judge();
  Measurement result;
  result.batch = batch_;
  result.interrupted = interrupted;
  result.pinned = pinned_;
  result.discarded = verdict.discarded;
  result.statistics = verdict.statistics;
  result.canary_ns = verdict.canary_ns;
  result.canary_bytes = CanaryBytes(canary_, contender_.threads);
  result.clock_ghz = Summarise(clocks_).median;
  result.note = WhyUnstable(result, verdict);
  result.stable = result.note.empty();
  result.samples_ns = std::move(verdict.samples_ns);
  result.turns = std::move(verdict.turns);
  return result;
}

std::string Sampler::WhyUnstable(const Measurement& result, const Turns::Verdict& verdict) const {
  std::string why;
  const auto add = [&why](const std::string& reason) { why += (why.empty() ? "" : "; ") + reason; };
  if (result.interrupted) add("interrupted");
  if (result.discarded > kMostDiscarded) {
    add(
        Format("%.0f %% of samples disturbed: canary off in %lld of %lld turns, time stolen in %lld, %lld samples "
               "preempted",
               100 * result.discarded, static_cast<long long>(verdict.off), static_cast<long long>(turns_.taken()),
               static_cast<long long>(verdict.stolen), static_cast<long long>(turns_.preempted())));
  }
  if (verdict.disturbed_counted) add("disturbed samples are counted, for want of others");
  const double width = RelativeHalfWidth(result.statistics);
  if (result.statistics.n < 6) {
    add(Format("%lld samples in %.2g s: an interval needs 6", static_cast<long long>(result.statistics.n), spent_s()));
  } else if (result.statistics.ci_low && width > options_.target) {
    add(Format("the median is known to +-%.1f %% after %.2g s, the target is %.1f %%", 100 * width, spent_s(),
               100 * options_.target));
    if (!settled_) add("the warm-up did not settle");
  }
  return why;
}

}  // namespace roofgap
