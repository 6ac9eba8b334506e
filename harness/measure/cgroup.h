#ifndef ROOFGAP_HARNESS_MEASURE_CGROUP_H_
#define ROOFGAP_HARNESS_MEASURE_CGROUP_H_

#include <cstdint>
#include <optional>

#include "harness/measure/system_files.h"

namespace roofgap {

// What the control groups of this process allow it, the tightest limit of the group and of all above it. Version 1 or
// 2, whichever limits; nullopt: nothing does.
std::optional<double> QuotaCpus(const SystemFiles& files);  // CPU time per time
std::optional<int64_t> MemoryLeft(
    const SystemFiles& files);  // limit less what is in use, bytes; inactive pages of files are not in use

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_CGROUP_H_
