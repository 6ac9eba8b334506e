#include "hwprobe/recheck.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "harness/measure/pinning.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "hwprobe/core_groups.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

bool Ran(const Record& record) { return record.status == kMeasured || record.status == kUnstable; }

std::string ThreadsText(int threads) { return std::to_string(threads) + (threads == 1 ? " thread" : " threads"); }

bool HasTeam(const Ceilings& ceilings, const std::string& core_kind, int threads) {
  return std::any_of(ceilings.rows.begin(), ceilings.rows.end(),
                     [&](const Ceiling& row) { return row.core_kind == core_kind && row.threads == threads; });
}

// What a team of threads on cores of one kind ran.
struct Used {
  std::set<std::string> isas;
  std::set<std::pair<std::string, std::string>> types;  // (instruction set, data type)
};

// The denominators of what was used.
std::vector<const ComputeLoop*> UsedLoops(const Used& used) {
  const std::vector<std::string> isas(used.isas.begin(), used.isas.end());
  std::vector<const ComputeLoop*> loops = ComputeLoopsOf(isas);
  std::erase_if(loops, [&](const ComputeLoop* loop) {
    return loop->op_mix != DenominatorMix(loop->dtype) ||
           !used.types.contains({std::string(loop->isa), std::string(loop->dtype)});
  });
  return loops;
}

// The fastest huge-page row of each level and instruction set, for one thread count on one kind of core: near the core
// a row's roof is that of its own vectors.
std::vector<Ceiling> MemoryRoofs(const Ceilings& ceilings, const std::string& core_kind, int threads) {
  std::map<std::pair<std::string, std::string>, Ceiling> best;  // by level and instruction set
  for (const Ceiling& row : ceilings.rows) {
    if (row.kind != "memory" || row.threads != threads || row.core_kind != core_kind || row.pages != "huge") continue;
    if (!row.best || !row.working_set_bytes) continue;
    const auto [known, is_new] = best.try_emplace({row.level, row.isa}, row);
    if (!is_new && *row.best > *known->second.best) known->second = row;
  }
  std::vector<Ceiling> roofs;
  for (auto& [key, row] : best) roofs.push_back(std::move(row));
  return roofs;
}

std::vector<Ceiling> RecheckMemory(Bench& bench, const std::vector<Ceiling>& roofs, int threads,
                                   const std::set<std::string>& isas, const MemoryEffort& effort) {
  double most = 0;
  for (const Ceiling& roof : roofs) most = std::max(most, *roof.working_set_bytes);
  Arena arena(static_cast<int64_t>(most / threads), threads, Buffer::Pages::kHuge, bench.cpus());
  std::vector<MemoryCandidate> candidates;
  for (const Ceiling& roof : roofs) {
    if (!isas.contains(roof.isa)) continue;
    const Level level{.name = roof.level,
                      .capacity_bytes = roof.capacity_bytes.value_or(0),
                      .knee_bytes = roof.knee_bytes.value_or(0),
                      .reported_bytes = roof.reported_bytes.value_or(0)};
    for (const MemoryLoop* loop : LoopsOf(roof.isa, roof.pattern)) {
      const int64_t bytes = static_cast<int64_t>(*roof.working_set_bytes) / threads;
      candidates.push_back({loop, level, std::max<int64_t>(loop->granule_bytes, loop->Footprint(bytes))});
    }
  }
  // The first run's best had the better of two visits; so has this one.
  const std::vector<Ceiling> first = RefineMemory(bench, arena, candidates, effort);
  for (size_t i = 0; i < candidates.size(); ++i) candidates[i].best_gbps = first[i].best.value_or(0);
  std::vector<Ceiling> rows;
  for (const Ceiling& row : RefineMemory(bench, arena, candidates, effort)) {
    if (!rows.empty() && rows.back().level == row.level && rows.back().isa == row.isa) {
      if (row.best.value_or(0) > rows.back().best.value_or(0)) rows.back() = row;
    } else {
      rows.push_back(row);
    }
  }
  return rows;
}

std::vector<Ceiling> RecheckTeam(Bench& bench, const Used& used, const std::vector<Ceiling>& memory_roofs, int threads,
                                 const std::set<std::string>& isas, const Effort& effort) {
  const std::vector<const ComputeLoop*> loops = UsedLoops(used);
  const std::vector<ComputeCandidate> compute = ExploreCompute(bench, loops, {&threads, 1}, effort.compute);
  std::vector<Ceiling> rows = RecheckMemory(bench, memory_roofs, threads, isas, effort.memory);
  const std::vector<Ceiling> again = RefineCompute(bench, compute, effort.compute);
  rows.insert(rows.end(), again.begin(), again.end());
  return rows;
}

}  // namespace

RecheckResult Recheck(const std::filesystem::path& run_dir, const Host& host, const Topology& topology,
                      const Effort& effort, const Watch& watch) {
  std::error_code error;
  const std::vector<Record> records = ReadMeasurements(run_dir / files::kMeasurements);
  if (!std::filesystem::exists(run_dir / files::kCeilings, error)) {
    throw Error("--recheck: " + run_dir.string() +
                " holds no ceilings.csv: run hwprobe, then roofgap run with --probe");
  }
  CreateWritableDir(run_dir);  // before the measuring, not when its result is to be kept
  const Machine machine = DescribeMachine(topology, host);
  const Ceilings ceilings = ReadCeilings(run_dir / files::kCeilings);
  for (const Ceiling& row : ceilings.rows) {
    if (row.machine_id == host.machine_id) continue;
    throw Error("--recheck: " + run_dir.string() + " was measured on machine " + row.machine_id + "; this is " +
                host.machine_id);
  }
  const std::set<std::string> isas(machine.isa.begin(), machine.isa.end());
  std::map<std::pair<std::string, int>, Used> teams;  // by kind of core and thread count
  std::set<int> counts, too_many;
  for (const Record& record : records) {
    if (!Ran(record) || record.threads < 1) continue;
    if (record.threads > host.max_threads()) {
      too_many.insert(record.threads);
      continue;
    }
    Used& used = teams[{record.core_kind, record.threads}];
    counts.insert(record.threads);
    if (!isas.contains(record.isa)) continue;
    used.isas.insert(record.isa);
    used.types.emplace(record.isa, record.dtype);
  }

  std::set<std::pair<std::string, int>> measured;
  if (!counts.empty()) CheckTeam(*counts.rbegin());
  Bench bench(host.cores, watch, static_cast<double>(teams.size()) * (8 * effort.compute.explore_s + 4.0));
  RecheckResult result;
  for (const int threads : too_many) {
    result.notes.push_back("not measured again: the roofs of " + ThreadsText(threads) + ", for this process may use " +
                           std::to_string(host.max_threads()));
  }
  for (const CoreGroup& group : CoreGroups(machine, topology, host, {counts.begin(), counts.end()})) {
    bench.PinTo(group.cores);
    for (const int threads : group.threads) {
      const auto team = teams.find({group.kind, threads});
      if (team == teams.end()) continue;
      measured.insert(team->first);
      std::vector<Ceiling> rows =
          RecheckTeam(bench, team->second, MemoryRoofs(ceilings, group.kind, threads), threads, isas, effort);
      for (Ceiling& row : rows) {
        row.core_kind = group.kind;
        SetFlopPerCycle(row);
      }
      std::vector<Ceiling>& all = result.ceilings.rows;
      all.insert(all.end(), rows.begin(), rows.end());
    }
  }
  for (const auto& [team, used] : teams) {
    const auto& [kind, threads] = team;
    const std::string what = ThreadsText(threads) + " (" + kind + " cores)";
    if (!measured.contains(team)) {
      result.notes.push_back("not measured again: the roofs of " + what + ", for no such cores are here");
    } else if (!HasTeam(ceilings, kind, threads)) {
      result.notes.push_back("the run's probe has no roofs of " + what + " to compare with: run hwprobe --threads " +
                             std::to_string(threads));
    }
  }
  for (Ceiling& row : result.ceilings.rows) row.machine_id = host.machine_id;
  SortCeilings(machine, result.ceilings);
  return result;
}

}  // namespace roofgap
