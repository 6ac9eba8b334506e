#include "hwprobe/memory_roof.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/measure/isa_scope.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

// Small enough that no value of the arena grows away, however often it is added.
constexpr float kScale = 0x1p-20f;
constexpr double kFirstPoint = 4096;

// One loop on a footprint of each of the arena's slices.
struct Walk {
  const MemoryLoop* loop;
  int64_t footprint;

  int64_t PassesPerCall(int64_t bytes) const {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(bytes) / loop->BytesPerPass(footprint)));
  }
  double BytesPerCall(int threads, int64_t bytes) const {
    return loop->BytesPerPass(footprint) * static_cast<double>(PassesPerCall(bytes)) * threads;
  }
  Contender ContenderOn(const Arena& arena, int64_t bytes) const {
    const int64_t passes = PassesPerCall(bytes);
    return {.label = std::string(loop->isa) + ' ' + std::string(loop->pattern) + ' ' + std::to_string(footprint),
            .threads = arena.threads(),
            .call =
                [walk = *this, passes, &arena](int) {
                  Parallel(arena.threads(),
                           [&](int thread) { walk.loop->run(arena.slice(thread), walk.footprint, passes, kScale); });
                },
            .memory_bound = true};
  }
};

std::vector<Measurement> RunWalks(Bench& bench, std::string_view stage, const Arena& arena, std::span<const Walk> walks,
                                  int64_t bytes, double budget_s) {
  std::vector<Contender> contenders;
  for (const Walk& walk : walks) contenders.push_back(walk.ContenderOn(arena, bytes));
  return bench.Run(stage, contenders, budget_s);
}

}  // namespace

std::vector<const MemoryLoop*> LoopsOf(std::string_view isa, std::string_view pattern) {
  const IsaScope scope(isa);
  std::vector<const MemoryLoop*> loops;
  for (const MemoryLoop& loop : MemoryLoops()) {
    if (pattern.empty() || loop.pattern == pattern) loops.push_back(&loop);
  }
  return loops;
}

std::vector<CurvePoint> SweepCurve(Bench& bench, const Arena& arena, std::span<const MemoryLoop* const> loops,
                                   const MemoryEffort& effort) {
  std::vector<Walk> walks;
  std::vector<double> points;
  const double factor = std::exp2(1.0 / effort.points_per_octave);
  for (double bytes = kFirstPoint; bytes <= static_cast<double>(arena.slice_bytes()); bytes *= factor) {
    points.push_back(bytes * arena.threads());
    for (const MemoryLoop* loop : loops) walks.push_back({loop, loop->Footprint(static_cast<int64_t>(bytes))});
  }
  const std::vector<Measurement> measured =
      RunWalks(bench, "caches", arena, walks, effort.explore_bytes, effort.curve_s);
  std::vector<CurvePoint> curve;
  for (size_t i = 0; i < points.size(); ++i) {
    CurvePoint point{points[i], 0};
    for (size_t k = i * loops.size(); k < (i + 1) * loops.size(); ++k) {
      const double bytes = walks[k].BytesPerCall(arena.threads(), effort.explore_bytes);
      point.gbps = std::max(point.gbps, bytes / measured[k].statistics.min);
    }
    curve.push_back(point);
  }
  return curve;
}

std::vector<MemoryCandidate> ExploreMemory(Bench& bench, const Arena& arena, std::span<const Level> levels,
                                           std::span<const MemoryLoop* const> loops, const MemoryEffort& effort) {
  std::vector<Walk> walks;
  std::vector<const Level*> level_of;
  for (const Level& level : levels) {
    const double most = static_cast<double>(arena.slice_bytes()) * arena.threads();
    for (const MemoryLoop* loop : loops) {
      if (loop->past_caches() && level.capacity_bytes != 0) continue;
      for (const double bytes : WorkingSets(level, effort.sizes_per_level, most)) {
        const int64_t footprint = loop->Footprint(static_cast<int64_t>(bytes / arena.threads()));
        walks.push_back({loop, std::max<int64_t>(footprint, loop->granule_bytes)});
        level_of.push_back(&level);
      }
    }
  }
  const std::vector<Measurement> measured =
      RunWalks(bench, "memory", arena, walks, effort.explore_bytes, effort.explore_s);
  std::vector<MemoryCandidate> candidates;
  for (size_t i = 0; i < walks.size(); ++i) {
    const double gbps = walks[i].BytesPerCall(arena.threads(), effort.explore_bytes) / measured[i].statistics.min;
    const auto known = std::find_if(candidates.begin(), candidates.end(), [&](const MemoryCandidate& c) {
      return c.level.name == level_of[i]->name && c.loop->pattern == walks[i].loop->pattern &&
             c.loop->isa == walks[i].loop->isa;
    });
    if (known == candidates.end()) {
      candidates.push_back({walks[i].loop, *level_of[i], walks[i].footprint, gbps});
    } else if (gbps > known->best_gbps) {
      *known = {walks[i].loop, *level_of[i], walks[i].footprint, gbps};
    }
  }
  return candidates;
}

std::vector<Ceiling> RefineMemory(Bench& bench, const Arena& arena, std::span<const MemoryCandidate> candidates,
                                  const MemoryEffort& effort) {
  std::vector<Walk> walks;
  for (const MemoryCandidate& c : candidates) walks.push_back({c.loop, c.footprint});
  const std::vector<Measurement> measured =
      RunWalks(bench, "memory, again", arena, walks, effort.refine_bytes, effort.refine_s);
  std::vector<Ceiling> rows;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const MemoryCandidate& c = candidates[i];
    Ceiling row = RateOf(measured[i], walks[i].BytesPerCall(arena.threads(), effort.refine_bytes));
    TakeBest(row, c.best_gbps);
    row.kind = "memory";
    row.isa = c.loop->isa;
    row.dtype = "f32";
    row.level = c.level.name;
    row.pattern = c.loop->pattern;
    row.pages = arena.pages() == Buffer::Pages::kHuge ? "huge" : "small";
    row.threads = arena.threads();
    row.working_set_bytes = static_cast<double>(c.footprint) * arena.threads();
    if (c.level.capacity_bytes > 0) row.capacity_bytes = c.level.capacity_bytes;
    row.unit = "GB/s";
    rows.push_back(row);
  }
  return rows;
}

}  // namespace roofgap
