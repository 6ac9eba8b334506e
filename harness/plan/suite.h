#ifndef ROOFGAP_HARNESS_PLAN_SUITE_H_
#define ROOFGAP_HARNESS_PLAN_SUITE_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/plan/request.h"

namespace roofgap {

// Reads a suite file (configs/README.md gives the format). Throws Error that names the file and the JSON pointer, what
// was got and what is allowed; unknown keys are errors, so that a misspelt axis cannot be ignored.
Request ReadSuite(const std::filesystem::path& path);

// The same for text; `file` is the name to use in messages and, without folder and extension, as the suite's name.
Request ParseSuite(std::string_view text, const std::filesystem::path& file);

// The request as a suite: ParseSuite(SuiteText(request)) asks for the same, but for `where`, seed and name.
std::string SuiteText(const Request& request);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_SUITE_H_
