#include <gtest/gtest.h>

#include <cmath>

#include "harness/analysis/comparison_table.h"
#include "tests/harness/made_up_comparison.h"

// What several runs of a side, or the other rows, tell of chance.

namespace roofgap {
namespace {

// Rows p0.. of a build, whose runs differ by up to +-4 %; with 20 turns each, which differ by 1 %.
ComparedRun RunOf(const std::string& name, int build, int run) {
  std::vector<Record> rows;
  for (int i = 0; i < 12; ++i) {
    const double moved = 1 + 0.04 * std::sin(61 * build + 10 * run + i * (i + 4 * run));
    rows.push_back(Timed("p" + std::to_string(i), 1000 * moved, 20));
  }
  return MadeRun(name, rows);
}

TEST(AnalysisComparison, SeveralRunsOfASideTellWhatIsChance) {
  const std::vector<ComparedRun> a = {RunOf("a1", 1, 1), RunOf("a2", 1, 2)};
  std::vector<ComparedRun> b = {RunOf("b1", 2, 1), RunOf("b2", 2, 2)};
  EXPECT_GT(SummariseComparison(CompareRuns(std::vector{a[0], b[0]}))[0].same, 0);
  EXPECT_LT(SummariseComparison(CompareRuns(std::vector{a[0], b[0]}))[0].same, 12) << "these two runs differ";
  for (ComparedRun& run : b) run.rows[5].median_ns = 1.5 * *run.rows[5].median_ns;
  const std::vector<Compared> rows = CompareRuns(std::vector{JoinRuns(a), JoinRuns(b)});
  EXPECT_EQ(rows[0].problem + ' ' + rows[0].verdict + ' ' + rows[0].test, "p5 slower runs");
  EXPECT_EQ(rows[0].run_a, "a1, a2");
  EXPECT_EQ(rows[0].runs_a + 10 * rows[0].runs_b, 22);
  EXPECT_NEAR(*rows[0].median_a_ns, std::sqrt(*a[0].rows[5].median_ns * *a[1].rows[5].median_ns), 1e-9);
  EXPECT_NEAR(*rows[0].run_spread, 0.03, 0.02);
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].verdict, "same") << rows[i].problem;
    EXPECT_LT(*rows[i].ratio_low, 1);
    EXPECT_GT(*rows[i].ratio_high, 1);
  }
  EXPECT_NE(RenderComparisonSummary(SummariseComparison(rows), rows, 0.03).find("12 by how runs of one build differ"),
            std::string::npos);
}

TEST(AnalysisComparison, JoinedRunsKeepAllRowsAndTheWorstStatus) {
  Record unstable = Timed("q", 200), skipped = Timed("r", 100), wrong = Timed("s", 100);
  unstable.status = kUnstable;
  skipped.status = kSkipped;
  skipped.median_ns = {};
  wrong.status = kWrong;
  wrong.median_ns = {};
  const ComparedRun run = JoinRuns(std::vector{MadeRun("1", {Timed("p", 100), Timed("q", 100), skipped, Timed("s", 9)}),
                                               MadeRun("2", {Timed("late", 5), unstable, Timed("r", 70), wrong})});
  ASSERT_EQ(run.rows.size(), 5u);
  EXPECT_EQ(run.rows[0].problem + run.rows[1].problem + run.rows[2].problem, "pqr");
  EXPECT_EQ(*run.rows[0].median_ns, 100);
  EXPECT_EQ(run.rows[0].turns_ns.size(), 10u) << "one run has it";
  EXPECT_NEAR(*run.rows[1].median_ns, std::sqrt(100.0 * 200), 1e-9);
  EXPECT_EQ(run.rows[1].status, kUnstable);
  EXPECT_EQ(*run.rows[2].median_ns, 70);
  EXPECT_EQ(run.rows[2].status, kMeasured);
  EXPECT_EQ(run.rows[3].status, kWrong);
  EXPECT_FALSE(run.rows[3].median_ns.has_value()) << "a wrong row has no speed";
  EXPECT_EQ(run.rows[4].problem, "late");
  EXPECT_EQ(run.logs[1].size() + 10 * run.logs[4].size(), 12u);
}

TEST(AnalysisComparison, UnchangedVariantsTellWhatIsChance) {
  ComparedRun a = RunOf("a", 1, 1), b = RunOf("b", 2, 1);
  for (ComparedRun* run : {&a, &b}) {
    for (Record& row : run->rows) row.variant = "library";
    run->rows[5].variant = run->rows[7].variant = "gemm";
  }
  b.rows[5] = Timed("p5", 1500, 20);
  const std::vector<std::string> unchanged = {"library"};
  const std::vector<Compared> rows = CompareRuns(std::vector{a, b}, 0.03, unchanged);
  for (const Compared& row : rows) {
    EXPECT_EQ(row.verdict, row.problem == "p5" ? "slower" : "same") << row.problem;
    EXPECT_TRUE(row.run_spread.has_value());
  }
  EXPECT_FALSE(CompareRuns(std::vector{a, b})[0].run_spread.has_value());
}

TEST(AnalysisComparison, UnderTheNoiseOfTheOthersNoCauseIsTold) {
  std::vector<Record> a, b;
  for (int i = 0; i < 20; ++i) {
    a.push_back(Canary(Timed("p" + std::to_string(i), 1000), 10));
    b.push_back(Canary(Timed("p" + std::to_string(i), 1000 * (1 + 0.08 * (7 * i % 20 - 9.5) / 20)), 10));
  }
  b[3] = Canary(Timed("p3", 1500), 10);
  b[4] = Canary(Timed("p4", 1050), 10);
  const std::vector<Compared> rows =
      CompareRuns(std::vector{ComparedRun{"old", a, MadeUpCeilings()}, ComparedRun{"new", b, MadeUpCeilings()}});
  EXPECT_NEAR(*NoiseFloor(rows, "new"), 1.96 * 1.4826 * 0.02, 0.01) << "evenly up to 4 % off";
  EXPECT_EQ(rows[0].problem + ' ' + rows[0].cause, "p3 kernel");
  EXPECT_EQ(rows[1].problem + ' ' + rows[1].verdict + rows[1].cause, "p4 slower");
  EXPECT_TRUE(Regressed(rows[1], 0.04)) << "a gate takes it for what it looks like";
  EXPECT_FALSE(NoiseFloor(std::span(rows).first(7), "new").has_value());
}

}  // namespace
}  // namespace roofgap
