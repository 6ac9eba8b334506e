#ifndef ROOFGAP_HWPROBE_MEMORY_ROOF_H_
#define ROOFGAP_HWPROBE_MEMORY_ROOF_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hwprobe/arena.h"
#include "hwprobe/bench.h"
#include "hwprobe/memory_kernels.h"
#include "hwprobe/plateau.h"

namespace roofgap {

struct MemoryEffort {
  int64_t explore_bytes = int64_t{32} << 20;  // moved by a call and thread at least
  int64_t refine_bytes = int64_t{128} << 20;
  int points_per_octave = 2;  // of the curve
  int sizes_per_level = 3;
  double curve_s = 0.025;   // for each point
  double explore_s = 0.02;  // for each loop and size
  double refine_s = 0.12;   // for each roof
};

// The fastest loop and size found for one roof, and how fast.
struct MemoryCandidate {
  const MemoryLoop* loop = nullptr;
  Level level;
  int64_t footprint = 0;  // of each thread; in DRAM the whole slice, a chunk of which is walked per call
  double best_gbps = 0;
};

// Bandwidth over the working set of all threads together.
struct Curve {
  std::vector<CurvePoint> points;  // the best of the loops at each size
  std::vector<CurveRow> rows;      // every loop at every size, without machine_id and core_kind
};

// The curve of `loops` from 4 KiB a thread to `last_bytes` in all, at most what the arena holds.
Curve SweepCurve(Bench& bench, Arena& arena, std::span<const MemoryLoop* const> loops, double last_bytes,
                 int points_per_octave, const MemoryEffort& effort);

// Runs `loops` at sizes inside each level and returns the fastest of each pattern, in the order level, pattern.
// Patterns whose stores go past the caches are measured in DRAM only.
std::vector<MemoryCandidate> ExploreMemory(Bench& bench, Arena& arena, std::span<const Level> levels,
                                           std::span<const MemoryLoop* const> loops, const MemoryEffort& effort);

// Measures the candidates again, side by side, and returns a row for each: best of both visits, median of this one.
std::vector<Ceiling> RefineMemory(Bench& bench, Arena& arena, std::span<const MemoryCandidate> candidates,
                                  const MemoryEffort& effort);

// All loops of the instruction set `isa`; or those of one pattern.
std::vector<const MemoryLoop*> LoopsOf(std::string_view isa, std::string_view pattern = {});

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_MEMORY_ROOF_H_
