#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <sstream>

#include "harness/analysis/findings.h"
#include "harness/analysis/price.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Record Timed(Record row, double min_ns, double median_ns) {
  row.min_ns = min_ns;
  row.median_ns = median_ns;
  row.gflops = *row.flops / median_ns;
  return row;
}

std::vector<Record> Sample() {
  std::vector<Record> rows = {Timed(MadeUpRow(1e6, 500), 1.1e4, 1.2e4), Timed(MadeUpRow(1e4, 9000), 200, 450),
                              MadeUpRow(1e6, 500), MadeUpRow(1e6, 500), Timed(MadeUpRow(1e6, 500), 1.3e4, 1.5e4)};
  rows[0].label = "conv1";
  rows[2].variant = "winograd_f43";
  rows[2].status = kSkipped;
  rows[2].reason = "needs kh == 3";
  rows[3].variant = "onednn";
  rows[3].status = kWrong;
  rows[3].reason = "error 1 > bound 0.1";
  rows[4].variant = "tiled";
  rows[4].status = kUnstable;
  rows[4].reason = "interval 3.1 % wide after 2 s";
  return rows;
}

TEST(AnalysisTable, ShowsEveryRowUnderItsProblem) {
  EXPECT_EQ(RenderGapTable(JoinRoofs(Sample(), MadeUpCeilings())),
            "  variant           thr cache    median GFLOP/s   roof    att bound     gap =algo x mem ximpl lever\n"
            "fc:ic1000000oc1  f32 AVX3  (conv1)\n"
            "  gemm                1 warm      12 us    83.3  90.9%    93% compute  1.08  1.00  1.00  1.08 flops\n"
            "  winograd_f43        1 warm  skipped\n"
            "      needs kh == 3\n"
            "  onednn              1 warm  wrong\n"
            "      error 1 > bound 0.1\n"
            "  tiled               1 warm      15 us    66.7  76.9%    74% compute  1.35  1.00  1.00  1.35 code\n"
            "      unstable: interval 3.1 % wide after 2 s\n"
            "fc:ic10000oc1  f32 AVX3\n"
            "  gemm                1 warm     450 ns    22.2  80.0%    50% L2       4.05  1.00  2.02  2.00 bytes\n"
            "lever bytes (1 row): data takes longer than arithmetic: fusion, smaller types or a larger batch help\n"
            "lever flops (1 row): on the flat: fewer FLOPs help\n"
            "lever code (1 row): under both roofs: better code wins most\n");
}

TEST(AnalysisTable, BoundIsTheAttainableOneAsPartsAndLeverAre) {
  // 20 ns of arithmetic and 10 ns of L2 beyond what L1 holds; at medians 22 and, all of it from L2, 37.5 ns.
  const std::vector<Gap> gaps = JoinRoofs(std::vector{Timed(MadeUpRow(2000, 1500), 40, 45)}, MadeUpCeilings());
  EXPECT_EQ(gaps[0].bound, "compute");
  const std::vector<std::string> lines = Lines(RenderGapTable(gaps));
  EXPECT_EQ(lines.at(2),
            "  gemm                1 warm      45 ns    44.4  50.0%    83% L2       2.02  1.00  1.69  1.20 bytes");
}

TEST(AnalysisTable, AboveRoofIsMarkedAndWarningsStandBelowOnceEach) {
  const std::vector<Record> rows = {Timed(MadeUpRow(1e6, 500), 5e3, 1.2e4), Timed(MadeUpRow(1e6, 500), 6e3, 1.2e4)};
  const std::vector<std::string> lines = Lines(RenderGapTable(JoinRoofs(rows, MadeUpCeilings())));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_NE(lines[2].find("200.0%!"), std::string::npos);
  EXPECT_TRUE(lines[2].ends_with(" model"));
  EXPECT_EQ(lines[4], "lever model (2 rows): above the hard roof: a ceiling or a count is wrong");
  EXPECT_EQ(lines[5], "! 2 rows: above its hard roof in its fastest calls, not its median: the AVX3 fma ceiling was");
  EXPECT_EQ(lines[6], "measured too low, or executed_flops is counted too high");
}

TEST(AnalysisTable, FitsAHundredColumnsWhateverTheRowsHold) {
  std::mt19937_64 random(50);
  const auto text = [&](size_t longest) {
    std::string result;
    for (uint64_t n = random() % longest; n > 0; --n) result += random() % 9 == 0 ? " " : random() % 5 == 0 ? "é" : "x";
    return result;
  };
  const auto number = [&]() -> Number {
    static const std::vector<double> kNumbers = {0,       1e-300, 0.004, 0.05,
                                                 0.995,   9.999,  99.96, 999.96,
                                                 99999.6, 1e9,    1e300, std::numeric_limits<double>::infinity()};
    return kNumbers[random() % kNumbers.size()];
  };
  std::vector<Gap> gaps(500);
  for (Gap& gap : gaps) {
    VisitFields(gap, [&]<class Value>(const Field& field, Value& value) {
      if constexpr (std::same_as<Value, std::string>) {
        value = field.allowed.empty() ? text(300) : std::string(field.allowed.substr(0, field.allowed.find(' ')));
      } else if constexpr (std::same_as<Value, Number>) {
        value = number();
      } else {
        value = static_cast<int>(random() % 1024);
      }
    });
    if (random() % 2 == 0) gap.status = kUnstable;
    gap.problem = text(300);
  }
  for (const std::string& line : Lines(RenderGapTable(gaps) + RenderFindings(gaps))) {
    EXPECT_LE(Width(line), kTableWidth) << line;
  }
}

TEST(AnalysisTable, LongProblemKeepsItsEnds) {
  EXPECT_EQ(Shorten("conv2d:mb1ic256ih56oc256kh3ph1", 30), "conv2d:mb1ic256ih56oc256kh3ph1");
  EXPECT_EQ(Shorten("conv2d:mb1ic256ih56oc256kh3ph1", 20), "conv2d:mb..256kh3ph1");
  EXPECT_EQ(Shorten("ééééééééé", 6), "éé..éé") << "cut between code points";
}

TEST(AnalysisTable, NumbersAreShortAndKeepTheirUnit) {
  EXPECT_EQ(Duration(Number()), "");
  EXPECT_EQ(Duration(5.25), "5.25 ns");
  EXPECT_EQ(Duration(999.96), "1 us");
  EXPECT_EQ(Duration(123456.0), "123.5 us");
  EXPECT_EQ(Duration(2.5e9), "2.5 s");
  EXPECT_EQ(Percent(0.9734), "97.3%");
  EXPECT_EQ(Short(0.05), "0.05");
  EXPECT_EQ(Short(9.999), "10.0");
  EXPECT_EQ(Short(2310.4), "2310");
  EXPECT_EQ(Short(1.2e6), "1e+06");
  EXPECT_EQ(Short(1e300), ">1e99");
  EXPECT_EQ(Short(1e-300), "<1e-9");
  EXPECT_EQ(RoundPercent(0.9286), "93%");
  EXPECT_EQ(RoundPercent(Number()), "");
  EXPECT_EQ(Scaled(1234567.0, "B"), "1.235 MB");
  EXPECT_EQ(Scaled(512.0, "B"), "512 B");
  EXPECT_EQ(Scaled(0.0, "B"), "0 B");
  EXPECT_EQ(Scaled(0.00123, "J"), "1.23 mJ");
  EXPECT_EQ(Scaled(999960.0, ""), "1 M");
  EXPECT_EQ(Usd(0.0000125), "$1.25e-05");
  EXPECT_EQ(Short(0.0), "0.00");
  EXPECT_EQ(Short(0.9486, 3), "0.949");
  EXPECT_EQ(Short(9.9996, 3), "10.00");
  EXPECT_EQ(Short(99.96, 3), "99.96");
  EXPECT_EQ(Short(999.96, 3), "1000");
}

TEST(AnalysisTable, LongWordsAndSpacesWrap) {
  EXPECT_EQ(Wrap("one two  three\nfour", 10, "> "), "> one two\n> three\n> four\n");
  EXPECT_EQ(Wrap("abcdefghijkl", 6, ""), "abcdef\nghijkl\n");
  EXPECT_EQ(Wrap("  ", 6, ""), "");
}

TEST(AnalysisFindings, SayWhatTheRowsShowWithTheirNumbers) {
  std::vector<Record> rows = Sample();
  rows.push_back(Timed(MadeUpRow(2e4, 500), 205, 400));
  EXPECT_EQ(RenderFindings(JoinRoofs(rows, MadeUpCeilings())),
            "6 rows: 3 measured, 1 unstable, 1 skipped, 1 wrong.\n"
            "How well FLOPs, and the attainable time, predict the medians: Kendall's tau, pairs in the wrong\n"
            "order, the error as a part of the median, and the factor by which it is off, at last with the best\n"
            "factor.\n"
            "                             rows unstable   tau   wrong    error   worst   factor  worst  scaled\n"
            "FLOPs, all rows                 4        1  0.55   20.0%    44.4%   75.3%     1.80   4.05    1.67\n"
            "    factor at worst: fc:ic10000oc1 gemm (AVX3, 1 thread, warm)\n"
            "attainable time, all rows       4        1  0.91    0.0%    44.4%   50.0%     1.80   2.00    1.33\n"
            "    factor at worst: fc:ic10000oc1 gemm (AVX3, 1 thread, warm)\n"
            "FLOPs, fastest                  3        0  0.33   33.3%    44.4%   75.3%     1.80   4.05    1.67\n"
            "    factor at worst: fc:ic10000oc1 gemm (AVX3, 1 thread, warm)\n"
            "attainable time, fastest        3        0  1.00    0.0%    44.4%   50.0%     1.80   2.00    1.11\n"
            "    factor at worst: fc:ic10000oc1 gemm (AVX3, 1 thread, warm)\n"
            "Fewer FLOPs, more time: fc:ic10000oc1 gemm (AVX3, 1 thread, warm) takes 450 ns for 0.01 MFLOP;\n"
            "  fc:ic20000oc1 gemm (AVX3, 1 thread, warm) takes 400 ns for 0.02 MFLOP.\n"
            "Largest gap of a fastest variant: fc:ic10000oc1 gemm (AVX3, 1 thread, warm) takes 4.05 times what\n"
            "  its FLOPs promise = 1.00 algorithm x 2.02 memory x 2.00 implementation; on the slope of L2, 50.0%\n"
            "  of attainable: fewer bytes (fusion, smaller types, a larger batch) win up to 2.02 x, better code\n"
            "  2.00 x.\n"
            "Nearest to its roof: fc:ic20000oc1 gemm (AVX3, 1 thread, warm), 97.6% of the compute roof.\n");
}

// A row whose hard roof is 1e4 ns.
Record NearRoof(const std::string& problem, double min_ns) {
  Record row = Timed(MadeUpRow(1e6, 500), min_ns, 1.5e4);
  row.problem = problem;
  return row;
}

std::vector<Finding> OfKind(const std::vector<Record>& records, std::string_view kind) {
  std::vector<Finding> findings = FindFindings(JoinRoofs(records, MadeUpCeilings()));
  std::erase_if(findings, [&](const Finding& finding) { return finding.kind != kind; });
  return findings;
}

TEST(AnalysisFindings, NearestToItsRoofIsNoRowAboveIt) {
  const std::vector<Record> rows = {NearRoof("a", 1.25e4), NearRoof("b", 1.1e4), NearRoof("above", 8e3)};
  const std::vector<Finding> nearest = OfKind(rows, "nearest_roof");
  ASSERT_EQ(nearest.size(), 1u);
  EXPECT_EQ(nearest[0].rows.at(0).problem, "b");
  EXPECT_DOUBLE_EQ(*nearest[0].numbers.at(0).second, 1 / 1.1);
  EXPECT_EQ(OfKind(rows, "above_roof").at(0).rows.at(0).problem, "above");
}

TEST(AnalysisFindings, ClaimsAboutSingleRowsRestOnStableOnes) {
  std::vector<Record> rows = {NearRoof("stable", 1.25e4), NearRoof("unstable", 1.1e4)};
  rows[1].median_ns = 9e4;
  rows[1].flops = rows[1].executed_flops = 9e5;
  rows[1].status = kUnstable;
  EXPECT_EQ(OfKind(rows, "nearest_roof").at(0).rows.at(0).problem, "stable");
  EXPECT_EQ(OfKind(rows, "largest_gap").at(0).rows.at(0).problem, "stable");
  EXPECT_TRUE(OfKind(rows, "misordered").empty());
  const Finding judged = OfKind(rows, "flops_all").at(0);
  EXPECT_EQ(judged.rows.at(1).problem, "unstable") << "predictions are judged by all, but say so";
  EXPECT_NE(judged.text.find("(2, 1 of them unstable)"), std::string::npos) << judged.text;
  EXPECT_NE(judged.text.find("unstable gemm (AVX3, 1 thread, warm, unstable)"), std::string::npos) << judged.text;
  rows[1].status = kMeasured;
  EXPECT_EQ(OfKind(rows, "nearest_roof").at(0).rows.at(0).problem, "unstable");
  EXPECT_EQ(OfKind(rows, "largest_gap").at(0).rows.at(0).problem, "unstable");
  EXPECT_EQ(OfKind(rows, "misordered").size(), 1u);
}

TEST(AnalysisFindings, PricesStandBesideWhatTheyAreMadeOf) {
  std::vector<Record> rows = {Timed(MadeUpRow(1e6, 500), 1.1e4, 3.6e4), Timed(MadeUpRow(1e4, 9000), 200, 450)};
  rows[0].batch = 1;
  rows[1].batch = 4;
  std::vector<Gap> gaps = JoinRoofs(rows, MadeUpCeilings());
  SetPrices(gaps, {.usd_per_hour = 2, .utilisation = 0.5});
  const std::string text = FindFindings(gaps).back().text;
  EXPECT_NE(text.find("Price of 1000 inferences at $2 per hour and utilisation 0.50, a machine to each call: from "
                      "$1.25e-07 for fc:ic10000oc1 gemm (AVX3, 1 thread, warm), 450 ns, batch 4, to $4e-05 for "
                      "fc:ic1000000oc1 gemm (AVX3, 1 thread, warm), 36 us, batch 1."),
            std::string::npos)
      << text;
}

TEST(AnalysisFindings, NoRowsNoClaims) {
  EXPECT_EQ(RenderFindings({}), "0 rows: 0 measured, 0 unstable, 0 skipped, 0 wrong.\n");
}

}  // namespace
}  // namespace roofgap
