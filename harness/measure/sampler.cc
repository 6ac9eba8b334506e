#include "harness/measure/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

#include "harness/measure/canary.h"
#include "harness/measure/clock.h"
#include "harness/measure/guards.h"
#include "harness/measure/pinning.h"
#include "harness/measure/warm_up.h"

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
// With fewer undisturbed samples than this the disturbed ones are counted too.
constexpr size_t kFewest = StopRule::kLeastSamples;

// Kept for the life of the process, so that a group is held to what the machine did for those before it.
CanaryReference& Reference(Canary canary, int threads) {
  static std::map<std::pair<Canary, int>, CanaryReference> references;
  return references.try_emplace({canary, threads}, CanaryTolerance(canary)).first->second;
}

template <class... Values>
std::string Format(const char* format, Values... values) {
  char text[160];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

}  // namespace

Sampler::Sampler(const Contender& contender, const MeasureOptions& options, const std::vector<int>& cpus)
    : contender_(contender), options_(options), cpus_(cpus), rule_(options.target, options.budget_s) {}

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
      samples_preempted_ += static_cast<int64_t>(samples.size() - first);
      aside_.insert(aside_.end(), samples.begin() + static_cast<std::ptrdiff_t>(first), samples.end());
      samples.resize(first);
    }
    if (chunk_ns >= kLongCallNs && stop()) break;
  }
  return samples;
}

void Sampler::Block(const std::function<bool()>& stop) {
  const int64_t start = NowNs();
  const std::vector<int> used(cpus_.begin(),
                              cpus_.begin() + std::min<std::ptrdiff_t>(contender_.threads, std::ssize(cpus_)));
  pinned_ = PinTeam(contender_.threads, cpus_) && pinned_;
  const int64_t stolen = StolenNs(used);
  const Canary canary = contender_.memory_bound ? Canary::kLoad : Canary::kFma;
  CanaryReference& reference = Reference(canary, contender_.threads);
  bool off = reference.Off(RunCanary(canary, contender_.threads));
  clocks_.push_back(CoreClockGhz());

  if (call_ns_ < kSelfWarmingNs) Sample();
  const std::vector<double> samples = Samples(stop);

  off = reference.Off(RunCanary(canary, contender_.threads)) || off;
  const int64_t block_ns = NowNs() - start;
  const bool stole = Matters(static_cast<double>(StolenNs(used) - stolen),
                             static_cast<double>(block_ns) * static_cast<double>(used.size()));
  ++blocks_;
  if (off || stole) {
    blocks_off_ += off;
    blocks_stolen_ += stole;
    aside_.insert(aside_.end(), samples.begin(), samples.end());
  } else if (!samples.empty()) {
    kept_.insert(kept_.end(), samples.begin(), samples.end());
    block_medians_.push_back(Summarise(samples).median);
  }
  spent_ns_ += NowNs() - start;
  Statistics statistics = Summarise(Counted(), block_medians_);
  if (kept_.size() < kFewest) statistics.ci_low = statistics.ci_high = std::nullopt;
  verdict_ = rule_.Look(statistics, std::ssize(block_medians_), spent_s());
  // With too much put aside the row would be unstable: what comes makes up for it, while the budget lasts.
  const bool met = verdict_ == StopRule::Verdict::kMet;
  if (met && Discarded() > kMostDiscarded && spent_s() < options_.budget_s) verdict_ = StopRule::Verdict::kGoOn;
}

double Sampler::Discarded() const {
  const double taken = static_cast<double>(kept_.size() + aside_.size());
  return taken > 0 ? static_cast<double>(aside_.size()) / taken : 0;
}

std::vector<double> Sampler::Counted() const {
  std::vector<double> counted = kept_;
  if (kept_.size() < kFewest) counted.insert(counted.end(), aside_.begin(), aside_.end());
  return counted;
}

Measurement Sampler::Result(bool interrupted) const {
  Measurement result;
  result.batch = batch_;
  result.interrupted = interrupted;
  result.pinned = pinned_;
  result.samples_ns = Counted();
  result.discarded = Discarded();
  result.statistics = Summarise(result.samples_ns, block_medians_);
  result.clock_ghz = Summarise(clocks_).median;
  result.note = WhyUnstable(result);
  result.stable = result.note.empty();
  return result;
}

std::string Sampler::WhyUnstable(const Measurement& result) const {
  std::string why;
  const auto add = [&why](const std::string& reason) { why += (why.empty() ? "" : "; ") + reason; };
  if (result.interrupted) add("interrupted");
  if (result.discarded > kMostDiscarded) {
    add(
        Format("%.0f %% of samples disturbed: canary off in %lld of %lld blocks, time stolen in %lld, %lld samples "
               "preempted",
               100 * result.discarded, static_cast<long long>(blocks_off_), static_cast<long long>(blocks_),
               static_cast<long long>(blocks_stolen_), static_cast<long long>(samples_preempted_)));
  }
  if (kept_.size() < kFewest && !aside_.empty()) add("disturbed samples are counted, for want of others");
  const double width = RelativeHalfWidth(result.statistics);
  if (!result.statistics.ci_low) {
    add(Format("%lld samples in %.2g s: an interval needs 6", static_cast<long long>(result.statistics.n), spent_s()));
  } else if (width > options_.target) {
    add(Format("the median is known to +-%.1f %% after %.2g s, the target is %.1f %%", 100 * width, spent_s(),
               100 * options_.target));
    if (!settled_) add("the warm-up did not settle");
  }
  return why;
}

}  // namespace roofgap
