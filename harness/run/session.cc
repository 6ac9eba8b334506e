#include "harness/run/session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <set>
#include <utility>

#include "harness/measure/host.h"
#include "harness/measure/interrupt.h"
#include "harness/measure/pinning.h"
#include "harness/measure/progress.h"
#include "harness/plan/expand.h"
#include "harness/plan/suite.h"
#include "harness/record/benchmark_json.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "harness/run/build_info.h"
#include "harness/run/machine.h"
#include "harness/run/offer.h"
#include "harness/run/run_rows.h"
#include "harness/run/runner.h"
#include "kernels/api/error.h"

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
  for (const Ceiling& row : probe.ceilings.rows) {
    if (row.machine_id == host.machine_id) continue;
    throw Error((dir / files::kCeilings).string() + ": a ceiling is of machine " + row.machine_id + ", this is " +
                host.machine_id);
  }
  return probe;
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

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

// Makes the run directory. All files that say what the run is stand before its first row; when one cannot be written,
// none is left.
RunRows OpenRun(const fs::path& dir, const Machine& machine, const std::optional<Probe>& probe, const Request& request,
                const RunInfo& info, std::span<const Case> cases) {
  CreateRunDir(dir);
  try {
    WriteMachine(dir / files::kMachine, machine);
    if (probe) WriteCeilings(dir / files::kCeilings, probe->ceilings);
    if (probe && fs::exists(probe->dir / files::kCurve)) {
      ReplaceFile(dir / files::kCurve, ReadFile(probe->dir / files::kCurve));
    }
    ReplaceFile(dir / files::kSuite, SuiteText(request));
    WriteRunInfo(dir / files::kRun, info);
    return RunRows(dir / files::kMeasurements, cases);
  } catch (const Error&) {
    for (const auto& entry : fs::directory_iterator(dir)) fs::remove(entry);
    throw;
  }
}

// Measures the `missing` cases into `rows`, group by group, and closes the run: run.json says what became of it, and
// `log` in a line.
int MeasureInto(const fs::path& dir, RunRows* rows, std::span<const Case> missing, RunContext context, RunInfo info,
                std::FILE* log) {
  CatchInterrupts();
  Progress progress;
  size_t done = 0;
  std::exception_ptr failed;  // a row could not be written: that ends the run
  context.draft = [&](const Record& record) {
    try {
      if (!failed) rows->Draft(record);
    } catch (const Error&) {
      failed = std::current_exception();
    }
  };
  EnergyPass energy(info.energy_s.value_or(0), "/",
                    WhyAwake(Environment("OMP_WAIT_POLICY"), Environment("GOMP_SPINCOUNT")));
  energy.MeasureIdle([&] {
    progress.Update(0, "idle power");
    return InterruptSignal() != 0;
  });
  context.energy = &energy;
  for (std::span<const Case> group : Groups(missing)) {
    const std::string what = Describe(group.front().problem);
    const auto before = static_cast<double>(done);
    context.interrupted = [&](double part) {
      const double finished = before + part * static_cast<double>(group.size());
      progress.Update(finished / static_cast<double>(missing.size()), what);
      return failed || InterruptSignal() != 0;
    };
    if (context.interrupted(0)) break;
    const std::vector<Record> records = RunGroup(group, context);
    if (failed) std::rethrow_exception(failed);
    rows->Settle(records);
    done += records.size();
  }
  const bool complete = rows->count() == info.cases;
  if (complete) info.status = "complete";
  info.measured = rows->count(kMeasured);
  info.unstable = rows->count(kUnstable);
  info.skipped = rows->count(kSkipped);
  info.wrong = rows->count(kWrong);
  WriteRunInfo(dir / files::kRun, info);

  progress.Clear();
  std::fprintf(log, "%lld of %lld rows in %s: %lld measured, %lld unstable, %lld skipped, %lld wrong\n",
               static_cast<long long>(rows->count()), static_cast<long long>(info.cases), dir.c_str(),
               static_cast<long long>(info.measured), static_cast<long long>(info.unstable),
               static_cast<long long>(info.skipped), static_cast<long long>(info.wrong));
  if (!complete) {
    std::fprintf(log, "interrupted; `roofgap run --resume %s` goes on\n", dir.c_str());
    return 128 + InterruptSignal();
  }
  return info.wrong > 0 ? 1 : 0;
}

// What is known of a run before its first row: the program, and what the machine gives it.
RunInfo BeginRun(const Host& host) {
  RunInfo info = NewRunInfo();
  info.machine_id = host.machine_id;
  info.max_threads = host.max_threads();
  info.cores = host.cores;
  return info;
}

// Throws Error unless the program, the machine and the process's share of it are those of the run.
void CheckSame(const fs::path& dir, const RunInfo& then, const RunInfo& now) {
  const auto check = [&](const char* what, const std::string& was, const std::string& is) {
    if (was != is) {
      throw Error((dir / files::kRun).string() + ": " + what + " was '" + was + "' and is '" + is +
                  "'; rows of both do not belong into one run");
    }
  };
  const auto libraries = [](const RunInfo& info) {
    std::string names;
    for (const std::string& name : info.libraries) names += name + " ";
    return names;
  };
  const auto cores = [](const RunInfo& info) {
    std::string cpus;
    for (int cpu : info.cores) cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
    return cpus;
  };
  check("machine_id", then.machine_id, now.machine_id);
  check("roofgap_version", then.roofgap_version, now.roofgap_version);
  check("compiler", then.compiler, now.compiler);
  check("build_type", then.build_type, now.build_type);
  check("program", then.program, now.program);
  check("libraries", libraries(then), libraries(now));
  check("max_threads", std::to_string(then.max_threads), std::to_string(now.max_threads));
  check("cores", cores(then), cores(now));
}

}  // namespace

int RunSuite(const RunOptions& options) {
  const Host host = ReadHost();
  Request request = options.request;
  for (RequestedProblem& problem : request.problems) problem.axes = Override(problem.axes, options.overrides);
  const Offer offer = MakeOffer(request, host);
  CheckOffered(options.overrides, offer);
  const std::vector<Case> cases = Expand(request, offer);
  CheckTeam(host.max_threads());
  if (options.dry_run) {
    PrintCases(request, cases);
    return 0;
  }
  const std::optional<Probe> probe = FindProbe(options.probe, host);

  RunInfo info = BeginRun(host);
  std::string stamp = info.utc;
  std::erase(stamp, '-');
  std::erase(stamp, ':');
  info.run_id = stamp + "-" + request.name;
  info.suite = request.name;
  info.command = options.command;
  info.seed = static_cast<int64_t>(request.seed);
  info.energy_s = options.energy_s;
  info.status = "partial";
  info.notes = host.notes;
  if (probe) info.probe = probe->dir.filename().string();
  std::set<std::string> problems;
  for (const Case& one : cases) problems.insert(Describe(one.problem));
  info.problems = static_cast<int64_t>(problems.size());
  info.cases = static_cast<int64_t>(cases.size());

  const fs::path dir = options.out.value_or(fs::path("results") / host.machine_id / info.run_id);
  const Machine machine = probe ? probe->machine : MachineWithoutProbe(host);
  const bool printed = options.benchmark_json == "-";
  // A path that cannot be written is told before hours of measuring.
  if (options.benchmark_json && !printed) CheckReplaceable(*options.benchmark_json);
  RunRows rows = OpenRun(dir, machine, probe, request, info, cases);

  std::FILE* const log = printed ? stderr : stdout;
  const int code = MeasureInto(
      dir, &rows, cases, {.host = host, .run_id = info.run_id, .core_kinds = machine.core_kinds, .seed = request.seed},
      info, log);
  if (options.benchmark_json) {
    const std::string json = BenchmarkJson(info, ReadMeasurements(dir / files::kMeasurements));
    if (printed) {
      std::fputs(json.c_str(), stdout);
    } else {
      ReplaceFile(*options.benchmark_json, json);
    }
  }
  if (!probe) std::fprintf(log, "without ceilings; `hwprobe` finds them, then run again\n");
  return code;
}

int ResumeRun(const fs::path& dir) {
  const Host host = ReadHost();
  RunInfo info = ReadRunInfo(dir / files::kRun);
  if (info.status == "complete") throw Error((dir / files::kRun).string() + ": the run is complete, nothing is left");
  CheckSame(dir, info, BeginRun(host));
  Request request = ReadSuite(dir / files::kSuite);
  request.seed = static_cast<uint64_t>(info.seed);

  const std::vector<Case> cases = Expand(request, MakeOffer(request, host));
  if (static_cast<int64_t>(cases.size()) != info.cases) {
    throw Error((dir / files::kSuite).string() + ": asks for " + std::to_string(cases.size()) + " cases; " +
                std::string(files::kRun) + " planned " + std::to_string(info.cases));
  }
  CheckTeam(host.max_threads());
  const std::vector<CoreKind> core_kinds = ReadMachine(dir / files::kMachine).core_kinds;

  RunRows rows = RunRows::Resume(dir / files::kMeasurements, cases);
  SweepTemporaries(dir);
  std::vector<Case> missing = cases;
  std::erase_if(missing, [&](const Case& one) { return rows.has(one); });
  return MeasureInto(dir, &rows, missing,
                     {.host = host, .run_id = info.run_id, .core_kinds = core_kinds, .seed = request.seed}, info,
                     stdout);
}

}  // namespace roofgap
