#include "harness/analysis/advice.h"

#include <map>
#include <string>
#include <tuple>

#include "harness/analysis/text.h"

namespace roofgap {
namespace {

auto AllButThreads(const Gap& gap) {
  return std::tie(gap.machine_id, gap.problem, gap.variant, gap.dtype, gap.isa, gap.cache);
}

std::string Threads(int threads) { return std::to_string(threads) + (threads == 1 ? " thread" : " threads"); }

void OnTheRoofline(Gap& gap) {
  const std::string reached = Percent(gap.attainable_fraction) + " of attainable";
  if (gap.attainable_bound == "memory") {
    gap.lever = "bytes";
    gap.advice = "on the slope of " + gap.attainable_level + ", " + reached + ", data takes " + Short(gap.gap_memory) +
                 " x the arithmetic: fewer bytes help (fusion, smaller types, a larger batch), fewer FLOPs do not";
  } else {
    gap.lever = "flops";
    gap.advice = "on the flat, " + reached +
                 ": fewer FLOPs help in proportion (another algorithm, a smaller layer), fewer bytes do not";
  }
}

void FarUnder(Gap& gap, const Number& on_one_thread) {
  const std::string reached = "far under both roofs, " + Percent(gap.attainable_fraction) + " of attainable";
  if (on_one_thread && *gap.attainable_fraction / *on_one_thread < *on_one_thread) {
    gap.lever = "cores";
    gap.advice = reached + ", " + Percent(on_one_thread) + " on one thread: the loss is in the use of " +
                 Threads(gap.threads) + " (too little work for each, uneven parts, waiting)";
  } else {
    gap.lever = "code";
    gap.advice = reached + (on_one_thread ? ", " + Percent(on_one_thread) + " on one thread" : "") +
                 ": the implementation loses more than fewer FLOPs or bytes could save";
  }
}

}  // namespace

void Advise(std::span<Gap> gaps) {
  std::map<decltype(AllButThreads(gaps[0])), Number> on_one_thread;
  for (const Gap& gap : gaps) {
    if (gap.threads == 1 && gap.attainable_fraction) on_one_thread[AllButThreads(gap)] = gap.attainable_fraction;
  }
  for (Gap& gap : gaps) {
    if (AboveRoof(gap)) {
      gap.lever = "model";
      gap.advice =
          "above its hard roof (" + Percent(gap.roof_fraction) + "): the roof or a count is wrong, see warnings";
    } else if (gap.attainable_fraction && *gap.attainable_fraction < kFarUnder) {
      const auto found = on_one_thread.find(AllButThreads(gap));
      FarUnder(gap, gap.threads > 1 && found != on_one_thread.end() ? found->second : Number());
    } else if (gap.attainable_fraction) {
      OnTheRoofline(gap);
    }
  }
}

}  // namespace roofgap
