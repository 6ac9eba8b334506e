#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <sstream>

#include "harness/analysis/comparison_json.h"
#include "harness/analysis/comparison_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "tests/harness/made_up_comparison.h"

namespace roofgap {
namespace {

TEST(AnalysisComparison, RatioIsAboveOneWhereTheSecondIsFaster) {
  const Compared faster = CompareOne(Timed("p", 300), Timed("p", 200));
  EXPECT_DOUBLE_EQ(*faster.ratio, 1.5);
  EXPECT_EQ(faster.verdict, "faster");
  EXPECT_EQ(faster.run_a + faster.run_b, "oldnew");
  EXPECT_LT(*faster.ratio_low, 1.5);
  EXPECT_GT(*faster.ratio_high, 1.5);
  EXPECT_LT(*faster.ratio_high - *faster.ratio_low, 0.02);
  const Compared slower = CompareOne(Timed("p", 200), Timed("p", 300));
  EXPECT_DOUBLE_EQ(*slower.ratio, 1 / 1.5);
  EXPECT_EQ(slower.verdict, "slower");
  EXPECT_EQ(CompareOne(Timed("p", 200), Timed("p", 200)).verdict, "same");
}

TEST(AnalysisComparison, WhatIsSureButSmallIsTheSame) {
  const Compared row = CompareOne(Timed("p", 1000, 20), Timed("p", 1020, 20));
  EXPECT_LT(*row.p_adjusted, 1e-6);
  EXPECT_EQ(row.verdict, "same");
  const ComparedRun a = MadeRun("old", {Timed("p", 1000, 20)}), b = MadeRun("new", {Timed("p", 1020, 20)});
  EXPECT_EQ(CompareRuns(std::vector{a, b}, 0.01)[0].verdict, "slower");
}

TEST(AnalysisComparison, WhatIsLargeButUnsureIsTheSame) {
  Record a = Timed("p", 1000), b = Timed("p", 1100);
  a.turns_ns = {700, 1500, 990, 1400, 600, 1010, 1300, 800};
  b.turns_ns = {800, 1600, 1090, 1500, 700, 1110, 1400, 900};
  const Compared row = CompareOne(a, b);
  EXPECT_GT(*row.p_value, 0.2);
  EXPECT_EQ(row.verdict, "same");
  EXPECT_LT(*row.ratio_low, 0.7);
  EXPECT_GT(*row.ratio_high, 1.3);
}

TEST(AnalysisComparison, TheTestIsChosenByTheNumberOfTurnsAlone) {
  EXPECT_EQ(CompareOne(Timed("p", 1, 6), Timed("p", 1, 6)).test, "ranks") << "2 / C(12, 6) is under 5 %";
  std::vector<Record> rows;
  for (int i = 0; i < 40; ++i) rows.push_back(Timed("p" + std::to_string(i), 1000, 6));
  for (const Compared& row : Compare(rows, rows)) EXPECT_EQ(row.test, "welch") << "but not under 5 % / 40";
  for (Record& row : rows) row.turns_ns = Turns(1000, 8);
  for (const Compared& row : Compare(rows, rows)) EXPECT_EQ(row.test, "ranks");
  EXPECT_EQ(CompareOne(Timed("p", 1, 5), Timed("p", 1, 30)).test, "intervals");
}

TEST(AnalysisComparison, OneSlowKernelAmongHundredsIsFoundFromSixTurnsOn) {
  std::vector<Record> a, b;
  for (int i = 0; i < 300; ++i) a.push_back(Timed("p" + std::to_string(i), 1000, 6));
  b = a;
  b[77] = Timed("p77", 1200, 6);
  const std::vector<Compared> rows = Compare(a, b);
  EXPECT_EQ(rows[0].problem, "p77");
  EXPECT_EQ(rows[0].verdict, "slower");
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(rows[i].verdict, "same");
}

TEST(AnalysisComparison, EqualRunsDifferInFewOrNoRows) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> noise(0, 0.1);
  std::vector<Record> runs[2];
  for (int i = 0; i < 300; ++i) {
    for (std::vector<Record>& rows : runs) {
      Record& row = rows.emplace_back(Timed("p" + std::to_string(i), 1000, 12));
      for (double& turn : row.turns_ns) turn = 1000 * noise(random);
      row.median_ns = 1000 * noise(random);
    }
  }
  int64_t differ = 0, low = 0;
  for (const Compared& row : Compare(runs[0], runs[1])) {
    differ += row.verdict != "same";
    low += *row.p_value < 0.05;
    EXPECT_LE(*row.ratio_low, *row.ratio) << "medians that are not those of the turns";
    EXPECT_GE(*row.ratio_high, *row.ratio);
  }
  EXPECT_GT(low, 3) << "uncorrected, about 5 % of 300 would have";
  EXPECT_LE(differ, 1);
}

TEST(AnalysisComparison, WithoutTurnsTheRowsIntervalsAreTested) {
  Record a = Timed("p", 1000, 0), b = Timed("p", 1100, 0);
  const Compared row = CompareOne(a, b);
  EXPECT_EQ(row.test, "intervals");
  EXPECT_EQ(row.verdict, "slower");
  const double error =
      2 * std::log(1.005 / 0.995) / 2;  // of two rows, samples that follow each other: 2 x the variance
  EXPECT_NEAR(*row.ratio_low, 1 / 1.1 * std::exp(-error), 1e-9);
  EXPECT_NEAR(*row.ratio_high, 1 / 1.1 * std::exp(error), 1e-9);
  a.ci_low_ns = a.ci_high_ns = {};
  const Compared none = CompareOne(a, b);
  EXPECT_EQ(none.verdict, "not_comparable");
  EXPECT_EQ(none.reason, "too few samples to test: 0 and 0 turns, no intervals");
  EXPECT_DOUBLE_EQ(*none.ratio, 1 / 1.1);
}

TEST(AnalysisComparison, TheIsaDoesNotCountWhereEachRunHoldsOne) {
  Record other = Timed("p", 300);
  other.isa = "NEON";
  const Compared row = CompareOne(Timed("p", 100), other);
  EXPECT_EQ(row.verdict, "slower");
  EXPECT_EQ(row.isa_a + ' ' + row.isa_b, "AVX3 NEON");

  Record third = Timed("p", 100);
  third.isa = "AVX2";
  const std::vector<Compared> rows = Compare({Timed("p", 100), third}, {third, other});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].isa_b, "AVX2");
  EXPECT_EQ(rows[1].verdict, "not_comparable");
  EXPECT_EQ(rows[1].reason, "isa AVX3 / NEON");
}

TEST(AnalysisComparison, TheFieldsThatDifferAreNamed) {
  const auto reason = [](void (*change)(Record&)) {
    Record b = Timed("p", 200);
    change(b);
    const Compared row = CompareOne(Timed("p", 200), b);
    EXPECT_EQ(row.verdict, "not_comparable");
    return row.reason;
  };
  EXPECT_EQ(reason([](Record& r) { r.threads = 8; }), "threads 1 / 8");
  EXPECT_EQ(reason([](Record& r) { r.cache = "cold"; }), "cache warm / cold");
  EXPECT_EQ(reason([](Record& r) { r.schema_version = 2; }), "schema_version 1 / 2");
  EXPECT_EQ(reason([](Record& r) { r.flops = 18000; }), "flops 9000 / 18000");
  EXPECT_EQ(reason([](Record& r) { r.bytes_read = 0; }), "bytes_read 100 / 0");
  EXPECT_EQ(reason([](Record& r) { r.bytes_written = {}; }), "bytes_written 0 / none");
  EXPECT_EQ(reason([](Record& r) {
              r.median_ns = {};
              r.status = kWrong;
              r.reason = "output 3";
            }),
            "wrong in b: output 3");
  Record skipped = Timed("p", 200);
  skipped.median_ns = {};
  skipped.status = kSkipped;
  skipped.reason = "needs mb <= 4";
  EXPECT_EQ(CompareOne(skipped, skipped).reason, "skipped in both: needs mb <= 4");
  EXPECT_EQ(reason([](Record& r) {
              r.threads = 2;
              r.cache = "cold";
            }),
            "threads 1 / 2; cache warm / cold");
  Record less_work = Timed("p", 200);
  less_work.executed_flops = 4000;
  EXPECT_EQ(CompareOne(Timed("p", 200), less_work).verdict, "same") << "another algorithm does the same task";
}

TEST(AnalysisComparison, NoRowVanishes) {
  const std::vector<Compared> rows = Compare({Timed("p", 1), Timed("q", 1)}, {Timed("r", 1), Timed("q", 1)});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].problem + ' ' + rows[0].verdict, "q same");
  EXPECT_EQ(rows[1].problem + ' ' + rows[1].reason, "p only in a");
  EXPECT_EQ(rows[2].problem + ' ' + rows[2].reason, "r only in b");
}

TEST(AnalysisComparison, RegressionsAreNamedApart) {
  Record cold = Timed("p", 100);
  cold.cache = "cold";
  const std::vector<Compared> rows =
      Compare({Timed("p", 100), cold, Timed("q", 100)}, {Timed("p", 125), cold, Timed("q", 104)});
  EXPECT_EQ(RenderRegressions(rows, 0.1), "1 regression beyond 10.0%: p gemm, 1 thread, warm, takes 25.0% longer.\n");
  EXPECT_EQ(RenderRegressions(rows, 0.3), "0 regressions beyond 30.0%.\n");
}

TEST(AnalysisComparison, SeveralRunsStandAgainstTheFirst) {
  const std::vector<ComparedRun> runs = {MadeRun("a", {Timed("p", 100)}), MadeRun("b", {Timed("p", 200)}),
                                         MadeRun("c", {Timed("p", 50)})};
  const std::vector<Compared> rows = CompareRuns(runs);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].run_b + ' ' + rows[0].verdict, "b slower");
  EXPECT_EQ(rows[1].run_b + ' ' + rows[1].verdict, "c faster");
  EXPECT_EQ(rows[1].run_a, "a");
}

TEST(AnalysisComparison, MeansAreGeometricAndPerOp) {
  Record conv_a = Timed("conv2d:x", 100), conv_b = Timed("conv2d:x", 400);
  conv_a.op = conv_b.op = "conv2d";
  const std::vector<Compared> rows =
      Compare({Timed("p", 100), Timed("q", 100), conv_a, Timed("alone", 1)}, {Timed("p", 50), Timed("q", 200), conv_b});
  const std::vector<ComparisonSummary> list = SummariseComparison(rows);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].op, "conv2d");
  EXPECT_DOUBLE_EQ(*list[0].mean_ratio, 0.25);
  EXPECT_EQ(list[1].op, "fc");
  EXPECT_NEAR(*list[1].mean_ratio, 1, 1e-12);
  EXPECT_EQ(list[1].pairs, 2);
  EXPECT_EQ(list[1].faster + 10 * list[1].slower + 100 * list[1].same + 1000 * list[1].not_comparable, 1011);
  EXPECT_EQ(list[2].op, "");
  EXPECT_NEAR(*list[2].mean_ratio, std::cbrt(0.25), 1e-12);
  EXPECT_DOUBLE_EQ(*list[2].least_ratio, 0.25);
  EXPECT_DOUBLE_EQ(*list[2].largest_ratio, 2);
  EXPECT_FALSE(list[2].mean_kernel_ratio.has_value());
  for (const Compared& row : rows) {
    EXPECT_EQ(row.op_mean_ratio, list[row.op == "conv2d" ? 0 : 1].mean_ratio) << row.problem;
    EXPECT_FALSE(row.op_mean_kernel_ratio.has_value());
    EXPECT_EQ(row.same_within, kSameWithin);
  }
}

TEST(AnalysisComparison, RoofsOfBothMachinesAreNamedOnce) {
  Ceilings a = MadeUpCeilings(), b = MadeUpCeilings();
  a.rows.push_back(MadeUpPeak("AVX2", 50, 45));
  for (Ceilings* ceilings : {&a, &b}) {
    ceilings->rows.push_back(MadeUpBandwidth("L1", 500, 400, 1000.0));
    ceilings->rows.back().pattern = "store";
  }
  b.rows[0].median = 99;
  b.rows[4].threads = 8;
  const std::vector<Drift> roofs = CompareRoofs(a, b);
  ASSERT_EQ(roofs.size(), 4u) << "DRAM with 8 threads has no like";
  EXPECT_EQ(roofs[0].roof, "compute f32, 1 thread");
  EXPECT_EQ(roofs[0].before, 90) << "the best ISA's";
  EXPECT_EQ(roofs[0].after, 99);
  EXPECT_EQ(roofs[1].roof, "L1 load, 1 thread");
  EXPECT_EQ(roofs[1].before, 80) << "loads alone";
  EXPECT_NE(RenderRoofs(roofs).find("90.0 to   99.0 GFLOP/s   1.100"), std::string::npos) << RenderRoofs(roofs);
  EXPECT_TRUE(CompareRoofs(a, {}).empty());
}

TEST(AnalysisComparison, TablesFitTheTerminal) {
  std::vector<Record> a, b;
  for (int i = 0; i < 5; ++i) {
    Record row = Timed(std::string(60, 'p') + std::to_string(i), std::pow(1e5, i) * 1.2345e-3);
    row.variant = "a_variant_with_a_long_name";
    row.threads = 1000;
    a.push_back(Canary(row, 1));
    row.median_ns = 1e6 * *row.median_ns;
    row.turns_ns = Turns(*row.median_ns, 10);
    row.status = kUnstable;
    if (i == 4) row.threads = 7;
    b.push_back(Canary(row, 2e4));
  }
  const std::vector<Compared> rows = Compare(a, b);
  const std::string text =
      RenderComparison(rows) + RenderComparisonSummary(SummariseComparison(rows), rows, kSameWithin);
  EXPECT_NE(text.find("*: a row of the pair is unstable"), std::string::npos) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), kTableWidth) << line;
  EXPECT_NE(text.find("slower*\n"), std::string::npos) << text;
  EXPECT_NE(text.find("not comparable, threads 1000 / 7: "), std::string::npos) << text;
}

}  // namespace
}  // namespace roofgap
