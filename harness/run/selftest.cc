#include "harness/run/selftest.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/clock.h"
#include "harness/measure/host.h"
#include "harness/measure/interrupt.h"
#include "harness/measure/measure.h"
#include "harness/measure/pairs.h"
#include "harness/measure/pinning.h"
#include "harness/measure/progress.h"
#include "harness/plan/expand.h"
#include "harness/run/offer.h"
#include "harness/run/runner.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

constexpr double kLevel = 0.05;         // of false differences
constexpr double kMostOverhead = 0.01;  // of the shortest median
constexpr double kNoteworthy = 0.01;    // a false difference of this size is named

struct Shortest {
  double median_ns = 0;
  int64_t batch = 1;
  std::string name;
};

struct Tally {
  int64_t pairs = 0, differ = 0, incomparable = 0;
  double expected = 0;   // to differ, of all pairs
  int64_t disjoint = 0;  // pairs whose intervals of the median, as a run reports them, have nothing in common
  double largest = 0;    // |ratio - 1| among those that differ
  std::string largest_name;
  Shortest shortest;
};

std::string NameOf(const Case& one) {
  return Describe(one.problem) + ' ' + std::string(one.variant->name) + ", threads " + std::to_string(one.threads) +
         (one.cold ? ", cold" : "");
}

void Count(const Case& one, const Measurement& a, const Measurement& b, Tally* tally) {
  Shortest& shortest = tally->shortest;
  if (shortest.name.empty() || a.statistics.median < shortest.median_ns) {
    shortest = {a.statistics.median, a.batch, NameOf(one)};
  }
  const PairRatio ratio = CompareTurns(a.turns, b.turns);
  if (!ratio.comparable()) {
    ++tally->incomparable;
    return;
  }
  ++tally->pairs;
  tally->differ += ratio.differs();
  tally->expected += ratio.expected;
  const Statistics &x = a.statistics, &y = b.statistics;
  tally->disjoint += x.ci_low && y.ci_low && (*x.ci_low > *y.ci_high || *y.ci_low > *x.ci_high);
  const double size = std::max(ratio.median, 1 / ratio.median) - 1;
  if (ratio.differs() && size > tally->largest) {
    tally->largest = size;
    tally->largest_name = NameOf(one);
  }
}

// What measuring adds to a call that is timed in batches of `batch`: the loop and the indirect call, and its share of
// reading the clock.
double OverheadNs(int64_t batch, const std::vector<int>& cpus) {
  const std::vector<Contender> nothing{{.label = "nothing", .call = [](int) {}}};
  const double call_ns = Measure(nothing, {.budget_s = 0.3, .cpus = cpus})[0].statistics.median;
  std::vector<double> clock_ns(1000);
  for (double& ns : clock_ns) {
    const int64_t start = NowNs();
    ns = static_cast<double>(NowNs() - start);
  }
  return call_ns + Summarise(clock_ns).median / static_cast<double>(batch);
}

int Report(const Tally& tally, const Host& host) {
  const auto pairs = static_cast<double>(tally.pairs);
  const double rate = static_cast<double>(tally.differ) / pairs;
  const ShareInterval interval = BinomialInterval(tally.differ, tally.pairs);
  const double expected = tally.expected / pairs;
  // Fewer than the whole ranks of the intervals explain: the comparison would be blind.
  const char* verdict = interval.low > kLevel ? "TOO MANY" : interval.high < expected ? "TOO FEW" : "good";
  std::printf(
      "%lld pairs of equal contenders: %lld found different, %.1f %% (95 %% interval %.1f to %.1f %%; %.1f %% "
      "expected, %.0f %% allowed): %s\n",
      static_cast<long long>(tally.pairs), static_cast<long long>(tally.differ), 100 * rate, 100 * interval.low,
      100 * interval.high, 100 * expected, 100 * kLevel, verdict);
  std::printf("their reported intervals have nothing in common in %lld pairs, %.1f %%\n",
              static_cast<long long>(tally.disjoint), 100 * static_cast<double>(tally.disjoint) / pairs);
  if (tally.incomparable > 0) {
    std::printf("%lld pairs more had fewer than six undisturbed rounds\n", static_cast<long long>(tally.incomparable));
  }
  if (tally.largest > kNoteworthy) {
    std::printf("largest false difference: %.1f %% (%s)\n", 100 * tally.largest, tally.largest_name.c_str());
  }
  const Shortest& shortest = tally.shortest;
  const double overhead_ns = OverheadNs(shortest.batch, host.cores);
  const double share = overhead_ns / shortest.median_ns;
  std::printf("measuring adds %.1f ns to a call, %.2f %% of the shortest median, %.1f us (%s), allowed %.0f %%: %s\n",
              overhead_ns, 100 * share, shortest.median_ns / 1e3, shortest.name.c_str(), 100 * kMostOverhead,
              share < kMostOverhead ? "good" : "TOO MUCH");
  return std::string_view(verdict) == "good" && share < kMostOverhead ? 0 : 1;
}

}  // namespace

int Selftest(const SelftestOptions& options) {
  const Host host = ReadHost();
  std::vector<Case> cases = Expand(options.request, MakeOffer(options.request, host));
  std::erase_if(cases, [](const Case& one) { return !one.support.ok; });
  if (cases.empty()) throw Error("selftest: the suite " + options.request.name + " holds nothing that runs here");
  CheckTeam(host.max_threads());
  std::vector<Case> twice;
  for (Case& one : cases) {
    one.budget_s = options.budget_s;
    twice.insert(twice.end(), 2, one);
  }

  CatchInterrupts();
  Progress progress;
  Tally tally;
  RunContext context{.host = host};
  for (context.seed = options.request.seed; tally.pairs < options.pairs && InterruptSignal() == 0; ++context.seed) {
    const int64_t before = tally.pairs;
    for (const std::span<const Case> group : Groups(twice)) {
      const std::string what = Describe(group.front().problem);
      const double pairs = static_cast<double>(tally.pairs);
      context.interrupted = [&](double part) {
        const double done = pairs + part * static_cast<double>(group.size()) / 2;
        progress.Update(std::min(1.0, done / static_cast<double>(options.pairs)), what);
        return InterruptSignal() != 0;
      };
      std::vector<std::pair<const Case*, Measurement>> measured;
      context.observe = [&](const Case& one, const Measurement& result) { measured.emplace_back(&one, result); };
      RunGroup(group, context);
      // A twin may be missing: skipped for want of memory, say.
      for (size_t i = 0; i + 1 < measured.size(); ++i) {
        const Case* first = measured[i].first;
        if ((first - twice.data()) % 2 != 0 || measured[i + 1].first != first + 1) continue;
        Count(*first, measured[i].second, measured[i + 1].second, &tally);
      }
      if (tally.pairs >= options.pairs || InterruptSignal() != 0) break;
    }
    if (tally.pairs == before) break;
  }
  progress.Clear();
  if (tally.pairs == 0 && InterruptSignal() == 0) {
    throw Error("selftest: no pair of the suite " + options.request.name +
                " had six undisturbed rounds; allowed is a larger --budget-s or a quieter machine");
  }
  const int code = tally.pairs > 0 ? Report(tally, host) : 0;
  return InterruptSignal() != 0 ? 128 + InterruptSignal() : code;
}

}  // namespace roofgap
