#ifndef ROOFGAP_HWPROBE_COMPUTE_ROOF_H_
#define ROOFGAP_HWPROBE_COMPUTE_ROOF_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hwprobe/bench.h"
#include "hwprobe/compute_kernels.h"
#include "hwprobe/dot_features.h"

namespace roofgap {

// The fastest loop found for one roof, and how fast.
struct ComputeCandidate {
  const ComputeLoop* loop = nullptr;
  int threads = 1;
  double best_gflops = 0;
};

struct ComputeEffort {
  int64_t vector_operations = int64_t{1} << 21;  // of a call and thread: about 0.25 ms at 2 a cycle
  double explore_s = 0.05;                       // for each number of accumulators
  double refine_s = 0.3;                         // for each roof
};

// All loops of the instruction sets `isas`: of each those of compute_kernels.h, then those of dot_kernels.h.
std::vector<const ComputeLoop*> ComputeLoopsOf(std::span<const std::string> isas);

// A line for each data type whose dot product none of `loops` computes: for want of what `features` or the build lacks.
std::vector<std::string> MissingDotNotes(std::span<const ComputeLoop* const> loops, const DotFeatures& features);

// Runs every one of `loops` with each thread count, those of one instruction set and data type against each other, and
// returns the fastest of each mix, in the order of threads, then of `loops`.
std::vector<ComputeCandidate> ExploreCompute(Bench& bench, std::span<const ComputeLoop* const> loops,
                                             std::span<const int> threads, const ComputeEffort& effort);

// Measures the candidates again, side by side, and returns a row for each: best of both visits, median of this one.
std::vector<Ceiling> RefineCompute(Bench& bench, std::span<const ComputeCandidate> candidates,
                                   const ComputeEffort& effort);

// FLOPs of one call: what the rows are computed from.
double FlopsPerCall(const ComputeLoop& loop, int threads, const ComputeEffort& effort);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_COMPUTE_ROOF_H_
