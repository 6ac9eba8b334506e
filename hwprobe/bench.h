#ifndef ROOFGAP_HWPROBE_BENCH_H_
#define ROOFGAP_HWPROBE_BENCH_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/measure/measure.h"
#include "harness/record/record.h"

namespace roofgap {

// The measuring was stopped from outside (Ctrl-C); nothing of it is to be kept.
struct Interrupted {};

// Told what is being measured and how much of the whole is done, 0 to 1; returns true to stop.
using Watch = std::function<bool(std::string_view stage, double fraction)>;

// How hwprobe measures: Measure(), and the settings that are the same for every ceiling.
class Bench {
 public:
  // `estimate_s`: how long all of it will take, for the fraction that `watch` is told.
  Bench(std::vector<int> cpus, Watch watch, double estimate_s);

  // Spends about `budget_s` on each contender. Throws Interrupted.
  std::vector<Measurement> Run(std::string_view stage, std::span<const Contender> contenders, double budget_s);

  // From now on thread i of every team is pinned to cpus[i].
  void PinTo(std::vector<int> cpus) { cpus_ = std::move(cpus); }
  const std::vector<int>& cpus() const { return cpus_; }

 private:
  std::vector<int> cpus_;
  Watch watch_;
  double estimate_s_;
  std::chrono::steady_clock::time_point begin_;
  uint64_t seed_ = 1;
};

// The part of a row that a measurement gives, for calls that each do `work` (FLOPs or bytes): G per second.
Ceiling RateOf(const Measurement& measurement, double work);

// Takes into `row` an earlier measurement of the same roof: the better best of the two; median, interval and n stay.
void TakeBest(Ceiling& row, double earlier_best);

// Of a compute row whose median, threads and clock are known: FLOPs per cycle and core.
void SetFlopPerCycle(Ceiling& row);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_BENCH_H_
