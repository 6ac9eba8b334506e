#ifndef ROOFGAP_HARNESS_ANALYSIS_DRIFT_H_
#define ROOFGAP_HARNESS_ANALYSIS_DRIFT_H_

#include <span>
#include <string>
#include <vector>

#include "harness/record/record.h"

// The roofs that a run relies on, measured before it and again after it (`hwprobe --recheck`).

namespace roofgap {

// A roof that was measured twice.
struct Drift {
  std::string roof;  // "compute AVX3 fma, 2 threads", "DRAM update, 1 thread"; what alike ones differ in: ", AVX2"
  std::string unit;
  double before = 0, after = 0;  // medians
  double change() const { return after / before - 1; }
};

// In the order of `end`; a roof that stands in one of the two alone has no drift.
std::vector<Drift> FindDrift(const Ceilings& begin, const Ceilings& end);

// `begin`, and where `end` has the same roof, both visits: the better best, for nothing may pass it; the mean of the
// two medians and clocks, for the run lay between them.
Ceilings BothVisits(const Ceilings& begin, const Ceilings& end);

// What moved by more than 5 %, in a few lines; "" when nothing was measured twice.
std::string RenderDrift(std::span<const Drift> drifts);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_DRIFT_H_
