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
  bool rolling = false;  // the footprint moves on through the slice from call to call: DRAM

  int64_t PassesPerCall(int64_t bytes) const {
    if (rolling) return 1;
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(bytes) / loop->BytesPerPass(footprint)));
  }
  double BytesPerCall(int threads, int64_t bytes) const {
    return loop->BytesPerPass(footprint) * static_cast<double>(PassesPerCall(bytes)) * threads;
  }
  Contender ContenderOn(Arena& arena, int64_t bytes) const {
    const int64_t passes = PassesPerCall(bytes);
    return {.label = std::string(loop->isa) + ' ' + std::string(loop->pattern) + ' ' + std::to_string(footprint),
            .threads = arena.threads(),
            .call =
                [walk = *this, passes, &arena](int) {
                  const int64_t offset = walk.rolling ? arena.NextChunk() : 0;
                  Parallel(arena.threads(), [&](int thread) {
                    walk.loop->run(arena.slice(thread) + offset, walk.footprint, passes, kScale);
                  });
                },
            .memory_bound = true};
  }
};

Walk RollingWalk(const Arena& arena, const MemoryLoop& loop) {
  // A little less than a chunk, so that the parts of an array are no power of two apart.
  const int64_t bytes = std::min(Arena::kChunkBytes, arena.slice_bytes());
  return {&loop, loop.Footprint(bytes - bytes / 128), true};
}

std::vector<Measurement> RunWalks(Bench& bench, std::string_view stage, Arena& arena, std::span<const Walk> walks,
                                  int64_t bytes, double budget_s) {
  std::vector<Contender> contenders;
  if (!walks.empty() && walks.front().rolling) arena.Flush();
  for (const Walk& walk : walks) contenders.push_back(walk.ContenderOn(arena, bytes));
  return bench.Run(stage, contenders, budget_s);
}

std::string PagesOf(const Arena& arena) { return arena.pages() == Buffer::Pages::kHuge ? "huge" : "small"; }

CurveRow CurveRowOf(const Arena& arena, const Walk& walk, const Measurement& measurement, int64_t bytes) {
  const Ceiling rate = RateOf(measurement, walk.BytesPerCall(arena.threads(), bytes));
  CurveRow row;
  row.isa = walk.loop->isa;
  row.pattern = walk.loop->pattern;
  row.pages = PagesOf(arena);
  row.threads = arena.threads();
  row.working_set_bytes = static_cast<double>(walk.footprint) * arena.threads();
  row.best = rate.best;
  row.median = rate.median;
  row.ci_low = rate.ci_low;
  row.ci_high = rate.ci_high;
  row.n = rate.n;
  row.unit = "GB/s";
  return row;
}

bool IsDram(const Level& level) { return level.capacity_bytes == 0; }

Walk WalkOf(const Arena& arena, const MemoryCandidate& candidate) {
  if (IsDram(candidate.level)) return RollingWalk(arena, *candidate.loop);
  return {candidate.loop, candidate.footprint};
}

std::vector<Walk> WalksOf(const Arena& arena, std::span<const MemoryCandidate> candidates) {
  std::vector<Walk> walks;
  for (const MemoryCandidate& candidate : candidates) walks.push_back(WalkOf(arena, candidate));
  return walks;
}

// Every loop at every size that lives in the level.
std::vector<MemoryCandidate> CandidatesOf(const Arena& arena, const Level& level,
                                          std::span<const MemoryLoop* const> loops, int sizes) {
  std::vector<MemoryCandidate> candidates;
  const double most = static_cast<double>(arena.slice_bytes()) * arena.threads();
  for (const MemoryLoop* loop : loops) {
    if (IsDram(level)) {
      candidates.push_back({loop, level, arena.slice_bytes()});
      continue;
    }
    if (loop->past_caches()) continue;
    for (const double bytes : WorkingSets(level, sizes, most)) {
      const int64_t footprint = loop->Footprint(static_cast<int64_t>(bytes / arena.threads()));
      candidates.push_back({loop, level, std::max<int64_t>(footprint, loop->granule_bytes)});
    }
  }
  return candidates;
}

// DRAM's candidates in a group of their own: between them nothing may bring parts of the arena into the caches.
std::vector<Ceiling> RefineGroup(Bench& bench, Arena& arena, std::span<const MemoryCandidate> candidates,
                                 const MemoryEffort& effort) {
  if (candidates.empty()) return {};
  const std::vector<Walk> walks = WalksOf(arena, candidates);
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
    row.pages = PagesOf(arena);
    row.threads = arena.threads();
    row.working_set_bytes = static_cast<double>(c.footprint) * arena.threads();
    SetCapacity(row, c.level);
    row.unit = "GB/s";
    rows.push_back(row);
  }
  return rows;
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

Curve SweepCurve(Bench& bench, Arena& arena, std::span<const MemoryLoop* const> loops, double last_bytes,
                 int points_per_octave, const MemoryEffort& effort) {
  Curve curve;
  const double factor = std::exp2(1.0 / points_per_octave);
  const double last = std::min(last_bytes / arena.threads(), static_cast<double>(arena.slice_bytes()));
  // Octave by octave: the calls of the largest sets are longer than others', and so is the time they get.
  for (double bytes = kFirstPoint; bytes <= last;) {
    std::vector<double> points;
    std::vector<Walk> walks;
    for (int i = 0; i < points_per_octave && bytes <= last; ++i, bytes *= factor) {
      points.push_back(bytes * arena.threads());
      for (const MemoryLoop* loop : loops) walks.push_back({loop, loop->Footprint(static_cast<int64_t>(bytes))});
    }
    const double calls = points.back() / arena.threads() / static_cast<double>(effort.explore_bytes);
    const std::vector<Measurement> measured =
        RunWalks(bench, "caches", arena, walks, effort.explore_bytes, effort.curve_s * std::max(1.0, calls));
    for (size_t i = 0; i < points.size(); ++i) {
      CurvePoint point{points[i], 0};
      for (size_t k = i * loops.size(); k < (i + 1) * loops.size(); ++k) {
        curve.rows.push_back(CurveRowOf(arena, walks[k], measured[k], effort.explore_bytes));
        point.gbps = std::max(point.gbps, curve.rows.back().best.value_or(0));
      }
      curve.points.push_back(point);
    }
  }
  return curve;
}

std::vector<MemoryCandidate> ExploreMemory(Bench& bench, Arena& arena, std::span<const Level> levels,
                                           std::span<const MemoryLoop* const> loops, const MemoryEffort& effort) {
  std::vector<MemoryCandidate> best;
  for (const Level& level : levels) {
    const std::vector<MemoryCandidate> tried = CandidatesOf(arena, level, loops, effort.sizes_per_level);
    const std::vector<Measurement> measured =
        RunWalks(bench, "memory", arena, WalksOf(arena, tried), effort.explore_bytes, effort.explore_s);
    const size_t first = best.size();
    for (size_t i = 0; i < tried.size(); ++i) {
      MemoryCandidate candidate = tried[i];
      candidate.best_gbps =
          WalkOf(arena, candidate).BytesPerCall(arena.threads(), effort.explore_bytes) / measured[i].statistics.min;
      const auto known =
          std::find_if(best.begin() + static_cast<std::ptrdiff_t>(first), best.end(), [&](const MemoryCandidate& c) {
            return c.loop->pattern == candidate.loop->pattern && c.loop->isa == candidate.loop->isa;
          });
      if (known == best.end()) {
        best.push_back(candidate);
      } else if (candidate.best_gbps > known->best_gbps) {
        *known = candidate;
      }
    }
  }
  return best;
}

std::vector<Ceiling> RefineMemory(Bench& bench, Arena& arena, std::span<const MemoryCandidate> candidates,
                                  const MemoryEffort& effort) {
  std::vector<Ceiling> rows(candidates.size());
  for (const bool dram : {false, true}) {
    std::vector<MemoryCandidate> group;
    std::vector<size_t> places;
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (IsDram(candidates[i].level) != dram) continue;
      group.push_back(candidates[i]);
      places.push_back(i);
    }
    const std::vector<Ceiling> measured = RefineGroup(bench, arena, group, effort);
    for (size_t k = 0; k < places.size(); ++k) rows[places[k]] = measured[k];
  }
  return rows;
}

}  // namespace roofgap
