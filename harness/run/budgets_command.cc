#include "harness/run/budgets_command.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "harness/analysis/budgets.h"
#include "harness/plan/budgets_file.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/build_info.h"
#include "harness/run/run_gaps.h"

namespace roofgap {

int BudgetsCommand(const BudgetsOptions& options) {
  const std::vector<Budget> budgets = ReadBudgets(ShippedOrNamed(options.budgets, "--budgets"));
  const RunGaps run = ReadRunGaps(options.run_dir, {});
  const std::vector<BudgetRow> rows = JudgeBudgets(run.gaps, budgets);
  const std::string csv = CsvText<BudgetRow>(rows);
  ReplaceFile(options.run_dir / files::kBudgets, csv);
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  std::fputs((options.csv == "-" ? csv : RenderBudgets(rows, budgets)).c_str(), stdout);
  return std::any_of(rows.begin(), rows.end(), [](const BudgetRow& row) { return row.status == kWrong; }) ? 1 : 0;
}

}  // namespace roofgap
