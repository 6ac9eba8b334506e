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

TEST(AnalysisAdvice, NearTheFlatFewerFlopsHelp) {
  // 9e5 FLOP at a median of 90 GFLOP/s: 1e4 ns attainable.
  const Gap gap = Alone(Timed(MadeUpRow(9e5, 500), 1.25e4));
  EXPECT_EQ(gap.attainable_bound, "compute");
  EXPECT_EQ(gap.lever, "flops");
  EXPECT_EQ(gap.advice,
            "on the flat, 80.0% of attainable: fewer FLOPs help (another algorithm, a smaller layer); better code wins "
            "up to 1.25 x");
}

TEST(AnalysisAdvice, OnTheSlopeFewerBytesHelp) {
  // 4000 bytes from L2 at 40 GB/s: 100 ns; 900 FLOP take 10.
  const Gap gap = Alone(Timed(MadeUpRow(900, 4000), 200));
  EXPECT_EQ(gap.attainable_bound, "memory");
  EXPECT_EQ(gap.attainable_level, "L2");
  EXPECT_EQ(gap.lever, "bytes");
  EXPECT_EQ(gap.advice,
            "on the slope of L2, 50.0% of attainable: fewer bytes (fusion, smaller types, a larger batch) win up to "
            "10.0 x, better code 2.00 x");
}

TEST(AnalysisAdvice, FarUnderBothRoofsTheCodeIsTheLossWhateverBytesCouldWin) {
  const Gap gap = Alone(Timed(MadeUpRow(900, 4000), 201));
  EXPECT_EQ(gap.lever, "code");
  EXPECT_EQ(gap.advice,
            "under both roofs, 49.8% of attainable: better code wins up to 2.01 x, fewer bytes up to 10.0 x");
}

TEST(AnalysisAdvice, UnderTheFlatTheCodeComesBeforeFewerFlops) {
  const Gap gap = Alone(Timed(MadeUpRow(9e5, 500), 1.26e4));
  EXPECT_EQ(gap.lever, "code");
  EXPECT_EQ(gap.advice, "under both roofs, 79.4% of attainable: better code wins up to 1.26 x, before fewer FLOPs do");
}

TEST(AnalysisAdvice, AtTheRidgeTheCodeWinsMoreThanFewerBytes) {
  // 4000 bytes take 100 ns, 8100 FLOP 90: bytes win 1.11 x, code 1.3 x.
  EXPECT_EQ(Alone(Timed(MadeUpRow(8100, 4000), 130)).lever, "code");
  EXPECT_EQ(Alone(Timed(MadeUpRow(8100, 4000), 120)).lever, "bytes") << "neither is worth a lever";
  EXPECT_EQ(Alone(Timed(MadeUpRow(4500, 4000), 130)).lever, "bytes") << "bytes win 2 x";
}

TEST(AnalysisAdvice, ColdRowsThatWaitForMemoryNeedFewerBytesOnTheFlatToo) {
  // 9e6 FLOP: 1e5 ns; 1e5 bytes from memory: 1.25e4.
  std::vector<Record> rows = {Timed(MadeUpRow(9e6, 1e5), 1.5e5), Timed(MadeUpRow(9e6, 1e5), 1.1e5)};
  rows[0].cache = "cold";
  Gap gap = JoinRoofs(rows, MadeUpCeilings()).at(0);
  EXPECT_EQ(gap.attainable_bound, "compute");
  EXPECT_EQ(gap.lever, "bytes");
  EXPECT_TRUE(gap.advice.starts_with("1.36 x as long as with warm caches: what comes from memory does not hide"))
      << gap.advice;
  rows[0] = Timed(rows[0], 1.2e5);
  EXPECT_EQ(JoinRoofs(rows, MadeUpCeilings()).at(0).lever, "flops") << "1.09 x";
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
  EXPECT_EQ(gap.advice,
            "under both roofs, 40.0% of attainable, 80.0% on one thread: 2 threads are 1.00 x as fast as one (too "
            "little work for each, uneven parts, or waiting)");
  gap = OnTwoThreads(4e4, 2e4);
  EXPECT_EQ(gap.lever, "code") << "a quarter on one thread, all of it left on two";
  gap = OnTwoThreads(1.25e4, 6.2e3);
  EXPECT_EQ(gap.lever, "flops") << "near its roof";
}

TEST(AnalysisAdvice, ThreadsThatScaleAreNotBlamedForARoofThatRoseMore) {
  // 50 kB lie in L3 for one thread (3125 ns attainable) and in L2 for two (1250 ns on L2s twice as large).
  Ceilings ceilings = TwoThreads();
  for (Ceiling& ceiling : ceilings.rows) {
    if (ceiling.threads == 2 && ceiling.level == "L2") ceiling.capacity_bytes = 60000;
  }
  std::vector<Record> rows = {Timed(MadeUpRow(900, 50000), 1700), Timed(MadeUpRow(900, 50000), 3400)};
  rows[0].threads = 2;
  const std::vector<Gap> gaps = JoinRoofs(rows, ceilings);
  EXPECT_GT(*gaps[0].gap_implementation, 2);
  EXPECT_EQ(gaps[0].lever, "code") << "twice as fast on two threads";
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
