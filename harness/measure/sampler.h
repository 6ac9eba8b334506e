#ifndef ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
#define ROOFGAP_HARNESS_MEASURE_SAMPLER_H_

#include <span>
#include <vector>

#include "harness/measure/measure.h"

namespace roofgap {

// Measures a group of contenders; what runs inside the Google Benchmark body.
std::vector<Measurement> SampleGroup(std::span<const Contender> contenders, const MeasureOptions& options,
                                     const std::vector<int>& cpus);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_SAMPLER_H_
