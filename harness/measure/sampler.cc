#include "harness/measure/sampler.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "harness/measure/clock.h"
#include "harness/measure/pinning.h"

namespace roofgap {
namespace {

class Turn {
 public:
  Turn(const Contender& contender, const MeasureOptions& options) : contender_(contender), options_(options) {}

  void Block(const std::vector<int>& cpus) {
    const int64_t start = NowNs();
    PinTeam(contender_.threads, cpus);
    clocks_.push_back(CoreClockGhz());
    const double first = Sample();
    if (result_.samples_ns.empty()) {
      const double call = first / static_cast<double>(result_.batch);
      if (call < options_.batch_below_s * 1e9) {
        result_.batch = static_cast<int64_t>(options_.batch_s * 1e9 / std::max(call, 1.0)) + 1;
      }
    }
    int calls = 0;
    while (calls < options_.block_calls || static_cast<double>(NowNs() - start) < options_.block_s * 1e9) {
      result_.samples_ns.push_back(Sample() / static_cast<double>(result_.batch));
      ++calls;
    }
    spent_ += static_cast<double>(NowNs() - start) * 1e-9;
  }

  bool Done() {
    if (spent_ >= options_.budget_s) return true;
    const Statistics s = Summarise(result_.samples_ns);
    return s.ci_low && s.n >= 30 && (*s.ci_high - *s.ci_low) / 2 <= options_.target * s.median;
  }

  Measurement Result() {
    result_.statistics = Summarise(result_.samples_ns);
    const Statistics& s = result_.statistics;
    result_.stable = s.ci_low && (*s.ci_high - *s.ci_low) / 2 <= options_.target * s.median;
    if (!result_.stable) result_.note = "the interval missed its target within the budget";
    result_.clock_ghz = Summarise(clocks_).median;
    return result_;
  }

  double spent_s() const { return spent_; }

 private:
  double Sample() {
    const int64_t start = NowNs();
    for (int64_t i = 0; i < result_.batch; ++i) {
      contender_.call(set_);
      set_ = set_ + 1 == contender_.sets ? 0 : set_ + 1;
    }
    return static_cast<double>(NowNs() - start);
  }

  const Contender& contender_;
  const MeasureOptions& options_;
  Measurement result_;
  std::vector<double> clocks_;
  int set_ = 0;
  double spent_ = 0;
};

}  // namespace

std::vector<Measurement> SampleGroup(std::span<const Contender> contenders, const MeasureOptions& options,
                                     const std::vector<int>& cpus) {
  std::vector<Turn> turns;
  for (const Contender& contender : contenders) turns.emplace_back(contender, options);
  std::vector<size_t> active(turns.size());
  std::iota(active.begin(), active.end(), 0);
  std::mt19937_64 random(options.seed);
  bool interrupted = false;
  while (!active.empty() && !interrupted) {
    std::shuffle(active.begin(), active.end(), random);
    for (const size_t i : active) {
      turns[i].Block(cpus);
      double spent = 0;
      for (const Turn& turn : turns) spent += turn.spent_s();
      const double fraction = std::min(1.0, spent / (options.budget_s * static_cast<double>(turns.size())));
      interrupted = options.interrupted && options.interrupted(fraction);
      if (interrupted) break;
    }
    std::erase_if(active, [&](size_t i) { return turns[i].Done(); });
  }
  int threads = 1;
  for (const Contender& contender : contenders) threads = std::max(threads, contender.threads);
  UnpinTeam(threads, cpus);
  std::vector<Measurement> results;
  for (Turn& turn : turns) {
    results.push_back(turn.Result());
    results.back().interrupted = interrupted;
    if (interrupted) {
      results.back().stable = false;
      results.back().note = "interrupted";
    }
  }
  return results;
}

}  // namespace roofgap
