#include "harness/analysis/budgets.h"

#include <string_view>

namespace roofgap {
namespace {

void Append(std::string& list, std::string_view what) { list += (list.empty() ? "" : ", ") + std::string(what); }

struct Judgement {
  std::string missed, unknown;
  bool the_largest_alone = false;

  // Returns value / most.
  Number Add(std::string_view what, const Number& value, const Number& least, const Number& most) {
    if (!most) return {};
    if (!value) {
      Append(unknown, what);
      return {};
    }
    if (*value > *most) Append(missed, what);
    the_largest_alone = the_largest_alone || *value > *least;
    return *value / *most;
  }

  // The same of a value that is known to be at least so much.
  Number AddAtLeast(std::string_view what, const Number& value, const Number& most) {
    if (!most) return {};
    Append(value && *value > *most ? missed : unknown, what);
    return value ? *value / *most : Number();
  }

  std::string Verdict() const {
    if (!missed.empty()) return "misses " + missed;
    if (!unknown.empty()) return "unknown " + unknown;
    return the_largest_alone ? "fits the largest" : "fits";
  }
};

}  // namespace

std::vector<BudgetRow> JudgeBudgets(std::span<const Gap> gaps, std::span<const Budget> budgets) {
  std::vector<BudgetRow> rows;
  for (const Gap& gap : gaps) {
    for (const Budget& budget : budgets) {
      BudgetRow row = CopyColumns<BudgetRow>(gap);
      Judgement judgement;
      row.target = budget.target;
      if (gap.energy_j && gap.median_ns && *gap.median_ns > 0) row.power_w = *gap.energy_j / (*gap.median_ns * 1e-9);
      row.latency_share = judgement.Add("latency", row.median_ns, budget.latency_ns, budget.latency_ns);
      row.memory_share = judgement.Add("memory", row.peak_bytes, budget.memory_least_bytes, budget.memory_most_bytes);
      row.power_share = judgement.AddAtLeast("power", row.power_w, budget.power_most_w);
      row.verdict = judgement.Verdict();
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace roofgap
