#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/analysis/gap.h"
#include "harness/analysis/gap_json.h"
#include "harness/record/csv.h"
#include "kernels/api/error.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

Record Timed(Record row, double min_ns, double median_ns) {
  row.min_ns = min_ns;
  row.median_ns = median_ns;
  return row;
}

Gap Join(const Record& row, const Ceilings& ceilings = MadeUpCeilings()) {
  return JoinRoofs(std::span(&row, 1), ceilings).at(0);
}

TEST(AnalysisGap, ColumnsFollowFromTheRoofs) {
  // A Winograd-like row: 900 FLOP to do, 450 executed, 9000 bytes from L2.
  Record row = Timed(MadeUpRow(900, 9000), 200, 450);
  row.executed_flops = 450;
  const Gap gap = Join(row);
  EXPECT_DOUBLE_EQ(*gap.t_flops_ns, 10);
  EXPECT_DOUBLE_EQ(*gap.t_executed_ns, 5);
  EXPECT_EQ(gap.attainable_bound + gap.attainable_level, "memoryL2");
  EXPECT_DOUBLE_EQ(*gap.t_roof_ns, 160);
  EXPECT_DOUBLE_EQ(*gap.roof_fraction, 0.8);
  EXPECT_DOUBLE_EQ(*gap.roof_gflops, 900 / 160.0);
  EXPECT_DOUBLE_EQ(*gap.t_attainable_ns, 225);
  EXPECT_DOUBLE_EQ(*gap.attainable_fraction, 0.5);
  EXPECT_DOUBLE_EQ(*gap.flops_gap, 45);
  EXPECT_DOUBLE_EQ(*gap.gap_algorithm, 0.5);
  EXPECT_DOUBLE_EQ(*gap.gap_memory, 45);
  EXPECT_DOUBLE_EQ(*gap.gap_implementation, 2);
  EXPECT_EQ(gap.warnings, "");
  EXPECT_FALSE(AboveRoof(gap));
}

TEST(AnalysisGap, PartsMultiplyToTheWholeGap) {
  std::mt19937_64 random(30);
  std::uniform_real_distribution<double> exponent(0, 9);
  for (int i = 0; i < 1000; ++i) {
    Record row =
        MadeUpRow(std::pow(10, exponent(random)), std::pow(10, exponent(random)), std::pow(10, exponent(random)));
    row.executed_flops = std::pow(10, exponent(random));
    row.cache = random() % 2 == 0 ? "warm" : "cold";
    const Gap gap = Join(Timed(row, 1e9, std::pow(10, exponent(random))));
    const double product = *gap.gap_algorithm * *gap.gap_memory * *gap.gap_implementation;
    EXPECT_NEAR(product / *gap.flops_gap, 1, 1e-14);
    EXPECT_GE(*gap.gap_memory, 1 - 1e-14) << "data can only add time";
    EXPECT_LE(*gap.t_roof_ns, *gap.t_attainable_ns * (1 + 1e-14)) << "with best above median everywhere";
  }
}

TEST(AnalysisGap, EveryRowOfTheMeasurementsHasOneInTheSameOrder) {
  std::vector<Record> rows = {Timed(MadeUpRow(100, 800), 20, 30), MadeUpRow(200, 800), MadeUpRow(300, 800)};
  rows[1].status = kSkipped;
  rows[1].reason = "needs ic % 8 == 0";
  rows[2].status = kWrong;
  rows[2].reason = "error 1 > bound 0.1";
  const std::vector<Gap> gaps = JoinRoofs(rows, MadeUpCeilings());
  ASSERT_EQ(gaps.size(), 3u);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(gaps[i].problem, rows[i].problem);
    EXPECT_EQ(gaps[i].status, rows[i].status);
    EXPECT_EQ(gaps[i].reason, rows[i].reason);
  }
  EXPECT_FALSE(gaps[1].roof_fraction || gaps[1].flops_gap || gaps[2].gap_implementation);
  EXPECT_EQ(gaps[1].warnings, "");
}

TEST(AnalysisGap, ColumnsSharedWithTheMeasurementsAreCopied) {
  Record row = Timed(MadeUpRow(100, 800), 20, 30);
  row.run_id = "run";
  row.utc = "2026-01-02T03:04:05Z";
  row.label = "layer";
  row.impl = "AVX3:6x2";
  row.intensity = 0.125;
  row.gflops = 3.3;
  row.warnings = "4 KiB pages";
  row.batch = 8;
  row.peak_bytes = 4096;
  row.energy_j = 0.5;
  row.energy_status = "rapl";
  const Gap gap = Join(row);
  EXPECT_EQ(gap.run_id + gap.utc + gap.label + gap.impl, row.run_id + row.utc + row.label + row.impl);
  EXPECT_EQ(gap.threads, 1);
  EXPECT_EQ(gap.intensity, 0.125);
  EXPECT_EQ(gap.gflops, 3.3);
  EXPECT_EQ(gap.warnings, "4 KiB pages");
  EXPECT_EQ(gap.batch, 8);
  EXPECT_EQ(gap.peak_bytes, 4096);
  EXPECT_EQ(gap.energy_j, 0.5);
  EXPECT_EQ(gap.energy_status, "rapl");
}

TEST(AnalysisGap, RowMoreThanTwoPercentAboveItsRoofIsFlaggedWithItsLikelyCause) {
  EXPECT_FALSE(AboveRoof(Join(Timed(MadeUpRow(1e6, 500), 1e4 / 1.019, 1e5))));
  Gap gap = Join(Timed(MadeUpRow(1e6, 500), 1e4 / 1.03, 1e5));
  EXPECT_TRUE(AboveRoof(gap));
  EXPECT_EQ(gap.warnings,
            "above its hard roof in its fastest calls, not its median: the AVX3 fma ceiling was measured too low, or "
            "executed_flops is counted too "
            "high");
  gap = Join(Timed(MadeUpRow(100, 9000), 100, 1e5));
  EXPECT_TRUE(AboveRoof(gap));
  EXPECT_EQ(gap.warnings,
            "above its hard roof in its fastest calls, not its median: the caches nearer than L2 hold more than the "
            "knee found, or the L2 ceiling was "
            "measured too low");
  gap = Join(Timed(MadeUpRow(100, 9000), 50, 1e5));
  EXPECT_EQ(gap.warnings,
            "above its hard roof in its fastest calls, not its median: more than one ceiling is passed, so the bytes "
            "are likely counted too high");
  gap = Join(Timed(MadeUpRow(100, 800), 4, 1e5));
  EXPECT_EQ(gap.warnings,
            "above its hard roof in its fastest calls, not its median: the L1 ceiling was measured too low, or the "
            "bytes are counted too high");
  Record cold = Timed(MadeUpRow(100, 800), 70, 1e5);
  cold.cache = "cold";
  EXPECT_EQ(Join(cold).warnings,
            "above its hard roof in its fastest calls, not its median: operands were still cached, or the DRAM ceiling "
            "was measured too low");
}

TEST(AnalysisGap, CauseAboveTheRoofIsTheClockWhereThatWasHigher) {
  Record row = Timed(MadeUpRow(1e6, 500), 1e4 / 1.08, 1e4 / 1.04);
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows[0].clock_ghz = 4;
  row.clock_ghz = 4.3;
  const std::vector<Gap> faster = JoinRoofs(std::span(&row, 1), ceilings);
  EXPECT_TRUE(faster[0].warnings.starts_with(
      "above its hard roof: the core's clock was above that of the AVX3 fma ceiling; faster than attainable: "))
      << faster[0].warnings;
  row.clock_ghz = 4.1;
  EXPECT_EQ(JoinRoofs(std::span(&row, 1), ceilings)[0].warnings.find("above its hard roof: the AVX3 fma ceiling was"),
            0u)
      << "2.5 % of clock are not 8 % of speed";
}

TEST(AnalysisGap, AVariantAloneAboveSeveralRoofsIsItselfTheCause) {
  // Compute: 1e4 ns; DRAM: 1e6 bytes at 10 GB/s.
  std::vector<Record> rows = {Timed(MadeUpRow(1e6, 500), 5e3, 6e3), Timed(MadeUpRow(100, 1e6), 2e4, 3e4),
                              Timed(MadeUpRow(1e6, 500), 2e4, 3e4), Timed(MadeUpRow(100, 1e6), 2e5, 3e5)};
  rows[0].variant = rows[1].variant = "odd";
  const auto warning = [&](size_t i) {
    const std::string all = JoinRoofs(rows, MadeUpCeilings())[i].warnings;
    return all.substr(0, all.find(';'));
  };
  EXPECT_EQ(warning(0),
            "above its hard roof: only rows of odd pass the roofs DRAM, compute, so its times or counts are wrong");
  EXPECT_EQ(warning(1), warning(0)) << "one line of the table's warnings";
  EXPECT_EQ(warning(2), "");
  rows[2].min_ns = 5e3;
  EXPECT_TRUE(warning(0).starts_with("above its hard roof: the AVX3 fma ceiling was measured too low")) << warning(0);
  rows[2].min_ns = 2e4;
  rows.pop_back();
  EXPECT_TRUE(warning(0).starts_with("above its hard roof: the AVX3 fma ceiling was measured too low"))
      << "no other variant stands under DRAM";
}

TEST(AnalysisGap, FasterThanAttainableSaysWhy) {
  Gap gap = Join(Timed(MadeUpRow(100, 1500), 16, 20));
  EXPECT_GT(*gap.attainable_fraction, 1);
  EXPECT_FALSE(AboveRoof(gap));
  EXPECT_EQ(gap.warnings, "faster than attainable: part of the data stays nearer than L2");
  gap = Join(Timed(MadeUpRow(1e6, 500), 1e4, 1.05e4));
  EXPECT_EQ(gap.warnings, "faster than attainable: above the median fma ceiling");
  Ceilings ceilings = MadeUpCeilings();
  for (Ceiling& ceiling : ceilings.rows) ceiling.clock_ghz = 4;
  Record faster_clock = Timed(MadeUpRow(1e6, 500), 1e4, 1.05e4);
  faster_clock.clock_ghz = 4.3;
  EXPECT_EQ(Join(faster_clock, ceilings).warnings,
            "faster than attainable: the core's clock was 7 % above that of the median fma ceiling");
  faster_clock.clock_ghz = 4.1;
  EXPECT_EQ(Join(faster_clock, ceilings).warnings, "faster than attainable: above the median fma ceiling")
      << "2.5 % of 5.8 %";
  Record cold = Timed(MadeUpRow(100, 8000), 850, 900);
  cold.cache = "cold";
  EXPECT_EQ(Join(cold).warnings,
            "faster than attainable: above the median DRAM ceiling, or operands were still cached");
  cold.canary_ns = 100;
  cold.canary_bytes = 950;
  EXPECT_EQ(Join(cold).warnings,
            "faster than attainable: memory was faster than its median ceiling: so was the canary beside the row");
}

TEST(AnalysisGap, ACanarySlowerThanTheRowDoesNotExplainIt) {
  Record cold = Timed(MadeUpRow(100, 8000), 850, 900);
  cold.cache = "cold";
  cold.canary_ns = 100;
  cold.canary_bytes = 850;
  EXPECT_EQ(Join(cold).warnings,
            "faster than attainable: above the median DRAM ceiling, or operands were still cached");
}

TEST(AnalysisGap, MissingCeilingsLeaveFieldsEmptyAndWarn) {
  Record row = Timed(MadeUpRow(100, 800), 20, 30);
  row.threads = 4;
  row.warnings = "first";
  const Gap gap = Join(row);
  EXPECT_FALSE(gap.t_flops_ns || gap.t_roof_ns || gap.roof_fraction || gap.t_attainable_ns || gap.flops_gap ||
               gap.gap_memory || gap.roof_gflops);
  EXPECT_DOUBLE_EQ(*gap.gap_algorithm, 1);
  EXPECT_TRUE(gap.warnings.starts_with("first; no fma ceiling for f32 AVX3 on 4 threads")) << gap.warnings;
}

TEST(AnalysisGap, WorkWithoutFlopsHasARoofButNoFlopsGap) {
  const Gap gap = Join(Timed(MadeUpRow(0, 800), 20, 30));
  EXPECT_DOUBLE_EQ(*gap.t_roof_ns, 8);
  EXPECT_DOUBLE_EQ(*gap.t_flops_ns, 0);
  EXPECT_FALSE(gap.flops_gap || gap.gap_algorithm || gap.gap_memory);
}

TEST(AnalysisGap, CeilingsOfAnotherMachineAreRefused) {
  Record row = MadeUpRow(100, 800);
  row.machine_id = "other";
  try {
    Join(row);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "the ceilings are of machine made-up, the measurements of machine other; allowed are ceilings of the same "
        "machine (run hwprobe there)");
  }
}

TEST(AnalysisGap, GapsReadBackAsWritten) {
  const std::vector<Gap> gaps = {Join(Timed(MadeUpRow(1e6, 500), 1e4 / 1.03, 1e5)), Join(MadeUpRow(7, 9000))};
  const std::string text = CsvText<Gap>(gaps);
  EXPECT_EQ(CsvText<Gap>(ParseCsv<Gap>(text, "gap.csv")), text);
}

TEST(AnalysisGap, JsonHoldsRowsPredictorsAndMisorderedPairs) {
  std::vector<Record> rows = {Timed(MadeUpRow(1e4, 9000), 200, 450), Timed(MadeUpRow(2e4, 500), 205, 400)};
  rows[0].label = "a \"quoted\" name";
  const std::string text = GapJson(JoinRoofs(rows, MadeUpCeilings()));
  for (const char* part :
       {"{\"schema_version\": 1,\n\"rows\": [\n{\"schema_version\": 1, \"run_id\": \"\"",
        "\"label\": \"a \\\"quoted\\\" name\"", "\"median_ns\": 450, ", "\"usd_per_1k\": null, ",
        "\"wrong_pairs\": 1, ", "\"findings\": [\n{\"kind\": \"rows\", \"text\": \"2 rows: 2 measured, ",
        "\"numbers\": {\"flops_gap\": 4.05, \"gap_algorithm\": 1, ", "\"rows\": [\n{\"problem\": \"fc:ic10000oc1\", ",
        "\"fewer_problem\": \"fc:ic10000oc1\", ", "\"more_median_ns\": 400}"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace roofgap
