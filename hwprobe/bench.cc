#include "hwprobe/bench.h"

#include <algorithm>

namespace roofgap {

Bench::Bench(std::vector<int> cpus, Watch watch, double estimate_s)
    : cpus_(std::move(cpus)),
      watch_(std::move(watch)),
      estimate_s_(estimate_s),
      begin_(std::chrono::steady_clock::now()) {}

std::vector<Measurement> Bench::Run(std::string_view stage, std::span<const Contender> contenders, double budget_s) {
  MeasureOptions options;
  options.seed = seed_++;
  options.budget_s = budget_s;
  options.target = 0;  // the whole budget: a best gets better with time, whatever the median's interval
  options.warmup_floor_s = std::min(options.warmup_floor_s, budget_s / 5);
  options.warmup_cap_s = budget_s / 2;
  options.block_s = std::min(options.block_s, budget_s / 4);
  options.cpus = cpus_;
  options.interrupted = [&](double) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
    return watch_ && watch_(stage, std::min(0.99, elapsed.count() / estimate_s_));
  };
  std::vector<Measurement> measurements = Measure(contenders, options);
  for (const Measurement& m : measurements) {
    if (m.interrupted) throw Interrupted();
  }
  return measurements;
}

Ceiling RateOf(const Measurement& measurement, double work) {
  const Statistics& s = measurement.statistics;
  Ceiling row;
  if (s.n > 0 && s.min > 0) {
    row.best = work / s.min;
    row.median = work / s.median;
    if (s.ci_high) row.ci_low = work / *s.ci_high;
    if (s.ci_low) row.ci_high = work / *s.ci_low;
  }
  row.n = s.n;
  if (measurement.clock_ghz > 0) row.clock_ghz = measurement.clock_ghz;
  return row;
}

void SetFlopPerCycle(Ceiling& row) {
  if (row.kind == "compute" && row.median && row.clock_ghz) {
    row.flop_per_cycle = *row.median / row.threads / *row.clock_ghz;
  }
}

void TakeBest(Ceiling& row, double earlier_best) { row.best = std::max(row.best.value_or(0), earlier_best); }

}  // namespace roofgap
