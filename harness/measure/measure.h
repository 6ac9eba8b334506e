#ifndef ROOFGAP_HARNESS_MEASURE_MEASURE_H_
#define ROOFGAP_HARNESS_MEASURE_MEASURE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/statistics.h"

// The one clock of the project (rule R2): kernels and ceilings are timed by this function and no other.
//
// Contenders are measured against each other: seeded shuffled rounds of blocks, never all of one and then all of the
// other, because the machine drifts. Google Benchmark hosts the loop (one registration per call of Measure); the
// sampling, the stop rule and the guards are ours (../README.md says which and why).

namespace roofgap {

// One callable among those that are compared. Knows no kernel: just something to call.
struct Contender {
  std::string label;
  int threads = 1;                    // the OpenMP team and the pinning it runs under
  std::function<void(int set)> call;  // one call on operand set `set`, 0 <= set < sets
  int sets = 1;                       // more than 1: rotated call by call, so that no call finds its operands cached
  bool memory_bound = false;          // which canary watches it: a load loop, or the FMA chains
};

struct Measurement;

struct MeasureOptions {
  uint64_t seed = 1;
  double budget_s = 2.0;         // measuring time for each contender, warm-up included
  double target = 0.01;          // at which to stop: half the 95 % interval of the median, relative; 0: at the budget
  double warmup_floor_s = 0.05;  // warm-up goes on until two successive window medians agree within 1 %
  double warmup_cap_s = 1.0;
  double block_s = 0.010;  // a turn lasts at least this long and at least block_calls calls
  int block_calls = 3;
  double batch_below_s = 5e-6;  // shorter calls are timed in batches
  double batch_s = 20e-6;       // of at least this length
  std::vector<int> cpus;        // thread i of a team is pinned to cpus[i]; empty: ReadHost().cores
  // Called between blocks with the fraction done, 0 to 1; returning true stops the measuring (Ctrl-C).
  std::function<bool(double)> interrupted;
  // Called between rounds as soon as a contender is done, with its index and its result. Not for one that is
  // interrupted. May not throw.
  std::function<void(size_t, const Measurement&)> finished;
};

// The undisturbed samples of one turn.
struct TurnSummary {
  int64_t round = 0;  // of the group: contenders that took a turn in the same round were measured side by side
  double median_ns = 0;
};

struct Measurement {
  std::vector<double> samples_ns;  // per call; of a batch, its mean
  int64_t batch = 1;               // calls per sample
  Statistics statistics;
  bool stable = false;  // the interval met its target and at most 20 % of samples were discarded
  bool interrupted = false;
  std::string note;                // when not stable: why
  bool pinned = true;              // false: the system refused, threads ran where they liked
  double discarded = 0;            // fraction of samples dropped by the guards
  std::vector<TurnSummary> turns;  // in the order of rounds
  double slower = 0;  // how much longer the canary took than beside the luckiest of the group on as many threads: 0.04
  double canary_ns = 0;     // the canary beside the turns that count, median: how fast the machine was; 0: unknown
  double canary_bytes = 0;  // that it read from memory in that time; 0: none, it computed
  double clock_ghz = 0;     // core clock by a dependent add chain, median over the blocks; 0: unknown
};

// Measures all contenders and returns their results in the same order. Afterwards the calling thread runs where the
// process could at its start. Throws Error when OpenMP does not give the threads that a contender asks for.
std::vector<Measurement> Measure(std::span<const Contender> contenders, const MeasureOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_MEASURE_H_
