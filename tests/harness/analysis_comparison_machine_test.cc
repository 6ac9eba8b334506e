#include <gtest/gtest.h>

#include "harness/analysis/comparison_json.h"
#include "harness/analysis/comparison_table.h"
#include "tests/harness/made_up_comparison.h"

// What is the kernel's part of a change, and what the machine's.

namespace roofgap {
namespace {

// Of two runs with roofs under which the made-up row is bound by arithmetic.
Compared CompareUnderRoofs(const Record& a, const Record& b) {
  return CompareRuns(std::vector{ComparedRun{"old", {a}, MadeUpCeilings()}, ComparedRun{"new", {b}, MadeUpCeilings()}})
      .at(0);
}

TEST(AnalysisComparison, TheCanaryTellsAMachinesChangeFromAKernels) {
  const Compared machine = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 125), 12.5));
  EXPECT_EQ(machine.verdict + ' ' + machine.cause + ' ' + machine.machine_from, "slower machine canary");
  EXPECT_DOUBLE_EQ(*machine.machine_ratio, 0.8);
  EXPECT_DOUBLE_EQ(*machine.kernel_ratio, 1);
  EXPECT_NEAR(*machine.kernel_low, 0.98, 0.003) << "as far as a canary is to be believed";
  EXPECT_NEAR(*machine.kernel_high, 1.02, 0.003);
  EXPECT_FALSE(Regressed(machine, 0.1)) << "no kernel regressed";
  const Compared kernel = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 125), 10));
  EXPECT_EQ(kernel.verdict + ' ' + kernel.cause, "slower kernel");
  EXPECT_TRUE(Regressed(kernel, 0.24));
  EXPECT_FALSE(Regressed(kernel, 0.26));
  const Compared both = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 150), 12.5));
  EXPECT_EQ(both.cause, "both");
  EXPECT_TRUE(Regressed(both, 0.15)) << "the kernel's part is 20 %";
  EXPECT_FALSE(Regressed(both, 0.25));
  EXPECT_NE(RenderRegressions({&both, 1}, 0.15).find("takes 50.0% longer (by the code 20.0%)"), std::string::npos);
  EXPECT_EQ(CompareOne(Timed("p", 100), Timed("p", 150)).cause, "") << "unknown";
  EXPECT_TRUE(Regressed(CompareOne(Timed("p", 100), Timed("p", 150)), 0.25));
}

TEST(AnalysisComparison, TheMachineExplainsARatioAndDoesNotReverseIt) {
  const Compared slower = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 125), 15));
  EXPECT_EQ(slower.verdict + ' ' + slower.cause, "slower machine")
      << "the code is 20 % faster, which is no cause of it";
  EXPECT_GT(*slower.kernel_low, 1.1);
  EXPECT_FALSE(Regressed(slower, 0.05));
  const Compared against = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 125), 8));
  EXPECT_EQ(against.verdict + ' ' + against.cause, "slower kernel") << "in spite of a faster machine";
}

TEST(AnalysisComparison, NoCauseIsToldWhereNeitherPartIsCertain) {
  const Compared row = CompareUnderRoofs(Canary(Timed("p", 100), 10), Canary(Timed("p", 104), 10.2));
  EXPECT_EQ(row.verdict, "slower");
  EXPECT_EQ(row.cause, "") << "4 % are 2 % by either, each of which is the same";
  EXPECT_TRUE(Regressed(row, 0.03)) << "what is not explained is not excused";
}

TEST(AnalysisComparison, ACanaryThatTheRowDoesNotFollowExcusesNothing) {
  // Loads of 20 bytes/ns, then 12; a row that moves 1 byte/ns does not wait for them.
  Record a = Canary(Timed("p", 100), 10), b = Canary(Timed("p", 130), 10 / 0.6);
  a.canary_bytes = b.canary_bytes = 200;
  const Compared row = CompareOne(a, b);
  EXPECT_DOUBLE_EQ(*row.machine_ratio, 0.6);
  EXPECT_FALSE(row.kernel_ratio.has_value());
  EXPECT_LT(*row.kernel_low, 1 / 1.3);
  EXPECT_GT(*row.kernel_high, 1 / 1.3 / 0.6);
  EXPECT_EQ(row.verdict + ' ' + row.cause, "slower ") << "between nothing and all of it is the machine's";
  EXPECT_TRUE(Regressed(row, 0.05));
  a.bytes_read = b.bytes_read = 1800;
  b.median_ns = 100 / 0.6;
  b.turns_ns = Turns(100 / 0.6, 10);
  EXPECT_EQ(CompareOne(a, b).cause, "machine") << "9 tenths of what the canary reads";
  const Compared core = CompareOne(Canary(Timed("p", 100), 10), Canary(Timed("p", 125), 12.5));
  EXPECT_FALSE(core.kernel_ratio.has_value()) << "without roofs no row is known to follow the clock";
  EXPECT_TRUE(Regressed(core, 0.05));
}

TEST(AnalysisComparison, CodeOfAnotherIsaIsNamedAsTheCause) {
  Record a = Canary(Timed("p", 200), 10), b = Canary(Timed("p", 100), 10);
  a.isa = "AVX2";
  EXPECT_EQ(CompareUnderRoofs(a, b).cause, "isa");
  EXPECT_NE(RenderComparison(std::vector{CompareUnderRoofs(a, b)}).find("AVX2 / AVX3"), std::string::npos);
  a.canary_ns = b.canary_ns = {};
  EXPECT_FALSE(CompareUnderRoofs(a, b).machine_ratio.has_value()) << "roofs of two ISAs are of one machine";
}

TEST(AnalysisComparison, WhatIsUnstableOrSkippedIsCountedApart) {
  Record b = Timed("p", 150), skipped = Timed("q", 100);
  b.status = kUnstable;
  skipped.status = kSkipped;
  skipped.median_ns = {};
  const std::vector<Compared> rows = Compare({Timed("p", 100), Timed("q", 100), Timed("r", 100)}, {b, skipped});
  EXPECT_FALSE(Regressed(rows[0], 0.05));
  EXPECT_TRUE(Lost(rows[1]));
  EXPECT_FALSE(Lost(rows[2])) << "b may be of fewer problems";
  EXPECT_EQ(RenderRegressions(rows, 0.05),
            "0 regressions beyond 5.0%. Slower by as much, but unstable (measure again): 1. Measured in a and\n"
            "skipped in b, which fails too: 1. Measured in a and not in b at all: 1.\n");
  EXPECT_FALSE(SummariseComparison(rows)[0].mean_ratio.has_value()) << "means are of stable pairs";
}

TEST(AnalysisComparison, OfAnUnstableRowNoCauseIsTold) {
  Record b = Canary(Timed("p", 150), 10);
  b.status = kUnstable;
  const Compared row = CompareOne(Canary(Timed("p", 100), 10), b);
  EXPECT_EQ(row.verdict + row.cause, "slower");
  EXPECT_TRUE(row.kernel_low.has_value());
}

TEST(AnalysisComparison, CanariesOfOtherWorkAreNotCompared) {
  Record loads = Canary(Timed("p", 100), 20);
  loads.canary_bytes = 1e6;
  EXPECT_FALSE(CompareOne(Canary(Timed("p", 100), 10), loads).machine_ratio.has_value());
}

TEST(AnalysisComparison, RoofsTellWhatAnotherMachineDoes) {
  // 9000 FLOP and 100 bytes take 100 ns under a's peak of 90 GFLOP/s, 50 ns under one of 180.
  Ceilings twice = MadeUpCeilings();
  for (Ceiling& row : twice.rows) row.median = 2 * *row.median;
  const ComparedRun a{"old", {Canary(Timed("p", 200), 10)}, MadeUpCeilings()};
  ComparedRun b{"new", {Canary(OnMachine(Timed("p", 100), "other"), 10)}, twice};
  Compared row = CompareRuns(std::vector{a, b})[0];
  EXPECT_EQ(row.machine_from, "roofs") << "a canary is of its own machine";
  EXPECT_DOUBLE_EQ(*row.machine_ratio, 2);
  EXPECT_DOUBLE_EQ(*row.kernel_ratio, 1);
  EXPECT_EQ(row.verdict + ' ' + row.cause, "faster machine");

  b.rows[0].executed_flops = 4500;  // another algorithm is the kernel's change
  row = CompareRuns(std::vector{a, b})[0];
  EXPECT_DOUBLE_EQ(*row.machine_ratio, 2);
  b.ceilings.reset();
  row = CompareRuns(std::vector{a, b})[0];
  EXPECT_EQ(row.machine_from + row.cause, "");
  EXPECT_EQ(row.verdict, "faster");
}

TEST(AnalysisComparison, RoofsOfOneProbeTellNothingOfWhatCameAfterIt) {
  const ComparedRun a{"old", {Timed("p", 200)}, MadeUpCeilings()};
  ComparedRun b{"new", {Timed("p", 100)}, MadeUpCeilings()};
  Compared row = CompareRuns(std::vector{a, b})[0];
  EXPECT_EQ(row.verdict + row.machine_from + row.cause, "faster");
  EXPECT_TRUE(ComparedRoofs(std::vector{a, b}).empty());
  for (Ceiling& ceiling : b.ceilings->rows) ceiling.median = 2 * *ceiling.median;
  row = CompareRuns(std::vector{a, b})[0];
  EXPECT_EQ(row.verdict + ' ' + row.machine_from + ' ' + row.cause, "faster roofs machine") << "measured anew";
  ASSERT_FALSE(ComparedRoofs(std::vector{a, b}).empty());
  for (const ComparedRoof& roof : ComparedRoofs(std::vector{a, b})) EXPECT_EQ(roof.run_b, "new");
  EXPECT_DOUBLE_EQ(*ComparedRoofs(std::vector{a, b})[0].ratio, 2);
}

}  // namespace
}  // namespace roofgap
