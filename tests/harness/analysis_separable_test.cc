#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <sstream>

#include "harness/analysis/separable.h"
#include "harness/analysis/separable_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "kernels/api/error.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

const std::map<std::string, LayerShape> kShapes = {
    {"standard", {.ic = 8, .oc = 9, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .ph = 1, .pw = 1}},
    {"separable", {.ic = 8, .oc = 9, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .ph = 1, .pw = 1}},
    {"strided", {.ic = 8, .oc = 9, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1}},
    {"biased", {.ic = 8, .oc = 9, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .ph = 1, .pw = 1, .bia = 1}},
};

Record Timed(Record row, const std::string& variant, double median_ns) {
  row.variant = variant;
  row.min_ns = row.median_ns = median_ns;
  row.ci_low_ns = 0.9 * median_ns;
  row.ci_high_ns = 1.1 * median_ns;
  row.gflops = *row.flops / median_ns;
  return row;
}

// 10000 FLOP on paper, 9000 without padding: 90 ns at the peak, 100 ns at the median of 90; 900 bytes lie in L1.
Record Standard(const std::string& variant, double median_ns, double executed_flops = 9000) {
  Record row = MadeUpRow(9000, 900);
  row.op = "conv2d";
  row.problem = "standard";
  row.flops_nominal = 10000;
  row.executed_flops = executed_flops;
  return Timed(row, variant, median_ns);
}

// 1800 FLOP: 18 ns at the peak, 20 ns at its median, but 1600 bytes from L2 take 40 ns at its median.
Record Separable(const std::string& variant, double median_ns) {
  Record row = MadeUpRow(1800, 1600);
  row.op = "dwsep";
  row.problem = "separable";
  row.flops_nominal = 1800;
  return Timed(row, variant, median_ns);
}

Record Of(Record row, const std::string& problem) {
  row.problem = problem;
  return row;
}

Record Untimed(Record row, std::string_view status, const std::string& reason) {
  row.status = status;
  row.reason = reason;
  row.min_ns = row.median_ns = row.ci_low_ns = row.ci_high_ns = row.gflops = Number();
  return row;
}

std::vector<SeparablePair> Pairs(const std::vector<Record>& rows) {
  return PairSeparable(rows, MadeUpCeilings(), kShapes);
}

double Product(const SeparablePair& pair) {
  return *pair.part_padding * *pair.part_algorithm * *pair.part_memory * *pair.part_standard * *pair.part_separable;
}

TEST(AnalysisSeparable, WhatArrivesIsTheProductOfItsParts) {
  const std::vector<SeparablePair> pairs =
      Pairs({Standard("direct", 125), Standard("winograd", 80, 3600), Separable("fused", 50)});
  ASSERT_EQ(pairs.size(), 2u);
  const SeparablePair& direct = pairs[0];
  EXPECT_EQ(direct.comparison, "direct");
  EXPECT_DOUBLE_EQ(*direct.promised, 10000.0 / 1800);
  EXPECT_DOUBLE_EQ(*direct.latency_ratio, 2.5);
  EXPECT_DOUBLE_EQ(*direct.latency_low, 112.5 / 55);
  EXPECT_DOUBLE_EQ(*direct.latency_high, 137.5 / 45);
  EXPECT_DOUBLE_EQ(*direct.arrives, 0.45);
  EXPECT_DOUBLE_EQ(*direct.part_padding, 0.9);
  EXPECT_DOUBLE_EQ(*direct.part_algorithm, 1);
  EXPECT_DOUBLE_EQ(*direct.part_memory, 0.5) << "data doubles the attainable time of the separable one";
  EXPECT_DOUBLE_EQ(*direct.part_standard, 1.25);
  EXPECT_DOUBLE_EQ(*direct.part_separable, 0.8);
  EXPECT_DOUBLE_EQ(Product(direct), *direct.arrives);
  EXPECT_DOUBLE_EQ(*direct.attainable_ratio, 2.5);
  EXPECT_DOUBLE_EQ(*direct.roof_ratio, 5) << "90 ns over 18";
  EXPECT_EQ(direct.standard.bound + ' ' + direct.standard.level, "compute L1");
  EXPECT_EQ(direct.separable.bound + ' ' + direct.separable.level, "memory L2");

  const SeparablePair& fastest = pairs[1];
  EXPECT_EQ(fastest.comparison, "fastest");
  EXPECT_EQ(fastest.standard.variant, "winograd");
  EXPECT_DOUBLE_EQ(*fastest.latency_ratio, 1.6);
  EXPECT_DOUBLE_EQ(*fastest.part_algorithm, 0.4);
  EXPECT_DOUBLE_EQ(*fastest.part_standard, 2);
  EXPECT_DOUBLE_EQ(Product(fastest), *fastest.arrives);
}

TEST(AnalysisSeparable, TheFastestThatCompeteMakeThePairs) {
  const std::vector<SeparablePair> pairs =
      Pairs({Separable("fused", 50), Separable("onednn", 60), Standard("winograd", 80, 3600), Standard("direct", 125),
             Standard("onednn", 120), Standard("onednn_winograd", 90, 3600), Standard("onednn_best", 121)});
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[0].standard.variant + '/' + pairs[0].separable.variant, "onednn/fused");
  EXPECT_EQ(pairs[1].standard.variant + '/' + pairs[1].separable.variant, "winograd/fused");
  EXPECT_EQ(pairs[2].comparison, "onednn");
  EXPECT_EQ(pairs[2].standard.variant + '/' + pairs[2].separable.variant, "onednn/onednn");
}

TEST(AnalysisSeparable, WhatAVariantChoseIsItsAlgorithm) {
  std::vector<Record> rows = {Standard("auto", 125), Separable("fused", 50)};
  rows[0].impl = "AVX3 14x32 tiles=8 [winograd_f43]";
  rows[1].impl = "AVX3 bands of [7] rows";
  const SeparablePair pair = Pairs(rows)[0];
  EXPECT_EQ(pair.standard.variant + '/' + pair.standard.algorithm, "auto/winograd_f43");
  EXPECT_EQ(pair.separable.variant + '/' + pair.separable.algorithm, "fused/fused");
}

TEST(AnalysisSeparable, OnlyEqualShapesUnderEqualConditionsArePairs) {
  std::vector<Record> rows = {Of(Separable("fused", 50), "strided"), Of(Separable("fused", 50), "biased"),
                              Standard("direct", 125), Of(Standard("direct", 1), "no shape")};
  EXPECT_TRUE(Pairs(rows).empty());
  for (int i = 0; i < 4; ++i) {
    rows.push_back(Separable("fused", 50));
    (i == 0   ? rows.back().isa
     : i == 1 ? rows.back().dtype
              : rows.back().cache) = i == 0   ? "AVX2"
                                     : i == 1 ? "f64"
                                              : "cold";
    if (i == 3) {
      rows.back().cache = "warm";
      rows.back().threads = 2;
    }
  }
  EXPECT_TRUE(Pairs(rows).empty());
  rows.push_back(Separable("fused", 50));
  EXPECT_EQ(Pairs(rows).size(), 2u) << "direct and fastest";
}

TEST(AnalysisSeparable, NoRowOfEitherSideVanishes) {
  const std::vector<SeparablePair> wrong =
      Pairs({Standard("direct", 125), Untimed(Separable("fused", 50), kWrong, "error 2 > bound 0.1")});
  ASSERT_EQ(wrong.size(), 2u);
  EXPECT_EQ(wrong[0].status, kWrong);
  EXPECT_EQ(wrong[0].reason, "fused wrong: error 2 > bound 0.1");
  EXPECT_FALSE(wrong[0].latency_ratio || wrong[0].arrives);
  EXPECT_TRUE(wrong[0].promised);

  const std::vector<SeparablePair> left_out = Pairs({Standard("winograd", 80, 3600), Separable("fused", 50),
                                                     Untimed(Separable("two_pass", 50), kSkipped, "not today")});
  ASSERT_EQ(left_out.size(), 1u) << "no standard row does every multiplication, or is untimed and might";
  EXPECT_EQ(left_out[0].comparison, "fastest");
  EXPECT_EQ(left_out[0].left_out, "two_pass skipped: not today");
  EXPECT_EQ(left_out[0].status, kMeasured);
}

TEST(AnalysisSeparable, AnUnstableRowMarksItsPairs) {
  Record shaky = Standard("winograd", 80, 3600);
  shaky.status = kUnstable;
  shaky.reason = "shook";
  const std::vector<SeparablePair> pairs = Pairs({shaky, Standard("direct", 125), Separable("fused", 50)});
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].status, kMeasured);
  EXPECT_EQ(pairs[1].status, kUnstable);
  EXPECT_EQ(pairs[1].reason, "winograd unstable: shook");
}

TEST(AnalysisSeparable, WithoutCeilingsThereAreRatiosAndNoRoofs) {
  const std::vector<Record> rows = {Standard("direct", 125), Separable("fused", 50)};
  const std::vector<SeparablePair> pairs = PairSeparable(rows, {}, kShapes);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_DOUBLE_EQ(*pairs[0].arrives, 0.45);
  EXPECT_DOUBLE_EQ(*pairs[0].part_padding, 0.9);
  EXPECT_DOUBLE_EQ(*pairs[0].part_algorithm, 1);
  EXPECT_FALSE(pairs[0].part_memory || pairs[0].part_standard || pairs[0].part_separable);
  EXPECT_FALSE(pairs[0].attainable_ratio || pairs[0].roof_ratio);
  EXPECT_EQ(pairs[0].separable.bound, "");
  Ceilings foreign = MadeUpCeilings();
  foreign.rows[0].machine_id = "another";
  EXPECT_THROW(PairSeparable(rows, foreign, kShapes), Error);
}

TEST(AnalysisSeparableTable, LayersAreNamedByWhatIsUnusual) {
  EXPECT_EQ(LayerName(kShapes.at("separable")), "8->9 3x3 14x14");
  EXPECT_EQ(LayerName(kShapes.at("strided")), "8->9 3x3 14x14 s2");
  EXPECT_EQ(LayerName({.mb = 4, .ic = 1, .oc = 1, .ih = 8, .iw = 9, .kh = 5, .kw = 1, .sh = 2, .act = 2}),
            "1->1 5x1 8x9 s2x1 p0 mb4 act2");
}

TEST(AnalysisSeparableTable, ALineForEachShapeAndWhatTheyShow) {
  std::vector<Record> rows = {Standard("direct", 125),
                              Standard("winograd", 40, 3600),
                              Standard("onednn", 150),
                              Separable("fused", 50),
                              Separable("onednn", 60),
                              Of(Standard("direct", 250), "strided"),
                              Of(Separable("fused", 50), "strided")};
  const std::string table = RenderSeparableTable(Pairs(rows));
  EXPECT_EQ(table.substr(table.find("layer")),
            "layer                  thr FLOPs roofs direct   any oneDNN  arrives = pad  algo   mem   std   sep\n"
            "8->9 3x3 14x14           1  5.56  2.50   2.50  0.80   2.50    45.0%  0.90  1.00  0.50  1.25  0.80\n"
            "8->9 3x3 14x14 s2        1  5.56  2.50   5.00  5.00           90.0%  0.90  1.00  0.50  2.50  0.80\n");
  EXPECT_EQ(RenderSeparableFindings(Pairs(rows)),
            "1 thread: 2 shapes, geometric means: FLOPs promise 5.56x, 3.54x arrives (63.6%; least 2.50x (8->9\n"
            "3x3 14x14), largest 5.00x (8->9 3x3 14x14 s2)). Against the fastest standard convolution 2.00x\n"
            "(36.0%; least 0.80x (8->9 3x3 14x14), largest 5.00x (8->9 3x3 14x14 s2)). Between oneDNN's two 2.50x\n"
            "(45.0%). 63.6% = padding 0.90 x algorithm 1.00 x memory 0.50 x standard 1.77 x separable 0.80. Data\n"
            "bounds the standard one in 0 of 2, the separable one in 2 (L2 2).\n"
            "  separable is the slower one: 8->9 3x3 14x14 0.80x\n");
  rows.push_back(Untimed(Of(Standard("im2col", 1), "strided"), kSkipped, "too large"));
  EXPECT_EQ(RenderSeparableTable(Pairs(rows)), table);
}

TEST(AnalysisSeparableTable, WhatTellsLayersApartIsNeverCut) {
  const LayerShape shape = {
      .ic = 512, .oc = 512, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .ph = 1, .pw = 1, .bia = 1, .act = 1};
  LayerShape strided = shape;
  strided.ic = strided.oc = 2048;
  strided.sh = strided.sw = 2;
  std::vector<SeparablePair> pairs = Pairs({Standard("direct", 125), Separable("fused", 50)});
  pairs[0].shape = pairs[1].shape = shape;
  pairs.insert(pairs.end(), pairs.begin(), pairs.begin() + 2);
  pairs[2].shape = pairs[3].shape = strided;
  const std::string table = RenderSeparableTable(pairs);
  EXPECT_NE(table.find("all layers with bia1 act1\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\n512->512 3x3 14x14       1  5.56"), std::string::npos) << table;
  EXPECT_NE(table.find("\n2048->2048 3x3 14x14 s2\n                         1  5.56"), std::string::npos) << table;
  pairs[0].shape.act = pairs[1].shape.act = 0;
  const std::string differing = RenderSeparableTable(pairs);
  EXPECT_EQ(differing.find("all layers with"), std::string::npos) << differing;
  EXPECT_NE(differing.find("\n512->512 3x3 14x14 bia1\n"), std::string::npos) << differing;
  EXPECT_NE(differing.find("\n2048->2048 3x3 14x14 s2 bia1 act1\n"), std::string::npos) << differing;
}

TEST(AnalysisSeparableTable, RowsThatWereLeftOutAreNamedOnceForEachCase) {
  std::vector<Record> rows = {Standard("onednn", 125), Separable("onednn", 50),
                              Untimed(Separable("fused", 1), kWrong, "error 2 > bound 0.1")};
  EXPECT_EQ(RenderSeparableFindings(Pairs(rows)),
            "1 thread:\n  left out for 8->9 3x3 14x14: fused wrong: error 2 > bound 0.1\n");
  for (const Record& row : std::vector<Record>(rows)) rows.push_back(Of(row, "strided"));
  const std::string text = RenderSeparableFindings(Pairs(rows));
  const std::string note = "  left out for 2 layers: fused wrong: error 2 > bound 0.1\n";
  EXPECT_EQ(text.substr(text.size() - note.size()), note) << text;
  EXPECT_EQ(text.find("left out"), text.rfind("left out")) << text;
}

TEST(AnalysisSeparableTable, TheWorkedExampleHasItsRightCounts) {
  const LayerShape shape = {.ic = 256, .oc = 256, .ih = 14, .iw = 14, .kh = 3, .kw = 3, .ph = 1, .pw = 1};
  Record standard = Standard("direct", 1000), separable = Separable("fused", 125);
  standard.flops_nominal = 2.0 * 14 * 14 * 256 * 256 * 9;
  separable.flops_nominal = 2.0 * 14 * 14 * 256 * (9 + 256);
  standard.flops = standard.executed_flops = 2.0 * 40 * 40 * 256 * 256;
  separable.flops = separable.executed_flops = 2.0 * 256 * (40 * 40 + 14 * 14 * 256);
  separable.status = kUnstable;
  const std::vector<Record> rows = {standard, separable};
  const std::string text =
      RenderSeparableFindings(PairSeparable(rows, MadeUpCeilings(), {{"standard", shape}, {"separable", shape}}));
  EXPECT_EQ(text.substr(0, text.find("FLOP per byte")),
            "Worked example 256->256 3x3 14x14: standard 231.2 MFLOP (115.6 MMAC), separable 26.6 (13.3): 8.69x\n"
            "fewer. Without the taps on padding 209.7 and 26.5: 7.91x. ");
  EXPECT_EQ(text.substr(text.find("  1 thread: direct")),
            "  1 thread: direct 1 us (direct) over 125 ns (fused): 8.00x*, 92.0% = padding 0.91 x algorithm 1.00\n"
            "  x memory 1.00 x standard 4e-04 x separable 2356. any 1 us (direct) over 125 ns (fused): 8.00x*,\n"
            "  92.0%. Attainable times: 7.91x, hard roofs: 7.91x; both are bound by compute.\n");
}

TEST(AnalysisSeparableTable, AnUnstableLossIsMarked) {
  std::vector<Record> rows = {Standard("direct", 125), Separable("fused", 250), Of(Standard("direct", 250), "strided"),
                              Of(Separable("fused", 50), "strided")};
  rows[1].status = kUnstable;
  const std::string text = RenderSeparableFindings(Pairs(rows));
  EXPECT_NE(text.find("least 0.50x* (8->9 3x3 14x14)"), std::string::npos) << text;
  EXPECT_NE(text.find("separable is the slower one: 8->9 3x3 14x14 0.50x*\n"), std::string::npos) << text;
}

TEST(AnalysisSeparableTable, ASettingWithoutRoofsIsNamedAndClaimsNoParts) {
  std::vector<Record> rows = {Standard("direct", 125), Separable("fused", 50), Of(Standard("direct", 250), "strided"),
                              Of(Separable("fused", 50), "strided")};
  EXPECT_EQ(RenderMissingRoofs(Pairs(rows)), "");
  for (int i = 0; i < 4; ++i) {
    rows.push_back(rows[static_cast<size_t>(i)]);
    rows.back().threads = 2;
  }
  EXPECT_EQ(RenderMissingRoofs(Pairs(rows)),
            "No roofs for 2 shapes, f32 AVX3 warm, 2 threads: no fma ceiling for f32 AVX3 on 2 threads (uniform\n"
            "cores): run hwprobe --threads 2; no memory ceiling for 2 threads (uniform cores): run hwprobe\n"
            "--threads 2\n");
  const std::string text = RenderSeparableFindings(Pairs(rows));
  EXPECT_NE(text.find("2 threads: 2 shapes"), std::string::npos) << text;
  EXPECT_NE(text.find("= padding"), std::string::npos) << text;
  EXPECT_EQ(text.find("= padding"), text.rfind("= padding")) << "of one thread alone: " << text;
}

TEST(AnalysisSeparableTable, FitsAHundredColumnsWhateverTheRowsHold) {
  std::mt19937_64 random(7);
  const auto text = [&](size_t longest) {
    std::string result;
    for (uint64_t n = random() % longest; n > 0; --n) result += random() % 9 == 0 ? " " : random() % 5 == 0 ? "é" : "x";
    return result;
  };
  std::vector<SeparablePair> pairs(300);
  for (SeparablePair& pair : pairs) {
    VisitFields(pair, [&]<class Value>(const Field& field, Value& value) {
      if constexpr (std::same_as<Value, std::string>) {
        value = field.allowed.empty() ? text(300) : std::string(field.allowed.substr(0, field.allowed.find(' ')));
      } else if constexpr (std::same_as<Value, Number>) {
        value = std::pow(10, static_cast<double>(random() % 600) - 300);
      } else {
        value = static_cast<Value>(random() % 1000000000);
      }
    });
    if (random() % 4 == 0) pair.latency_ratio.reset();
  }
  for (size_t i = 1; i < 20; ++i) {
    pairs[i] = pairs[0];
    pairs[i].comparison = "fastest";
    pairs[i].shape.ic = static_cast<int64_t>(i);
  }
  std::istringstream lines(RenderSeparableTable(pairs) + RenderSeparableFindings(pairs));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), kTableWidth) << line;
}

}  // namespace
}  // namespace roofgap
