#ifndef ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
#define ROOFGAP_HARNESS_RUN_BUILD_INFO_H_

#include <filesystem>
#include <string>

#include "harness/record/record.h"

namespace roofgap {

// Of the program.
std::string Version();

// `path` as it stands; or where nothing is there, below the folder that the program came in, which the launcher of a
// bundle (scripts/bundle) names in the environment variable ROOFGAP_HOME. An error names the path as it was given.
std::filesystem::path Shipped(const std::filesystem::path& path);

// A RunInfo that knows the program (version, compiler, build type, libraries) and the time; the rest is the run's.
RunInfo NewRunInfo();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
