#ifndef ROOFGAP_HARNESS_RUN_BUDGETS_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_BUDGETS_COMMAND_H_

#include <filesystem>
#include <string>

namespace roofgap {

struct BudgetsOptions {
  std::filesystem::path run_dir;
  std::filesystem::path budgets = "configs/budgets.json";
  std::string csv;  // one more file; `-`: standard output, in place of the table; empty: none
};

// Holds the rows of a run directory against the budgets of deployment targets: writes budgets.csv there, prints the
// table. Returns 1 when a row is wrong; a missed budget is a finding. Throws Error where there is no run, or the file
// of budgets is missing or broken.
int BudgetsCommand(const BudgetsOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_BUDGETS_COMMAND_H_
