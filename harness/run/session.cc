#include "harness/run/session.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "harness/measure/clock.h"
#include "harness/measure/host.h"
#include "harness/measure/isa_scope.h"
#include "harness/measure/pinning.h"
#include "harness/plan/expand.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "harness/run/build_info.h"
#include "harness/run/interrupt.h"
#include "harness/run/machine.h"
#include "harness/run/progress.h"
#include "harness/run/runner.h"
#include "kernels/api/error.h"
#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// What hwprobe wrote about this machine, if it did.
struct Probe {
  fs::path dir;
  Machine machine;
  Ceilings ceilings;
};

std::optional<Probe> FindProbe(const std::optional<fs::path>& asked, const Host& host) {
  const fs::path dir = asked.value_or(fs::path("results") / host.machine_id / "probe");
  if (!asked && !fs::exists(dir / files::kCeilings)) return std::nullopt;
  Probe probe{dir, ReadMachine(dir / files::kMachine), ReadCeilings(dir / files::kCeilings)};
  if (probe.machine.machine_id != host.machine_id) {
    throw Error(dir.string() + ": the ceilings are of machine " + probe.machine.machine_id + ", this is " +
                host.machine_id + "; run hwprobe --out " + dir.string() + "-" + host.machine_id + " here");
  }
  return probe;
}

// The kind of the cores that threads are pinned to: one name, or "mixed", or "unknown" without a probe.
std::string CoreKindOf(const Host& host, const std::optional<Probe>& probe) {
  if (!probe) return "unknown";
  std::set<std::string> kinds;
  for (const CoreKind& kind : probe->machine.core_kinds) {
    for (int cpu : kind.cpus) {
      if (std::find(host.cores.begin(), host.cores.end(), cpu) != host.cores.end()) kinds.insert(kind.name);
    }
  }
  if (kinds.empty()) return "unknown";
  return kinds.size() == 1 ? *kinds.begin() : "mixed";
}

// Holds variants that can be held only once per process to the isa that is asked for, and says what is offered.
Offer MakeOffer(const Request& request, const Host& host) {
  Offer offer{.max_threads = host.max_threads(), .isas = SupportedIsas()};
  const std::string only = OnlyIsa(request, offer.isas);
  if (!only.empty()) LimitProcessIsa(only);  // declined: the rows are skipped, with what is in effect
  offer.process_isa = ProcessIsa();
  return offer;
}

void PrintCases(const Request& request, const std::vector<Case>& cases) {
  for (const RequestedProblem& asked : request.problems) {
    std::string assumed;
    const Problem problem = ParseProblem(asked.problem, &assumed);
    std::printf("%s  (assumed: %s)\n", Describe(problem).c_str(), assumed.empty() ? "nothing" : assumed.c_str());
  }
  for (const Case& one : cases) {
    std::printf("%-44s %-14s %-4s %-6s threads %-3d %-4s  %s\n", Describe(one.problem).c_str(),
                std::string(one.variant->name).c_str(), std::string(Name(one.dtype)).c_str(), one.isa.c_str(),
                one.threads, one.cold ? "cold" : "warm",
                one.support.ok ? "runs" : ("skipped: " + one.support.reason).c_str());
  }
  std::printf("%zu cases\n", cases.size());
}

void CountStatus(const Record& record, RunInfo* info) {
  if (record.status == kMeasured) ++info->measured;
  if (record.status == kUnstable) ++info->unstable;
  if (record.status == kSkipped) ++info->skipped;
  if (record.status == kWrong) ++info->wrong;
}

// Opens the run directory: all files that say what the run is, before its first row.
void WriteHead(const fs::path& dir, const std::optional<Probe>& probe, const Host& host, const RunInfo& info) {
  CreateRunDir(dir);
  WriteMachine(dir / files::kMachine, probe ? probe->machine : MachineWithoutProbe(host));
  if (probe) WriteCeilings(dir / files::kCeilings, probe->ceilings);
  WriteRunInfo(dir / files::kRun, info);
}

}  // namespace

int RunSuite(const RunOptions& options) {
  const Host host = ReadHost();
  Request request = options.request;
  for (RequestedProblem& problem : request.problems) problem.axes = Override(problem.axes, options.overrides);
  const Offer offer = MakeOffer(request, host);
  CheckOffered(options.overrides, offer);
  const std::vector<Case> cases = Expand(request, offer);
  if (options.dry_run) {
    PrintCases(request, cases);
    return 0;
  }
  const std::optional<Probe> probe = FindProbe(options.probe, host);

  RunInfo info = NewRunInfo();
  std::string stamp = info.utc;
  std::erase(stamp, '-');
  std::erase(stamp, ':');
  info.run_id = stamp + "-" + request.name;
  info.machine_id = host.machine_id;
  info.suite = request.name;
  info.command = options.command;
  info.seed = static_cast<int64_t>(request.seed);
  info.status = "partial";
  if (probe) info.probe = probe->dir.filename().string();
  const std::vector<std::span<const Case>> groups = Groups(cases);
  std::set<std::string> problems;
  for (const Case& one : cases) problems.insert(Describe(one.problem));
  info.problems = static_cast<int64_t>(problems.size());
  info.cases = static_cast<int64_t>(cases.size());

  const fs::path dir = options.out.value_or(fs::path("results") / host.machine_id / info.run_id);
  WriteHead(dir, probe, host, info);
  CsvWriter<Record> rows(dir / files::kMeasurements);

  CatchInterrupts();
  Progress progress;
  size_t done = 0;
  RunContext context{.host = host, .run_id = info.run_id, .core_kind = CoreKindOf(host, probe), .seed = request.seed};
  for (std::span<const Case> group : groups) {
    const std::string what = Describe(group.front().problem);
    context.interrupted = [&](double part) {
      const double finished = static_cast<double>(done) + part * static_cast<double>(group.size());
      progress.Update(finished / static_cast<double>(cases.size()), what);
      return InterruptSignal() != 0;
    };
    if (context.interrupted(0)) break;
    for (const Record& record : RunGroup(group, context)) {
      rows.Write(record);
      CountStatus(record, &info);
      ++done;
    }
  }
  UnpinTeam(host.max_threads(), host.affinity);
  if (done == cases.size()) info.status = "complete";
  WriteRunInfo(dir / files::kRun, info);

  progress.Clear();
  std::printf("%zu of %zu rows in %s: %lld measured, %lld unstable, %lld skipped, %lld wrong\n", done, cases.size(),
              dir.c_str(), static_cast<long long>(info.measured), static_cast<long long>(info.unstable),
              static_cast<long long>(info.skipped), static_cast<long long>(info.wrong));
  if (done < cases.size()) return 128 + InterruptSignal();
  if (!probe) std::printf("without ceilings; `hwprobe` finds them, then run again\n");
  return info.wrong > 0 ? 1 : 0;
}

}  // namespace roofgap
