#ifndef ROOFGAP_HARNESS_ANALYSIS_SLOW_PHASE_H_
#define ROOFGAP_HARNESS_ANALYSIS_SLOW_PHASE_H_

#include <span>
#include <vector>

#include "harness/record/record.h"

namespace roofgap {

// How much longer a row's canary took (canary_ns: fixed arithmetic, harness/measure/canary.h) than beside the best row
// of the run on as many threads of the kind: 2 where the machine ran at half its speed for the whole group, which the
// group alone cannot see. 1 for the best. Empty where the canary read memory, whose speed others share, or is missing.
// In the order of `records`.
std::vector<Number> Slowdowns(std::span<const Record> records);

// Beyond, the machine was in another state. Of 3423 rows in 12 runs on a shared machine 3380 lie within 1.1; most
// others are at 1.5 or 2.0 to 2.1, whole groups at a time and on two threads, as if both ran on one core.
inline constexpr double kSlowPhase = 1.1;

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_SLOW_PHASE_H_
