#ifndef ROOFGAP_HARNESS_ANALYSIS_BUDGETS_H_
#define ROOFGAP_HARNESS_ANALYSIS_BUDGETS_H_

#include <span>
#include <string>
#include <vector>

#include "harness/analysis/gap.h"
#include "harness/record/budget.h"
#include "harness/record/fields.h"

// Would a row do on a deployment target? Of the time and the memory that were measured here: a budget says what a
// target allows, not how fast its machines are. Of power, what calls take above idle is known, and only of what has a
// sensor; a budget is for all that a device draws. So it tells what misses, and not what fits.

namespace roofgap {

// One row of budgets.csv: a row of the run against one target. Shares are parts of the most that the target allows.
struct BudgetRow {
  int schema_version = kSchemaVersion;
  std::string run_id, utc, machine_id;
  std::string op, problem, label, variant, impl, dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  std::string status, reason;
  std::string target, verdict;
  Number median_ns, latency_share;
  Number peak_bytes, memory_share;
  Number power_w, power_share;
};

template <MaybeConst<BudgetRow> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  VisitKeyFields(row, visit);
  visit(Field{"target", "", "name of the target, as in the file of budgets"}, row.target);
  visit(Field{"verdict", "",
              "fits: all devices of the target; fits the largest: not its smallest; misses, else unknown: what, of "
              "latency, memory, power"},
        row.verdict);
  visit(Field{"median_ns", "ns", "as in measurements.csv"}, row.median_ns);
  visit(Field{"latency_share", "", "median_ns / the target's latency limit"}, row.latency_share);
  visit(Field{"peak_bytes", "byte", "as in measurements.csv"}, row.peak_bytes);
  visit(Field{"memory_share", "", "peak_bytes / the most memory that a device of the target has"}, row.memory_share);
  visit(Field{"power_w", "W",
              "energy_j / median_ns, calls back to back: above idle, so a device draws more; empty where energy_j is"},
        row.power_w);
  visit(Field{"power_share", "", "power_w / the most power that a device of the target takes: at least so much"},
        row.power_share);
}

// For each row of the run one per target, in the order of the budgets.
std::vector<BudgetRow> JudgeBudgets(std::span<const Gap> gaps, std::span<const Budget> budgets);

// For a terminal, at most kTableWidth wide: a line for each row of the run, a column for each target; below, the
// targets with their limits and how many rows have each verdict. `rows` as JudgeBudgets gives them.
std::string RenderBudgets(std::span<const BudgetRow> rows, std::span<const Budget> budgets);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_BUDGETS_H_
