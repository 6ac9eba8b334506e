#include "hwprobe/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "harness/measure/interrupt.h"
#include "harness/measure/pinning.h"
#include "harness/measure/progress.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "hwprobe/probe.h"
#include "hwprobe/recheck.h"
#include "hwprobe/report.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

constexpr const char* kExamples = R"(Examples:
  hwprobe                              ceilings for one thread and for all, into results/<machine_id>/probe
  hwprobe --quick --out probe          the same in 10 s: fewer mixes, one vector width, wider intervals
  hwprobe --threads 1,2,4              ceilings for these thread counts
  hwprobe --recheck results/ID/RUN     the roofs a run relies on, again, as ceilings_end.csv in the run
Writes machine.json, ceilings.csv and curve.csv; hwprobe/README.md says what each ceiling means.
Exit codes: 0 done; 2 usage or input error, in one line; 130, 143 interrupted by Ctrl-C or SIGTERM, nothing written.)";

// Shows how far the measuring is; says whether to stop.
Watch Watching(Progress* progress) {
  return [progress](std::string_view stage, double done) {
    progress->Update(done, std::string(stage));
    return InterruptSignal() != 0;
  };
}

struct Options {
  std::string out, recheck;
  std::vector<int> threads;
  bool quick = false;
};

void ProbeInto(const Options& options, const Host& host, const Topology& topology, const Effort& effort) {
  const std::vector<int> threads = CheckedThreads(options.threads, host);
  const std::filesystem::path dir = options.out.empty() ? std::filesystem::path("results") / host.machine_id / "probe"
                                                        : std::filesystem::path(options.out);
  CheckTeam(threads.back());
  CheckProbeDir(dir);
  Progress progress;
  const ProbeResult result = RunProbe(host, topology, threads, effort, Watching(&progress));
  progress.Clear();
  WriteProbe(dir, result);
  std::fputs(Summary(result.machine, result.ceilings).c_str(), stdout);
  std::printf("\nwrote %s, %s and %s\n", (dir / files::kMachine).c_str(), (dir / files::kCeilings).c_str(),
              (dir / files::kCurve).c_str());
}

void RecheckInto(const std::filesystem::path& run_dir, const Host& host, const Topology& topology,
                 const Effort& effort) {
  Progress progress;
  const RecheckResult again = Recheck(run_dir, host, topology, effort, Watching(&progress));
  progress.Clear();
  WriteCeilings(run_dir / files::kCeilingsEnd, again.ceilings);
  for (const std::string& note : again.notes) std::printf("note: %s\n", note.c_str());
  std::printf("wrote %s: %zu roofs\n", (run_dir / files::kCeilingsEnd).c_str(), again.ceilings.rows.size());
}

int Dispatch(int argc, const char* const* argv) {
  CLI::App app("hwprobe: the ceilings of this machine, measured with the clock that times the kernels", "hwprobe");
  app.footer(kExamples);
  Options options;
  CLI::Option* out =
      app.add_option("--out", options.out, "Directory of the probe; default: results/<machine_id>/probe");
  app.add_flag("--quick", options.quick, "At most 10 s instead of a minute");
  CLI::Option* threads =
      app.add_option("--threads", options.threads, "Thread counts; default: 1 and all cores")->delimiter(',');
  app.add_option("--recheck", options.recheck, "Run directory whose roofs to measure again")
      ->excludes(threads)
      ->excludes(out);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    throw Error(std::string(error.what()) + "; see --help");
  }
  CatchInterrupts();
  const Host host = ReadHost();
  const Topology topology = ReadTopology();
  const Effort effort = options.quick ? QuickEffort() : DefaultEffort();
  if (options.recheck.empty()) {
    ProbeInto(options, host, topology, effort);
  } else {
    RecheckInto(options.recheck, host, topology, effort);
  }
  return 0;
}

}  // namespace

int HwprobeMain(int argc, const char* const* argv) {
  try {
    const int code = Dispatch(argc, argv);
    CheckStandardOutput();
    return code;
  } catch (const Interrupted&) {
    std::fputs("hwprobe: stopped; nothing was written\n", stderr);
    return 128 + InterruptSignal();
  } catch (const std::bad_alloc&) {
    std::fputs("hwprobe: out of memory\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hwprobe: %s\n", error.what());
    return 2;
  }
}

}  // namespace roofgap
