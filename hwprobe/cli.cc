#include "hwprobe/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

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
  hwprobe --quick --out probe          the same in 10 s: fewer patterns, wider intervals
  hwprobe --threads 1,2,4              ceilings for these thread counts
  hwprobe --recheck results/ID/RUN     the roofs a run relies on, again, as ceilings_end.csv in the run
Writes machine.json and ceilings.csv; hwprobe/README.md says what each ceiling means.)";

volatile std::sig_atomic_t stopped_by = 0;

extern "C" void RememberSignal(int signal) { stopped_by = signal; }

void CatchSignals() {
  stopped_by = 0;
  struct sigaction action = {};
  action.sa_handler = RememberSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// One line on stderr while it is a terminal: what is being measured, how far, how long it will still take.
class Progress {
 public:
  ~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

  bool Update(std::string_view stage, double fraction) {
    const auto now = std::chrono::steady_clock::now();
    if (terminal_ && now - last_ > std::chrono::milliseconds(200)) {
      last_ = now;
      shown_ = true;
      const double elapsed_s = std::chrono::duration<double>(now - begin_).count();
      const double left_s = fraction > 0 ? elapsed_s * (1 - fraction) / fraction : 0;
      std::fprintf(stderr, "\r\033[K%3.0f %%, about %.0f s left: %.*s", 100 * fraction, left_s,
                   static_cast<int>(stage.size()), stage.data());
      std::fflush(stderr);
    }
    return stopped_by != 0;
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_;
  bool shown_ = false;
};

struct Options {
  std::string out, recheck;
  std::vector<int> threads;
  bool quick = false;
};

void ProbeInto(const Options& options, const Host& host, const Topology& topology, const Effort& effort) {
  const std::vector<int> threads = CheckedThreads(options.threads, host);
  const std::filesystem::path dir = options.out.empty() ? std::filesystem::path("results") / host.machine_id / "probe"
                                                        : std::filesystem::path(options.out);
  CheckProbeDir(dir);
  ProbeResult result;
  {
    Progress progress;
    result = RunProbe(host, topology, threads, effort,
                      [&](std::string_view stage, double done) { return progress.Update(stage, done); });
  }
  WriteProbe(dir, result);
  std::fputs(Summary(result.machine, result.ceilings).c_str(), stdout);
  std::printf("\nwrote %s and %s\n", (dir / files::kMachine).c_str(), (dir / files::kCeilings).c_str());
}

void RecheckInto(const std::filesystem::path& run_dir, const Host& host, const Topology& topology,
                 const Effort& effort) {
  Ceilings ceilings;
  {
    Progress progress;
    ceilings = Recheck(run_dir, host, topology, effort,
                       [&](std::string_view stage, double done) { return progress.Update(stage, done); });
  }
  WriteCeilings(run_dir / files::kCeilingsEnd, ceilings);
  std::printf("wrote %s: %zu roofs\n", (run_dir / files::kCeilingsEnd).c_str(), ceilings.rows.size());
}

int Dispatch(int argc, const char* const* argv) {
  CLI::App app("hwprobe: the ceilings of this machine, measured with the clock that times the kernels", "hwprobe");
  app.footer(kExamples);
  Options options;
  app.add_option("--out", options.out, "Directory of the probe; default: results/<machine_id>/probe");
  app.add_flag("--quick", options.quick, "At most 10 s instead of a minute");
  CLI::Option* threads =
      app.add_option("--threads", options.threads, "Thread counts; default: 1 and all cores")->delimiter(',');
  app.add_option("--recheck", options.recheck, "Run directory whose roofs to measure again")->excludes(threads);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    throw Error(std::string(error.what()) + "; see --help");
  }
  CatchSignals();
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
    return Dispatch(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "hwprobe: %s\n", error.what());
    return 2;
  } catch (const Interrupted&) {
    std::fputs("hwprobe: stopped; nothing was written\n", stderr);
    return 128 + stopped_by;
  }
}

}  // namespace roofgap
