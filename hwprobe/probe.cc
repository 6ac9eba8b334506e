#include "hwprobe/probe.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "harness/record/provenance.h"
#include "hwprobe/core_groups.h"
#include "hwprobe/latency.h"
#include "kernels/api/error.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

// Of all threads together. The bandwidth curve goes to four times the last-level caches in use; DRAM is measured on
// eight times as much, because caches that resist streaming keep parts of what is less (of 2 x 64 MiB beside 32 MiB of
// L3, single chunks came 4 % too fast). Where the system tells no caches: enough for most.
struct Extent {
  double curve_bytes;
  int64_t slice_bytes;  // of each thread
};

// Bytes that the working sets may take, all threads together; nullopt: unknown. Throws Error when there are too few.
std::optional<int64_t> MostBytes(const Host& host, const Effort& effort) {
  if (effort.most_bytes > 0) return effort.most_bytes;
  if (!host.available_bytes) return std::nullopt;
  const int64_t most = *host.available_bytes / 4;
  if (most < 16 * kMiB) {
    throw Error("too little memory: " + std::to_string(*host.available_bytes / kMiB) +
                " MiB are available; allowed is 64 MiB or more");
  }
  return most;
}

Extent ExtentOf(const Machine& machine, std::optional<int64_t> most, int threads) {
  const std::vector<ReportedLevel> reported = ReportedCapacities(machine, threads);
  double last_cache = reported.empty() ? 128.0 * kMiB : std::max(8.0 * kMiB, reported.back().capacity_bytes);
  if (most) last_cache = std::min(last_cache, static_cast<double>(*most) / 8);
  return {4 * last_cache, static_cast<int64_t>(8 * last_cache / threads)};
}

std::string Size(double bytes) {
  return Format(bytes < 1e6 ? "%.0f KiB" : "%.1f MiB", bytes / (bytes < 1e6 ? 1024.0 : 1048576.0));
}

void NoteSmallExtent(const Extent& extent, int threads, Machine& machine) {
  const std::vector<ReportedLevel> reported = ReportedCapacities(machine, threads);
  const double bytes = static_cast<double>(extent.slice_bytes) * threads;
  if (reported.empty() || bytes >= 3.99 * reported.back().capacity_bytes) return;
  machine.notes.push_back("DRAM with " + std::to_string(threads) + (threads == 1 ? " thread" : " threads") +
                          ": measured on " + Size(bytes) + " for want of memory, less than four times the caches' " +
                          Size(reported.back().capacity_bytes));
}

void NoteKnees(std::span<const Level> levels, int threads, std::vector<std::string>& notes) {
  for (const Level& level : levels) {
    if (level.capacity_bytes == 0 || level.reported_bytes == 0) continue;
    const std::string where = level.name + " with " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
    const std::string report = "the system's sizes add up to " + Size(level.reported_bytes);
    if (level.knee_bytes == 0) {
      notes.push_back(where + ": the bandwidth curve shows no knee; " + report);
    } else if (level.knee_bytes > 1.5 * level.reported_bytes || level.knee_bytes < level.reported_bytes / 1.5) {
      notes.push_back(where + ": the knee of the bandwidth curve is at " + Size(level.knee_bytes) + "; " + report);
    }
  }
}

// Estimated seconds of a probe: contenders times their budgets, blocks of the largest sets taken at their least.
double EstimateSeconds(const Machine& machine, size_t loops, size_t team_sizes, const Effort& effort) {
  const double compute = static_cast<double>(loops) * (effort.compute.explore_s + effort.compute.refine_s / 4);
  // Four more octaves' worth for the longer calls of the largest sets.
  const double per_octave = effort.memory.points_per_octave + (effort.small_page_patterns ? 1 : 0);
  const double points = 20.0 * per_octave * 2 * effort.memory.curve_s;
  const double widths = (effort.second_width ? 2 : 1) + (effort.small_page_patterns ? 0.5 : 0.2);
  const double levels = static_cast<double>(machine.caches.empty() ? 4 : machine.caches.size() + 1);
  const double explore = widths * levels * 19 * effort.memory.sizes_per_level * effort.memory.explore_s;
  const double refine = widths * levels * 7 * effort.memory.refine_s;
  return static_cast<double>(team_sizes) * (compute + points + 1.2 * (explore + refine)) + levels * effort.latency_s;
}

Effort Scaled(Effort effort, double factor) {
  for (double* seconds : {&effort.compute.explore_s, &effort.compute.refine_s, &effort.memory.curve_s,
                          &effort.memory.explore_s, &effort.memory.refine_s, &effort.latency_s}) {
    *seconds *= factor;
  }
  return effort;
}

template <class Row>
void Append(std::vector<Row>& rows, const std::vector<Row>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
}

bool OnSmallPages(const MemoryLoop& loop, const Effort& effort) {
  if (!effort.small_page_patterns) return loop.pattern == "load";
  return loop.pattern == "load" || loop.pattern == "read2_write1" || loop.pattern == "copy";
}

// All memory roofs of one thread count; with one thread the latencies too, on the same levels. Adds to `curve`.
std::vector<Ceiling> MemoryCeilings(Bench& bench, const Host& host, Machine& machine, int threads, const Effort& effort,
                                    std::vector<CurveRow>& curve) {
  const Extent extent = ExtentOf(machine, MostBytes(host, effort), threads);
  NoteSmallExtent(extent, threads, machine);
  const std::string& best_isa = machine.isa.front();
  std::vector<const MemoryLoop*> loops = LoopsOf(best_isa);
  std::vector<const MemoryLoop*> curve_loops;
  for (const MemoryLoop* loop : loops) {
    const bool wanted = (loop->pattern == "load" || loop->pattern == "copy") && loop->streams == 1 && loop->unroll == 4;
    if (wanted) curve_loops.push_back(loop);
  }
  if (effort.second_width && best_isa != "AVX2" &&
      std::find(machine.isa.begin(), machine.isa.end(), "AVX2") != machine.isa.end()) {
    for (const MemoryLoop* loop : LoopsOf("AVX2")) loops.push_back(loop);
  }
  std::vector<Ceiling> rows;
  std::vector<Level> levels;
  {
    Arena arena(extent.slice_bytes, threads, Buffer::Pages::kHuge, bench.cpus());
    const Curve swept =
        SweepCurve(bench, arena, curve_loops, extent.curve_bytes, effort.memory.points_per_octave, effort.memory);
    Append(curve, swept.rows);
    levels = NameLevels(FindPlateaus(swept.points), ReportedCapacities(machine, threads));
    NoteKnees(levels, threads, machine.notes);
    const std::vector<MemoryCandidate> found = ExploreMemory(bench, arena, levels, loops, effort.memory);
    Append(rows, RefineMemory(bench, arena, found, effort.memory));
    if (threads == 1) {
      const std::vector<Ceiling> latencies = Latencies(bench, arena, levels, effort.latency_s);
      Append(rows, latencies);
      Append(machine.notes, NearlyEqualLatencies(latencies));
    }
  }
  Arena arena(extent.slice_bytes, threads, Buffer::Pages::kSmall, bench.cpus());
  if (effort.small_page_patterns) {
    Append(curve, SweepCurve(bench, arena, curve_loops, extent.curve_bytes, 1, effort.memory).rows);
  }
  std::erase_if(loops, [&](const MemoryLoop* loop) { return loop->isa != best_isa || !OnSmallPages(*loop, effort); });
  const std::vector<MemoryCandidate> found = ExploreMemory(bench, arena, levels, loops, effort.memory);
  Append(rows, RefineMemory(bench, arena, found, effort.memory));
  return rows;
}

// The compute loops to run; what this machine has no roof for is noted.
std::vector<const ComputeLoop*> WantedLoops(const Effort& effort, Machine& machine) {
  std::vector<const ComputeLoop*> loops = ComputeLoopsOf(machine.isa);
  for (std::string& note : MissingDotNotes(loops, ReadDotFeatures())) machine.notes.push_back(std::move(note));
  if (!effort.denominators_only) return loops;
  std::erase_if(loops, [&](const ComputeLoop* loop) {
    return loop->op_mix != DenominatorMix(loop->dtype) || (loop->dtype != "f32" && loop->isa != machine.isa.front());
  });
  return loops;
}

// All roofs of one kind of core. Compute is visited before and after memory, seconds apart.
std::vector<Ceiling> GroupCeilings(Bench& bench, const Host& host, const CoreGroup& group,
                                   std::span<const ComputeLoop* const> loops, const Effort& effort, Machine& machine,
                                   std::vector<CurveRow>& curve) {
  bench.PinTo(group.cores);
  std::vector<Ceiling> rows;
  const std::vector<ComputeCandidate> compute = ExploreCompute(bench, loops, group.threads, effort.compute);
  const size_t first = curve.size();
  for (const int team : group.threads) Append(rows, MemoryCeilings(bench, host, machine, team, effort, curve));
  Append(rows, RefineCompute(bench, compute, effort.compute));
  for (Ceiling& row : rows) {
    row.core_kind = group.kind;
    SetFlopPerCycle(row);
  }
  for (size_t i = first; i < curve.size(); ++i) curve[i].core_kind = group.kind;
  return rows;
}

template <size_t kCount>
size_t Rank(const std::array<std::string_view, kCount>& order, std::string_view name) {
  return static_cast<size_t>(std::find(order.begin(), order.end(), name) - order.begin());
}

}  // namespace

Effort DefaultEffort() { return {}; }

Effort QuickEffort() {
  Effort effort;
  effort.denominators_only = true;
  effort.second_width = false;
  effort.small_page_patterns = false;
  effort.compute = {.vector_operations = int64_t{1} << 20, .explore_s = 0.015, .refine_s = 0.1};
  effort.memory = {.explore_bytes = 16 * kMiB,
                   .refine_bytes = 64 * kMiB,
                   .points_per_octave = 2,
                   .sizes_per_level = 2,
                   .curve_s = 0.008,
                   .explore_s = 0.008,
                   .refine_s = 0.03};
  effort.latency_s = 0.05;
  effort.limit_s = 6.5;
  return effort;
}

std::vector<int> CheckedThreads(const std::vector<int>& asked, const Host& host) {
  std::vector<int> threads = asked;
  if (threads.empty()) threads = {1, host.max_threads()};
  for (const int count : threads) {
    if (count >= 1 && count <= host.max_threads()) continue;
    throw Error("--threads: got " + std::to_string(count) + "; allowed is 1 to " + std::to_string(host.max_threads()) +
                ", the physical cores that this process may use");
  }
  std::sort(threads.begin(), threads.end());
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  return threads;
}

ProbeResult RunProbe(const Host& host, const Topology& topology, const std::vector<int>& threads, const Effort& wanted,
                     const Watch& watch) {
  MostBytes(host, wanted);  // too little memory is told before anything is measured
  ProbeResult result;
  Machine& machine = result.machine;
  machine = DescribeMachine(topology, host);
  machine.utc = UtcNow();
  machine.compiler = Compiler();
  machine.build_type = ROOFGAP_BUILD_TYPE;

  const std::vector<const ComputeLoop*> loops = WantedLoops(wanted, machine);
  const std::vector<CoreGroup> groups = CoreGroups(machine, topology, host, threads);
  size_t teams = 0;
  for (const CoreGroup& group : groups) teams += group.threads.size();
  const double estimate_s = EstimateSeconds(machine, loops.size(), teams, wanted);
  const Effort effort = Scaled(wanted, std::min(1.0, wanted.limit_s / estimate_s));
  Bench bench(host.cores, watch, std::min(estimate_s, wanted.limit_s));
  for (const CoreGroup& group : groups) {
    Machine seen = machine;  // as these cores see it
    seen.caches = group.caches;
    seen.notes.clear();
    Append(result.ceilings.rows, GroupCeilings(bench, host, group, loops, effort, seen, result.curve));
    for (const std::string& note : seen.notes) {
      machine.notes.push_back(groups.size() == 1 ? note : group.kind + " cores: " + note);
    }
  }
  for (Ceiling& row : result.ceilings.rows) row.machine_id = machine.machine_id;
  for (CurveRow& row : result.curve) row.machine_id = machine.machine_id;
  SortCeilings(machine, result.ceilings);
  return result;
}

void SortCeilings(const Machine& machine, Ceilings& ceilings) {
  constexpr std::array<std::string_view, 3> kKinds = {"compute", "memory", "latency"};
  constexpr std::array<std::string_view, 4> kTypes = {"f32", "f64", "bf16", "s8"};
  constexpr std::array<std::string_view, 4> kMixes = {"fma", "fma_add", "mul_add", "dot"};
  constexpr std::array<std::string_view, 8> kPatterns = {"load",  "read2_write1", "copy",    "update",
                                                         "triad", "store",        "nt_copy", "nt_store"};
  const auto key = [&](const Ceiling& row) {
    const auto isa = std::find(machine.isa.begin(), machine.isa.end(), row.isa) - machine.isa.begin();
    const auto cores = std::find_if(machine.core_kinds.begin(), machine.core_kinds.end(),
                                    [&](const CoreKind& kind) { return kind.name == row.core_kind; }) -
                       machine.core_kinds.begin();
    const std::string level = row.level == "DRAM" ? "M" : row.level;  // after L4
    return std::make_tuple(Rank(kKinds, row.kind), isa, Rank(kTypes, row.dtype), Rank(kMixes, row.op_mix), level,
                           Rank(kPatterns, row.pattern), row.pages, cores, row.threads);
  };
  std::stable_sort(ceilings.rows.begin(), ceilings.rows.end(),
                   [&](const Ceiling& a, const Ceiling& b) { return key(a) < key(b); });
}

void CheckProbeDir(const std::filesystem::path& dir) {
  std::error_code error;
  for (const std::string_view file : {files::kMeasurements, files::kRun}) {
    if (!std::filesystem::exists(dir / file, error)) continue;
    throw Error("cannot write into " + dir.string() + ": it holds a run (" + std::string(file) +
                "); allowed is a new directory or that of a probe");
  }
  CreateWritableDir(dir);
}

void WriteProbe(const std::filesystem::path& dir, const ProbeResult& result) {
  WriteCeilings(dir / files::kCeilings, result.ceilings);
  ReplaceFile(dir / files::kCurve, CsvText<CurveRow>(result.curve));
  WriteMachine(dir / files::kMachine, result.machine);
}

}  // namespace roofgap
