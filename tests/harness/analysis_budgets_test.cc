#include <gtest/gtest.h>

#include <sstream>

#include "harness/analysis/budgets.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

Gap Row(Number median_ns, Number peak_bytes, Number energy_j = {}) {
  Gap gap;
  gap.problem = "fc:ic8oc8";
  gap.variant = "gemm";
  gap.dtype = "f32";
  gap.isa = "AVX3";
  gap.cache = "warm";
  gap.status = kMeasured;
  gap.threads = 1;
  gap.median_ns = median_ns;
  gap.peak_bytes = peak_bytes;
  gap.energy_j = energy_j;
  return gap;
}

// 10 ms; 1 to 4 MB; 1 to 2 W.
Budget Small() {
  return {.target = "small",
          .description = "",
          .latency_ns = 10e6,
          .memory_least_bytes = 1e6,
          .memory_most_bytes = 4e6,
          .power_least_w = 1,
          .power_most_w = 2};
}

std::string VerdictOf(const Gap& gap, const Budget& budget = Small()) {
  return JudgeBudgets(std::span(&gap, 1), std::span(&budget, 1)).at(0).verdict;
}

Budget WithoutPower() {
  Budget budget = Small();
  budget.power_least_w = budget.power_most_w = {};
  return budget;
}

TEST(AnalysisBudgets, EachLimitHasItsVerdict) {
  EXPECT_EQ(VerdictOf(Row(5e6, 1e6), WithoutPower()), "fits");
  EXPECT_EQ(VerdictOf(Row(10e6, 1e6), WithoutPower()), "fits") << "a limit may be used up";
  EXPECT_EQ(VerdictOf(Row(5e6, 2e6), WithoutPower()), "fits the largest");
  EXPECT_EQ(VerdictOf(Row(11e6, 1e6), WithoutPower()), "misses latency");
  EXPECT_EQ(VerdictOf(Row(5e6, 5e6), WithoutPower()), "misses memory");
  EXPECT_EQ(VerdictOf(Row(11e6, 5e6), WithoutPower()), "misses latency, memory");
}

TEST(AnalysisBudgets, PowerAboveIdleTellsWhatMissesAndNotWhatFits) {
  // 5 ms and 5 mJ are 1 W.
  EXPECT_EQ(VerdictOf(Row(5e6, 1e6, 15e-3)), "misses power");
  EXPECT_EQ(VerdictOf(Row(11e6, 1e6, 40e-3)), "misses latency, power");
  EXPECT_EQ(VerdictOf(Row(5e6, 1e6, 5e-3)), "unknown power") << "with what idling takes it may be more than 2 W";
  EXPECT_EQ(VerdictOf(Row(11e6, 1e6, 5e-3)), "misses latency");
}

TEST(AnalysisBudgets, WhatIsNotKnownIsSaidUnlessALimitIsMissedAnyway) {
  EXPECT_EQ(VerdictOf(Row(5e6, 1e6)), "unknown power");
  EXPECT_EQ(VerdictOf(Row(5e6, {})), "unknown memory, power");
  EXPECT_EQ(VerdictOf(Row({}, {})), "unknown latency, memory, power");
  EXPECT_EQ(VerdictOf(Row(11e6, 1e6)), "misses latency");
  EXPECT_EQ(VerdictOf(Row(5e6, 1e6), WithoutPower()), "fits") << "a target without a limit of power";
}

TEST(AnalysisBudgets, SharesAreOfTheMostThatIsAllowed) {
  const Gap gap = Row(5e6, 1e6, 5e-3);
  const Budget budget = Small();
  const BudgetRow row = JudgeBudgets(std::span(&gap, 1), std::span(&budget, 1)).at(0);
  EXPECT_DOUBLE_EQ(*row.latency_share, 0.5);
  EXPECT_DOUBLE_EQ(*row.memory_share, 0.25);
  EXPECT_DOUBLE_EQ(*row.power_w, 1);
  EXPECT_DOUBLE_EQ(*row.power_share, 0.5);
  EXPECT_EQ(row.problem, "fc:ic8oc8");
  EXPECT_EQ(row.target, "small");
}

TEST(AnalysisBudgets, EveryRowHasAVerdictForEveryTargetInTheirOrder) {
  std::vector<Gap> gaps = {Row(5e6, 1e6), Row({}, {})};
  gaps[1].status = kSkipped;
  std::vector<Budget> budgets = {Small(), Small()};
  budgets[1].target = "other";
  const std::vector<BudgetRow> rows = JudgeBudgets(gaps, budgets);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].target + rows[1].target + rows[2].target, "smallothersmall");
  EXPECT_EQ(rows[3].status, kSkipped);
}

TEST(AnalysisBudgets, TableHasAColumnForEachTargetAndCountsBelow) {
  std::vector<Gap> gaps = {Row(5e6, 1e6, 5e-3), Row(11e6, 5e6), Row({}, {})};
  gaps[0].label = "layer";
  gaps[2].status = kSkipped;
  std::vector<Budget> budgets = {Small(), {.target = "quick", .description = "in time", .latency_ns = 6e6}};
  const std::string text = RenderBudgets(JudgeBudgets(gaps, budgets), budgets);
  EXPECT_TRUE(
      text.starts_with("  variant           thr cache    median     peak  small     quick\n"
                       "fc:ic8oc8  f32 AVX3  (layer)\n"
                       "  gemm                1 warm       5 ms     1 MB  ?pow      fits\n"))
      << text;
  EXPECT_NE(text.find("  gemm                1 warm      11 ms     5 MB  -lat,mem  -lat\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  gemm                1 warm    skipped\n"), std::string::npos) << text;
  EXPECT_NE(text.find("small (10 ms, 1 MB to 4 MB, 1 W to 2 W): 1 unknown power; 1 misses latency, memory.\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("quick (in time: 6 ms): 1 fits; 1 misses latency.\n"), std::string::npos) << text;
}

TEST(AnalysisBudgets, ManyTargetsFitAHundredColumnsInSeveralTables) {
  std::vector<Gap> gaps(20, Row(5e6, 1.234e6));
  gaps[0].problem = gaps[1].variant = gaps[2].label = std::string(200, 'x');
  std::vector<Budget> budgets;
  for (int i = 0; i < 12; ++i) {
    budgets.push_back(Small());
    budgets.back().target = "a target with a long name " + std::to_string(i);
  }
  const std::string text = RenderBudgets(JudgeBudgets(gaps, budgets), budgets);
  std::istringstream lines(text);
  int tables = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(Width(line), kTableWidth) << line;
    tables += line.starts_with("  variant ") ? 1 : 0;
  }
  EXPECT_EQ(tables, 3);
}

}  // namespace
}  // namespace roofgap
