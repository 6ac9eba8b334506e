#ifndef ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
#define ROOFGAP_HARNESS_RUN_BUILD_INFO_H_

#include <filesystem>
#include <string>

#include "harness/record/record.h"

namespace roofgap {

// Of the program.
std::string Version();

// `path` as it stands; or where nothing is there, below the folder that the program came in: the one that the launcher
// of a bundle (scripts/bundle) names in the environment variable ROOFGAP_HOME, the program's own, or one above it. An
// error names the path as it was given.
std::filesystem::path Shipped(const std::filesystem::path& path);

// The same; throws Error where there is none, with the option that names another.
std::filesystem::path ShippedOrNamed(const std::filesystem::path& path, const std::string& option);

// A RunInfo that knows the program (version, compiler, build type, libraries) and the time; the rest is the run's.
RunInfo NewRunInfo();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_BUILD_INFO_H_
