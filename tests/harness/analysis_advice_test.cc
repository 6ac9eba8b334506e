#include <gtest/gtest.h>

#include "harness/analysis/advice.h"
#include "harness/analysis/gap.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

Record Timed(Record row, double ns) {
  row.min_ns = row.median_ns = ns;
  return row;
}

Gap Alone(const Record& row) { return JoinRoofs(std::span(&row, 1), MadeUpCeilings()).at(0); }

TEST(AnalysisAdvice, OnTheFlatFewerFlopsHelp) {
  // 9e5 FLOP at a median of 90 GFLOP/s: 1e4 ns attainable.
  const Gap gap = Alone(Timed(MadeUpRow(9e5, 500), 1.25e4));
  EXPECT_EQ(gap.attainable_bound, "compute");
  EXPECT_EQ(gap.lever, "flops");
  EXPECT_TRUE(gap.advice.starts_with("on the flat, 80.0% of attainable: fewer FLOPs help in proportion")) << gap.advice;
}

TEST(AnalysisAdvice, OnTheSlopeFewerBytesHelp) {
  // 4000 bytes from L2 at 40 GB/s: 100 ns; 900 FLOP take 10.
  const Gap gap = Alone(Timed(MadeUpRow(900, 4000), 200));
  EXPECT_EQ(gap.attainable_bound, "memory");
  EXPECT_EQ(gap.attainable_level, "L2");
  EXPECT_EQ(gap.lever, "bytes");
  EXPECT_TRUE(gap.advice.starts_with("on the slope of L2, 50.0% of attainable, data takes 10.0 x the arithmetic"))
      << gap.advice;
}

TEST(AnalysisAdvice, FarUnderBothRoofsTheCodeIsTheLoss) {
  const Gap gap = Alone(Timed(MadeUpRow(900, 4000), 201));
  EXPECT_EQ(gap.lever, "code");
  EXPECT_TRUE(gap.advice.starts_with("far under both roofs, 49.8% of attainable: the implementation")) << gap.advice;
}

TEST(AnalysisAdvice, AboveTheHardRoofTheModelIsWrong) {
  const Gap gap = Alone(Timed(MadeUpRow(1e6, 500), 5e3));
  EXPECT_EQ(gap.lever, "model");
  EXPECT_NE(gap.warnings, "");
}

// The made-up machine with two threads twice as fast.
Ceilings TwoThreads() {
  Ceilings ceilings = MadeUpCeilings();
  for (Ceiling& ceiling : MadeUpCeilings().rows) {
    ceiling.threads = 2;
    ceiling.best = 2 * *ceiling.best;
    ceiling.median = 2 * *ceiling.median;
    ceilings.rows.push_back(ceiling);
  }
  return ceilings;
}

Gap OnTwoThreads(double one_thread_ns, double two_threads_ns) {
  std::vector<Record> rows = {Timed(MadeUpRow(9e5, 500), two_threads_ns), Timed(MadeUpRow(9e5, 500), one_thread_ns)};
  rows[0].threads = 2;
  return JoinRoofs(rows, TwoThreads()).at(0);
}

TEST(AnalysisAdvice, TheLargerOfTheTwoLossesNamesTheLever) {
  // Attainable are 1e4 ns on one thread and 5e3 on two.
  Gap gap = OnTwoThreads(1.25e4, 1.25e4);
  EXPECT_EQ(gap.lever, "cores") << "0.8 on one thread, half of it left on two";
  EXPECT_TRUE(
      gap.advice.starts_with("far under both roofs, 40.0% of attainable, 80.0% on one thread: the loss is in "
                             "the use of 2 threads"))
      << gap.advice;
  gap = OnTwoThreads(4e4, 2e4);
  EXPECT_EQ(gap.lever, "code") << "a quarter on one thread, all of it left on two";
  gap = OnTwoThreads(1.25e4, 7e3);
  EXPECT_EQ(gap.lever, "flops") << "not far under";
}

TEST(AnalysisAdvice, RowsOfOtherSettingsAreNoMeasureOfTheThreads) {
  std::vector<Record> rows = {Timed(MadeUpRow(9e5, 500), 1.25e4), Timed(MadeUpRow(9e5, 500), 1.25e4)};
  rows[0].threads = 2;
  rows[1].variant = "tiled";
  EXPECT_EQ(JoinRoofs(rows, TwoThreads()).at(0).lever, "code");
}

TEST(AnalysisAdvice, NoRoofNoTimeNoAdvice) {
  Record other = Timed(MadeUpRow(900, 4000), 200);
  other.threads = 4;
  EXPECT_EQ(Alone(other).lever + Alone(other).advice, "");
  EXPECT_EQ(Alone(MadeUpRow(900, 4000)).lever, "");
}

}  // namespace
}  // namespace roofgap
