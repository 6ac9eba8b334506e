#ifndef ROOFGAP_HARNESS_MEASURE_GROUP_H_
#define ROOFGAP_HARNESS_MEASURE_GROUP_H_

#include <span>
#include <vector>

#include "harness/measure/measure.h"

namespace roofgap {

// Measures contenders against each other in shuffled rounds; what Measure() runs inside its host. `cpus` as in the
// options, but never empty.
std::vector<Measurement> MeasureGroup(std::span<const Contender> contenders, const MeasureOptions& options,
                                      const std::vector<int>& cpus);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_GROUP_H_
