#include "harness/analysis/roof.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "harness/record/core_kind.h"

namespace roofgap {
namespace {

constexpr std::array<std::string_view, 5> kLevels = {"L1", "L2", "L3", "L4", "DRAM"};
constexpr size_t kDram = kLevels.size() - 1;
constexpr double kWorthTelling = 1.02;  // of memory that is faster than its ceiling

// Highway's targets for x86, narrowest first. Those for ARM have vectors of one width.
constexpr std::array<std::string_view, 10> kByWidth = {"SCALAR", "EMU128", "SSE2",    "SSSE3",     "SSE4",
                                                       "AVX2",   "AVX3",   "AVX3_DL", "AVX3_ZEN4", "AVX3_SPR"};

bool Wider(std::string_view isa, std::string_view than) {
  const auto a = std::find(kByWidth.begin(), kByWidth.end(), isa);
  const auto b = std::find(kByWidth.begin(), kByWidth.end(), than);
  return a != kByWidth.end() && b != kByWidth.end() && a > b;
}

// The ceilings of a row's thread count: of its kind of core where that was measured. A team across kinds (`mixed`) has
// else none: no kind's own bounds it, for eight slow cores are slower than six fast ones and two slow. Other teams have
// those of every kind, the highest of which bounds each.
std::vector<const Ceiling*> OfTeam(const Record& row, const Ceilings& ceilings, std::vector<std::string>& warnings) {
  std::vector<const Ceiling*> of_count, of_kind;
  std::set<std::string> kinds;
  for (const Ceiling& ceiling : ceilings.rows) {
    if (ceiling.threads != row.threads) continue;
    of_count.push_back(&ceiling);
    kinds.insert(ceiling.core_kind);
    if (row.core_kind == kMixedCores && ceiling.core_kind == "uniform") of_kind.push_back(&ceiling);
    if (ceiling.core_kind == row.core_kind) of_kind.push_back(&ceiling);
  }
  if (!of_kind.empty() || of_count.empty() || row.core_kind == kMixedCores) return of_kind;
  std::string measured;
  for (const std::string& kind : kinds) measured += (measured.empty() ? "" : ", ") + kind;
  warnings.push_back("no ceilings of " + row.core_kind + " cores: those of " + measured + " cores instead");
  return of_count;
}

std::string Threads(const Record& row) {
  return std::to_string(row.threads) + (row.threads == 1 ? " thread" : " threads") +
         (row.core_kind.empty() ? "" : " (" + row.core_kind + " cores)");
}

void Raise(Number& value, const Number& to) {
  if (to && *to > 0 && (!value || *to > *value)) value = to;
}

struct Peak {
  Number best, median, clock_ghz;
};

Peak FindPeak(const Record& row, std::span<const Ceiling* const> ceilings) {
  Peak peak;
  for (const Ceiling* c : ceilings) {
    if (c->kind != "compute" || c->op_mix != DenominatorMix(row.dtype) || c->unit != "GFLOP/s") continue;
    if (c->isa != row.isa || c->dtype != row.dtype) continue;
    Raise(peak.best, c->best);
    if (c->median && (!peak.median || *c->median > *peak.median)) peak.clock_ghz = c->clock_ghz;
    Raise(peak.median, c->median);
  }
  return peak;
}

// Part of the traffic of a pattern that is read.
double ReadShare(std::string_view pattern) {
  if (pattern == "load") return 1;
  if (pattern == "read2_write1" || pattern == "triad") return 2.0 / 3;
  if (pattern == "store" || pattern == "nt_store") return 0;
  return 0.5;  // copy, nt_copy
}

struct Level {
  bool measured = false;
  Number best;      // over all patterns
  Number median;    // of the pattern nearest to the row's mix
  Number capacity;  // up to and with this level
};

Level FindLevel(size_t index, const Record& row, double read_share, std::span<const Ceiling* const> ceilings) {
  std::vector<const Ceiling*> candidates;
  bool own_isa = false;
  for (const Ceiling* c : ceilings) {
    if (c->kind != "memory" || c->unit != "GB/s" || c->level != kLevels[index]) continue;
    candidates.push_back(c);
    own_isa = own_isa || c->isa == row.isa;
  }
  Level level;
  double distance = 2;
  for (const Ceiling* c : candidates) {
    Raise(level.capacity, c->capacity_bytes);
    const bool width_limits = kLevels[index] == "L1" || kLevels[index] == "L2";
    if (width_limits && own_isa && Wider(c->isa, row.isa)) continue;
    level.measured = true;
    Raise(level.best, c->best);
    if (!c->median || c->pattern == "update") continue;
    const double to_pattern = std::abs(ReadShare(c->pattern) - read_share);
    if (to_pattern < distance) {
      distance = to_pattern;
      level.median = c->median;
    } else if (to_pattern == distance) {
      Raise(level.median, c->median);
    }
  }
  return level;
}

// How much faster the row's canary read memory than the `load` ceiling of DRAM, at least 1.
double MemorySpeedUp(const Record& row, std::span<const Ceiling* const> ceilings) {
  Number load;
  for (const Ceiling* c : ceilings) {
    if (c->kind == "memory" && c->level == "DRAM" && c->pattern == "load") Raise(load, c->best);
  }
  if (!load || !row.canary_bytes || !row.canary_ns || !(*row.canary_ns > 0)) return 1;
  return std::max(1.0, *row.canary_bytes / *row.canary_ns / *load);
}

using Levels = std::array<Level, kLevels.size()>;

// C(l-1). Empty when that level was not measured or its knee not found: what it holds is then unknown.
Number CapacityBelow(const Levels& levels, size_t index) {
  if (index == 0) return 0.0;
  size_t nearer = index - 1;
  while (index == kDram && nearer > 0 && !levels[nearer].measured) --nearer;
  return levels[nearer].capacity;
}

struct Part {
  double ns = 0;
  std::string_view bound;
  std::string_view level;
};

void FindHardRoof(const Record& row, double bytes, const Peak& peak, const Levels& levels, Roof& roof) {
  const double compute_ns = *row.executed_flops / *peak.best;
  Part memory{.ns = -1, .bound = "memory", .level = ""};
  double second_ns = 0;  // the next largest memory part
  for (size_t i = 0; i < levels.size(); ++i) {
    if (!levels[i].best) continue;
    const Number nearer = row.cache == "cold" ? Number(0.0) : CapacityBelow(levels, i);
    if (!nearer) {
      roof.warnings.push_back("capacity of the caches nearer than " + std::string(kLevels[i]) + " is unknown for " +
                              Threads(row) + ": that level is left out of the hard roof");
      continue;
    }
    const double ns = std::max(0.0, bytes - *nearer) / *levels[i].best;
    if (ns > memory.ns) {
      second_ns = std::max(second_ns, memory.ns);
      memory = {.ns = ns, .bound = "memory", .level = kLevels[i]};
    } else {
      second_ns = std::max(second_ns, ns);
    }
  }
  if (memory.level.empty()) return;
  roof.level = memory.level;
  roof.bound = compute_ns >= memory.ns ? "compute" : "memory";
  roof.t_roof_ns = std::max(compute_ns, memory.ns);
  roof.t_next_ns = compute_ns >= memory.ns ? memory.ns : std::max(compute_ns, second_ns);
}

void FindAttainable(const Record& row, double bytes, const Peak& peak, const Levels& levels, Roof& roof) {
  size_t holds = kDram;
  if (row.cache != "cold") {
    for (size_t i = 0; i < kDram; ++i) {
      if (!levels[i].measured) continue;
      if (!levels[i].capacity) {
        roof.warnings.push_back("capacity of " + std::string(kLevels[i]) + " is unknown for " + Threads(row) +
                                ": no attainable time");
        return;
      }
      if (bytes <= *levels[i].capacity) {
        holds = i;
        break;
      }
    }
  }
  if (!levels[holds].median || !peak.median) {
    roof.warnings.push_back("no median bandwidth of " + std::string(kLevels[holds]) + " for " + Threads(row) +
                            ": no attainable time");
    return;
  }
  const double compute_ns = *row.executed_flops / *peak.median;
  const double memory_ns = bytes / *levels[holds].median;
  roof.t_attainable_ns = std::max(compute_ns, memory_ns);
  roof.attainable_bound = compute_ns >= memory_ns ? "compute" : "memory";
  roof.attainable_level = kLevels[holds];
}

}  // namespace

Roof FindRoof(const Record& row, const Ceilings& ceilings) {
  Roof roof;
  if (!row.executed_flops || !row.bytes_read || !row.bytes_written) return roof;
  const double bytes = *row.bytes_read + *row.bytes_written;
  const std::vector<const Ceiling*> of_team = OfTeam(row, ceilings, roof.warnings);
  const Peak peak = FindPeak(row, of_team);
  roof.peak_median_gflops = peak.median;
  roof.peak_clock_ghz = peak.clock_ghz;
  Levels levels;
  bool any_level = false;
  for (size_t i = 0; i < levels.size(); ++i) {
    levels[i] = FindLevel(i, row, bytes > 0 ? *row.bytes_read / bytes : 1, of_team);
    any_level = any_level || levels[i].best;
  }
  if (const double faster = MemorySpeedUp(row, of_team); faster > 1 && levels[kDram].best) {
    *levels[kDram].best *= faster;
    if (faster > kWorthTelling)
      roof.warnings.push_back("memory was " + std::to_string(std::lround(100 * (faster - 1))) +
                              " % faster beside the row than when DRAM's ceiling was measured, which is raised by it");
  }
  const std::string hint = !of_team.empty() ? "" : ": run hwprobe --threads " + std::to_string(row.threads);
  if (!peak.best) {
    roof.warnings.push_back("no " + std::string(DenominatorMix(row.dtype)) + " ceiling for " + row.dtype + " " +
                            row.isa + " on " + Threads(row) + hint);
  }
  if (!any_level) roof.warnings.push_back("no memory ceiling for " + Threads(row) + hint);
  if (!peak.best || !any_level) return roof;
  FindHardRoof(row, bytes, peak, levels, roof);
  FindAttainable(row, bytes, peak, levels, roof);
  return roof;
}

}  // namespace roofgap
