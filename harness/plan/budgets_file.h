#ifndef ROOFGAP_HARNESS_PLAN_BUDGETS_FILE_H_
#define ROOFGAP_HARNESS_PLAN_BUDGETS_FILE_H_

#include <filesystem>
#include <string_view>
#include <vector>

#include "harness/record/budget.h"

namespace roofgap {

// Reads a file of budgets (configs/README.md gives the format). Throws Error that names the file and the JSON pointer,
// what was got and what is allowed; unknown keys are errors.
std::vector<Budget> ReadBudgets(const std::filesystem::path& path);

// The same for text; `file` is the name to use in messages.
std::vector<Budget> ParseBudgets(std::string_view text, const std::filesystem::path& file);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_BUDGETS_FILE_H_
