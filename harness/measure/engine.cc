#include <benchmark/benchmark.h>

#include <iterator>

#include "harness/measure/clock.h"
#include "harness/measure/group.h"
#include "harness/measure/host.h"
#include "harness/measure/measure.h"
#include "harness/measure/pinning.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

// Google Benchmark wants somebody to report to; the samples are ours.
class Silence : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

// Google Benchmark took its settings from the variables BENCHMARK_* when the program was loaded; those that would keep
// the loop from running once and silently are set back.
void IgnoreEnvironment() {
  const char* words[] = {"measure",          "--benchmark_list_tests=false", "--benchmark_min_warmup_time=0",
                         "--benchmark_out=", "--benchmark_perf_counters=",   "--v=0"};
  int count = static_cast<int>(std::size(words));
  benchmark::Initialize(&count, const_cast<char**>(words));
}

}  // namespace

std::vector<Measurement> Measure(std::span<const Contender> contenders, const MeasureOptions& options) {
  static const std::vector<int> cores = ReadHost().cores;
  const std::vector<int>& cpus = options.cpus.empty() ? cores : options.cpus;
  for (const Contender& contender : contenders) CheckTeam(contender.threads);  // in the body nothing may throw
  std::vector<Measurement> measurements;
  // noexcept: a contender that throws is a fault of the program and ends it.
  const auto body = [&](benchmark::State& state) noexcept {
    for (auto _ : state) {
      const int64_t start = NowNs();
      measurements = MeasureGroup(contenders, options, cpus);
      state.SetIterationTime(static_cast<double>(NowNs() - start) * 1e-9);
    }
  };
  IgnoreEnvironment();
  benchmark::ClearRegisteredBenchmarks();
  benchmark::RegisterBenchmark("Measure", body)->Iterations(1)->Repetitions(1)->UseManualTime();
  Silence silence;
  benchmark::RunSpecifiedBenchmarks(&silence, "Measure");
  benchmark::ClearRegisteredBenchmarks();
  if (measurements.size() != contenders.size()) {
    throw Error("Google Benchmark ran nothing: unset the BENCHMARK_* variables of the environment");
  }
  return measurements;
}

}  // namespace roofgap
