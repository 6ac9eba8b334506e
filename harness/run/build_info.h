#ifndef ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
#define ROOFGAP_HARNESS_RUN_BUILD_INFO_H_

#include "harness/record/record.h"

namespace roofgap {

// A RunInfo that knows the program (version, compiler, build type, libraries) and the time; the rest is the run's.
// Of the program.
std::string Version();

RunInfo NewRunInfo();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
