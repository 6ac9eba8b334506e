#include <benchmark/benchmark.h>

#include "harness/measure/clock.h"
#include "harness/measure/group.h"
#include "harness/measure/host.h"
#include "harness/measure/measure.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

// Google Benchmark wants somebody to report to; the samples are ours.
class Silence : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

}  // namespace

std::vector<Measurement> Measure(std::span<const Contender> contenders, const MeasureOptions& options) {
  // Read once, before anything is pinned: later the mask would be that of a pinned thread.
  static const std::vector<int> cores = ReadHost().cores;
  const std::vector<int>& cpus = options.cpus.empty() ? cores : options.cpus;
  std::vector<Measurement> measurements;
  // noexcept: a contender that throws is a fault of the program and ends it.
  const auto body = [&](benchmark::State& state) noexcept {
    for (auto _ : state) {
      const int64_t start = NowNs();
      measurements = MeasureGroup(contenders, options, cpus);
      state.SetIterationTime(static_cast<double>(NowNs() - start) * 1e-9);
    }
  };
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
