#include <gtest/gtest.h>

#include <vector>

#include "harness/analysis/gap.h"
#include "harness/analysis/slow_phase.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

// 9e5 FLOP, 1e4 ns attainable.
Record Row(double median_ns, Number canary_ns) {
  Record row = MadeUpRow(9e5, 500);
  row.min_ns = row.median_ns = median_ns;
  row.canary_ns = canary_ns;
  return row;
}

TEST(AnalysisSlowPhase, RowsAreHeldAgainstTheBestOnAsManyThreads) {
  std::vector<Record> rows = {Row(2e4, 60), Row(1e4, 30), Row(1e4, 33), Row(1e4, 90), Row(1e4, {})};
  rows[3].threads = 2;
  EXPECT_EQ(Slowdowns(rows), (std::vector<Number>{2.0, 1.0, 1.1, 1.0, {}}));
}

TEST(AnalysisSlowPhase, CanariesThatReadMemoryTellNothing) {
  std::vector<Record> rows = {Row(1e4, 30), Row(1e4, 60), Row(1e4, 10), Row(1e4, 90)};
  rows[1].canary_bytes = 1e6;
  rows[2].cache = "cold";
  rows[3].peak_bytes = 200e6;
  EXPECT_EQ(Slowdowns(rows), (std::vector<Number>{1.0, {}, {}, {}}));
}

TEST(AnalysisSlowPhase, ARowThatTheMachineMadeSlowAsksToBeMeasuredAgain) {
  const std::vector<Record> rows = {Row(1e4, 30), Row(2.1e4, 60), Row(5e4, 60), Row(1.2e4, 60)};
  const std::vector<Gap> gaps = JoinRoofs(rows, MadeUpCeilings());
  EXPECT_EQ(gaps[0].warnings, "");
  EXPECT_EQ(gaps[1].lever, "quiet") << "48 % of attainable, 95 % at the machine's speed";
  EXPECT_EQ(gaps[1].advice,
            "under both roofs, 47.6% of attainable, but the machine was 2.00 x as slow as at its best in the run: "
            "measure again");
  EXPECT_EQ(gaps[1].warnings, "the machine was 100 % slower than at its best in the run");
  EXPECT_EQ(gaps[2].lever, "code") << "20 % of attainable, 40 % at the machine's speed";
  EXPECT_EQ(gaps[2].warnings, gaps[1].warnings);
  EXPECT_EQ(gaps[3].lever, "flops") << "near its roof";
}

TEST(AnalysisSlowPhase, ATenthIsWithinWhatACanarySpreads) {
  const std::vector<Record> rows = {Row(1e4, 30), Row(1.3e4, 32.9)};
  const std::vector<Gap> gaps = JoinRoofs(rows, MadeUpCeilings());
  EXPECT_EQ(gaps[1].lever, "code");
  EXPECT_EQ(gaps[1].warnings, "");
}

}  // namespace
}  // namespace roofgap
