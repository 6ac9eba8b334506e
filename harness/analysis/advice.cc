#include "harness/analysis/advice.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "harness/analysis/text.h"

namespace roofgap {
namespace {

// The rows that a row is held against: the same on one thread, and the same with warm caches.
class Twins {
 public:
  explicit Twins(std::span<const Gap> gaps) {
    for (const Gap& gap : gaps) {
      if (gap.attainable_fraction) rows_[Key(gap, gap.threads, gap.cache)] = &gap;
    }
  }
  const Gap* OnOneThread(const Gap& gap) const { return gap.threads > 1 ? Find(Key(gap, 1, gap.cache)) : nullptr; }
  const Gap* Warm(const Gap& gap) const { return gap.cache == "cold" ? Find(Key(gap, gap.threads, "warm")) : nullptr; }

 private:
  using Keys = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string, int>;
  static Keys Key(const Gap& gap, int threads, const std::string& cache) {
    return {gap.machine_id, gap.problem, gap.variant, gap.dtype, gap.isa, cache, threads};
  }
  const Gap* Find(const Keys& keys) const {
    const auto found = rows_.find(keys);
    return found == rows_.end() ? nullptr : found->second;
  }
  std::map<Keys, const Gap*> rows_;
};

void Set(Gap& gap, const std::string& lever, const std::string& advice) {
  gap.lever = lever;
  gap.advice = advice;
}

std::string Times(double factor) { return Short(factor) + " x"; }

// The least gap_implementation from which the code is the lever.
double CodeFrom(const Gap& gap) {
  return gap.attainable_bound == "memory" ? std::clamp(*gap.gap_memory, kWorthALever, kFarUnder) : kWorthALever;
}

bool ThreadsLoseMost(const Gap& gap, const Gap& one) {
  const double speed_up = *one.median_ns / *gap.median_ns;
  return speed_up < gap.threads / kWorthALever &&
         *gap.attainable_fraction / *one.attainable_fraction < *one.attainable_fraction;
}

void UnderBothRoofs(Gap& gap, const Gap* one) {
  const std::string reached = "under both roofs, " + Percent(gap.attainable_fraction) + " of attainable";
  const std::string alone = one != nullptr ? ", " + Percent(one->attainable_fraction) + " on one thread" : "";
  if (InSlowPhase(gap) && *gap.gap_implementation / *gap.slowdown <= kWorthALever) {
    Set(gap, "quiet",
        reached + ", but the machine was " + Times(*gap.slowdown) +
            " as slow as at its best in the run: measure again");
  } else if (one != nullptr && ThreadsLoseMost(gap, *one)) {
    Set(gap, "cores",
        reached + alone + ": " + std::to_string(gap.threads) + " threads are " +
            Times(*one->median_ns / *gap.median_ns) +
            " as fast as one (too little work for each, uneven parts, or waiting)");
  } else {
    Set(gap, "code",
        reached + alone + ": better code wins up to " + Times(*gap.gap_implementation) +
            (gap.attainable_bound == "memory" ? ", fewer bytes up to " + Times(*gap.gap_memory)
                                              : ", before fewer FLOPs do"));
  }
}

constexpr std::string_view kFewerBytes = "fewer bytes (fusion, smaller types, a larger batch)";

bool WaitsForMemory(const Gap& gap, const Gap* warm) {
  return gap.attainable_bound == "compute" && warm != nullptr && *gap.median_ns > kWorthALever * *warm->median_ns;
}

void NearARoof(Gap& gap) {
  const std::string reached = ", " + Percent(gap.attainable_fraction) + " of attainable";
  if (gap.attainable_bound == "memory") {
    Set(gap, "bytes",
        "on the slope of " + gap.attainable_level + reached + ": " + std::string(kFewerBytes) + " win up to " +
            Times(*gap.gap_memory) + ", better code " + Times(std::max(1.0, *gap.gap_implementation)));
  } else {
    Set(gap, "flops",
        "on the flat" + reached + ": fewer FLOPs help (another algorithm, a smaller layer); better code wins up to " +
            Times(std::max(1.0, *gap.gap_implementation)));
  }
}

}  // namespace

void Advise(std::span<Gap> gaps) {
  const Twins twins(gaps);
  for (Gap& gap : gaps) {
    if (AboveRoof(gap)) {
      Set(gap, "model",
          "above its hard roof (" + Percent(gap.roof_fraction) + "): the roof or a count is wrong, see warnings");
    } else if (!gap.gap_implementation || !gap.gap_memory) {
      continue;
    } else if (const Gap* warm = twins.Warm(gap); WaitsForMemory(gap, warm)) {
      Set(gap, "bytes",
          Times(*gap.median_ns / *warm->median_ns) +
              " as long as with warm caches: what comes from memory does not hide behind arithmetic, so that " +
              std::string(kFewerBytes) + " or fetching them ahead help");
    } else if (*gap.gap_implementation > CodeFrom(gap)) {
      UnderBothRoofs(gap, twins.OnOneThread(gap));
    } else {
      NearARoof(gap);
    }
  }
}

}  // namespace roofgap
