#include <gtest/gtest.h>

#include <sstream>

#include "harness/analysis/attention_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "tests/harness/made_up_attention.h"

namespace roofgap {
namespace {

std::vector<GrowthFit> Fits(const MadeUpAttention& run) {
  const std::vector<AttentionPoint> points = run.points();
  return FitGrowth(FindSeries(points));
}

GrowthFit Fit(const MadeUpAttention& run, const std::string& variant, std::string_view quantity,
              std::string_view range) {
  for (const GrowthFit& fit : Fits(run)) {
    if (fit.method.variant == variant && fit.quantity == quantity && fit.range == range) return fit;
  }
  ADD_FAILURE() << variant << ' ' << quantity << ' ' << range;
  return {};
}

std::string Findings(const MadeUpAttention& run) {
  const std::vector<AttentionPoint> points = run.points();
  const std::vector<AttentionSeries> series = FindSeries(points);
  const std::vector<GrowthFit> fits = FitGrowth(series);
  return RenderGrowth(fits, FindCrossovers(series)) + RenderComplexityTable(fits) + RenderChapterFlops(points) +
         RenderAttentionClaims(points);
}

// Sentences on one line.
std::string Unwrapped(const std::string& text) {
  std::istringstream stream(text);
  std::string one;
  for (std::string word; stream >> word;) one += word + ' ';
  return one;
}

void ExpectNarrow(const std::string& text) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    EXPECT_LE(Width(line), kTableWidth) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(AnalysisAttention, ExponentsAreThoseOfTheTextbook) {
  const MadeUpAttention run = TextbookRun();
  EXPECT_EQ(Fits(run).size(), 12u) << "three methods, two quantities, two ranges";
  for (const char* variant : {"materialised", "flash", "fused"}) {
    for (std::string_view range : {kAllLengths, kLongLengths}) {
      const GrowthFit time = Fit(run, variant, kTime, range);
      EXPECT_NEAR(*time.exponent, *time.expected, 1e-9) << variant;
      EXPECT_EQ(time.agreement, "as_expected") << variant;
      EXPECT_EQ(time.lengths, range == kAllLengths ? 6 : 4);
      EXPECT_EQ(*time.n_from, range == kAllLengths ? 256 : 1024);
      EXPECT_EQ(*time.n_to, 8192);
      EXPECT_EQ(time.status, kMeasured);
    }
  }
  EXPECT_NEAR(*Fit(run, "materialised", kWorkspace, kLongLengths).exponent, 2, 1e-9);
  const GrowthFit flash = Fit(run, "flash", kWorkspace, kLongLengths);
  EXPECT_TRUE(*flash.exponent > 0.5 && *flash.exponent < 1);
  EXPECT_EQ(flash.agreement, "as_expected") << "at most 1";
}

TEST(AnalysisAttention, NoWorkspaceIsSaidAndHasNoExponent) {
  const GrowthFit none = Fit(TextbookRun(), "fused", kWorkspace, kAllLengths);
  EXPECT_FALSE(none.exponent || none.half_width);
  EXPECT_EQ(none.reason, "no bytes at any length");
  EXPECT_EQ(none.agreement, "as_expected");

  MadeUpAttention run;
  for (int64_t n : {64, 128, 256, 512, 1024}) {
    run.Add("attention", "flash", SelfAttention(n), 1e3, n < 200 ? 0 : 64 * static_cast<double>(n));
  }
  const GrowthFit some = Fit(run, "flash", kWorkspace, kAllLengths);
  EXPECT_NEAR(*some.exponent, 1, 1e-12);
  EXPECT_EQ(some.lengths, 3);
  EXPECT_EQ(some.left_out, "no bytes (n = 64, 128)");
}

TEST(AnalysisAttention, ConstantWorkspaceHasExponentZero) {
  MadeUpAttention run;
  for (int64_t n : {64, 128, 256}) run.Add("attention", "flash", SelfAttention(n), 1e3, 4096);
  EXPECT_EQ(*Fit(run, "flash", kWorkspace, kAllLengths).exponent, 0);
}

TEST(AnalysisAttention, WhatIsAwayFromTheTextbookIsSaid) {
  MadeUpAttention run;
  for (int64_t n : {1024, 2048, 4096}) {
    const auto length = static_cast<double>(n);
    run.Add("attention", "flash", SelfAttention(n), std::pow(length, 2.2), length * length);
    run.Add("attention", "onednn", SelfAttention(n), std::pow(length, 1.8), length);
  }
  EXPECT_EQ(Fit(run, "flash", kTime, kLongLengths).agreement, "above");
  EXPECT_EQ(Fit(run, "flash", kWorkspace, kLongLengths).agreement, "above");
  EXPECT_EQ(Fit(run, "onednn", kTime, kLongLengths).agreement, "below");
  EXPECT_EQ(Fit(run, "onednn", kWorkspace, kLongLengths).agreement, "below");
}

TEST(AnalysisAttention, OneQueryOverNKeysIsASweepOfItsOwnWithExponentOne) {
  MadeUpAttention run;
  for (int64_t n : {512, 1024, 2048, 4096}) {
    run.Add("attention", "flash_decode", DecodeAttention(n), 7 * static_cast<double>(n), 1000);
    run.Add("attention", "materialised", SelfAttention(n), static_cast<double>(n * n), 1000);
    AttentionShape other = SelfAttention(n);
    other.t = 2 * n;
    run.Add("attention", "flash", other, 1);
  }
  const std::vector<GrowthFit> fits = Fits(run);
  ASSERT_EQ(fits.size(), 8u) << "queries and keys of other lengths are in no sweep";
  EXPECT_EQ(fits[0].family.sweep, kDecode);
  EXPECT_EQ(*fits[0].expected, 1);
  EXPECT_EQ(fits[0].agreement, "as_expected");
  EXPECT_EQ(fits[4].family.sweep, kSelf);
  EXPECT_EQ(*fits[4].expected, 2);
}

TEST(AnalysisAttention, RowsWithoutATimeAreLeftOutWithTheirReason) {
  MadeUpAttention run = TextbookRun();
  for (Record& row : run.rows) {
    if (row.variant != "flash" || *row.median_ns < 1e7) continue;
    row.status = kSkipped;
    row.reason = "too large";
    row.median_ns = Number();
  }
  const GrowthFit fit = Fit(run, "flash", kTime, kLongLengths);
  EXPECT_EQ(fit.status, kSkipped);
  EXPECT_EQ(fit.reason, "1 length, 3 are needed");
  EXPECT_EQ(fit.left_out, "skipped: too large (n = 2048, 4096, 8192)");
  EXPECT_EQ(Fit(run, "flash", kTime, kAllLengths).lengths, 3);
}

TEST(AnalysisAttention, AnUnstableRowMakesTheFitOfTimeUnstable) {
  MadeUpAttention run = TextbookRun();
  run.rows[1].status = kUnstable;  // flash at 256
  EXPECT_EQ(Fit(run, "flash", kTime, kAllLengths).status, kUnstable);
  EXPECT_EQ(Fit(run, "flash", kTime, kLongLengths).status, kMeasured);
  EXPECT_EQ(Fit(run, "flash", kWorkspace, kAllLengths).status, kMeasured) << "bytes are counted";
}

TEST(AnalysisAttention, TextbookFlopsStandBesideTheCountedOnes) {
  MadeUpAttention run;
  run.Add("attention", "flash", SelfAttention(1024), 1e6);
  AttentionShape grouped = SelfAttention(1024);
  grouped.kvh = 2;
  run.Add("attention", "flash", grouped, 1e6);
  run.Add("attention", "flash_decode", DecodeAttention(1024), 1e3);
  const std::vector<AttentionPoint> points = run.points();
  EXPECT_DOUBLE_EQ(*points[0].chapter_flops, 2.0 * 1024 * 1024 * 512 + 2.0 * 1024 * 512 * 512);
  EXPECT_DOUBLE_EQ(*points[0].projection_flops, 8.0 * 1024 * 512 * 512);
  EXPECT_DOUBLE_EQ(*points[1].projection_flops, 4.0 * 1024 * 512 * (512 + 128));
  EXPECT_FALSE(points[2].chapter_flops);
}

TEST(AnalysisAttention, ApproximationsAreComparedWithTheFastestExactOne) {
  MadeUpAttention run = TextbookRun();
  run.Add("attention", "reference", SelfAttention(256), 1);
  const std::vector<AttentionPoint> points = run.points();
  EXPECT_FALSE(points[0].speedup);
  const AttentionPoint& linformer = points[2];
  EXPECT_EQ(linformer.exact_variant, "flash");
  EXPECT_DOUBLE_EQ(*linformer.speedup, 3.0 * 256 / 4500);
  EXPECT_DOUBLE_EQ(*linformer.speedup_low, *linformer.speedup * 0.98 / 1.02);
  EXPECT_DOUBLE_EQ(*linformer.distance_from_exact, 0.25);
  EXPECT_EQ(points.size(), run.rows.size());
}

TEST(AnalysisAttention, FindingsSayWhatWasFound) {
  const std::string text = Findings(TextbookRun());
  ExpectNarrow(text);
  for (const char* line : {
           "\nh8 d64, n = s = t: f32 AVX3 warm, 1 thread\n",
           "\n  materialised                2.00 +-0.01 (4)    2.00 +-0.01 (6)    2.00 +-0.00 (4)    2 / 2\n",
           "\n  linformer fused k256        1.00 +-0.01 (4)    1.00 +-0.01 (6)    0 bytes            1 / <=1\n",
           "\n  linformer fused            O(n k d)  1.00         1 of 1       O(n k)  0 bytes       1 of 1\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  for (const char* sentence : {
           " flash is faster than materialised at all lengths; than linformer fused k256 up to 1500 (1441 to 1561) ",
           " The fastest flash against the fastest standard attention: faster with its whole interval in 6 of 6 "
           "cases (geometric mean 1.33, ",
           " linformer fused k256 3 of 6 0.17..5.46 0.25 ",
       }) {
    EXPECT_NE(Unwrapped(text).find(sentence), std::string::npos) << sentence << text;
  }
}

TEST(AnalysisAttention, AMethodIsFasterOnlyWhereItsWholeIntervalSaysSo) {
  MadeUpAttention run = TextbookRun();
  run.rows[1].ci_low_ns = run.rows[1].ci_high_ns = std::nullopt;  // flash at 256
  EXPECT_NE(Unwrapped(Findings(run)).find(" faster with its whole interval in 5 of 6 cases "), std::string::npos);
}

TEST(AnalysisAttention, OfEachKindTheFastestAtLongLengthsIsComparedInWords) {
  MadeUpAttention run = TextbookRun();
  for (int64_t n = 256; n <= 8192; n *= 2) {
    const auto length = static_cast<double>(n);
    run.Add("attention", "onednn", SelfAttention(n), n < 500 ? 3.5 * length * length : 5 * length * length, 1);
    run.Add("linformer", "layered", Projected(n), 5000 * length, 1);
  }
  const std::string text = Unwrapped(Findings(run));
  EXPECT_NE(text.find(" materialised is faster than linformer fused k256 up to 1125 "), std::string::npos) << text;
  EXPECT_EQ(text.find("faster than onednn"), std::string::npos) << text;
  EXPECT_EQ(text.find("onednn is faster"), std::string::npos) << text;
  EXPECT_EQ(text.find("than linformer layered"), std::string::npos) << text;
}

TEST(AnalysisAttention, UnstableRowsAreMarkedWhereverTheyAreSpokenOf) {
  MadeUpAttention run = TextbookRun();
  run.rows[1].status = kUnstable;  // flash at 256
  const std::string text = Unwrapped(Findings(run));
  for (const char* sentence : {
           " flash is faster than materialised* at all lengths; than linformer fused k256* up to 1500 (1441 to 1561) ",
           " materialised is faster than linformer fused k256 up to 1125 ",
           " standard materialised O(n^2 d) 2.00 1 of 1 ",
           " flash flash O(n^2 d) 2.00 1 of 1 ",  // from 1024 on
       }) {
    EXPECT_NE(text.find(sentence), std::string::npos) << sentence << text;
  }
  run.rows.back().status = kUnstable;  // linformer at 8192
  EXPECT_NE(Unwrapped(Findings(run)).find(" linformer fused O(n k d) 1.00* 1 of 1 "), std::string::npos);
}

TEST(AnalysisAttention, APairThatIsNotToldApartWinsNothing) {
  // The one that is always as fast as the others stands first; only `two` beats one of its kind.
  MadeUpAttention run;
  for (int64_t n : {1024, 2048, 4096}) {
    const auto length = static_cast<double>(n);
    run.Add("attention", "one", SelfAttention(n), 99 * length * length);
    run.Add("attention", "two", SelfAttention(n), 100 * length * length);
    run.Add("attention", "three", SelfAttention(n), 102.5 * length * length);
    run.Add("linformer", "fused", Projected(n), 300000 * length);
    run.rows[run.rows.size() - 4].ci_high_ns = 105 * length * length;
    run.rows[run.rows.size() - 3].ci_low_ns = run.rows[run.rows.size() - 3].ci_high_ns = 100 * length * length;
    run.rows[run.rows.size() - 2].ci_low_ns = 101 * length * length;
  }
  const std::string text = Unwrapped(Findings(run));
  EXPECT_NE(text.find(" two is faster than linformer fused k256 up to 3000 "), std::string::npos) << text;
  EXPECT_EQ(text.find(" one is faster than linformer"), std::string::npos) << text;
}

TEST(AnalysisAttention, AKindOfCoresIsNamedWhereThereAreSeveral) {
  MadeUpAttention run = TextbookRun();
  EXPECT_EQ(SweepName(run.points()[0].family), "h8 d64, n = s = t: f32 AVX3 warm, 1 thread");
  run.rows[0].core_kind = "efficiency";
  run.rows[0].threads = 4;
  EXPECT_EQ(SweepName(run.points()[0].family), "h8 d64, n = s = t: f32 AVX3 warm, 4 efficiency threads");
}

TEST(AnalysisAttention, OfTwoLengthsNoExponentsAreShown) {
  MadeUpAttention run;
  for (int64_t n : {256, 512}) run.Add("attention", "flash", SelfAttention(n), static_cast<double>(n * n));
  EXPECT_EQ(RenderGrowth(Fits(run), {}),
            "No exponents of 1 shape and setting with fewer than three lengths timed; see attention.csv.\n");
}

TEST(AnalysisAttention, FindingsFitAHundredColumnsAndMarkWhatIsOdd) {
  MadeUpAttention run = TextbookRun();
  for (int64_t n : {128, 512, 131072}) {
    AttentionShape wide = {.b = 16, .h = 128, .kvh = 1, .s = n, .t = n, .d = 256, .causal = 1, .k = {}, .m = 65536};
    run.Add("performer", "a_variant_with_a_long_name", wide, static_cast<double>(n * n)).status = kUnstable;
    Record& skipped = run.Add("attention", "onednn_graph", wide, 1);
    skipped.median_ns = Number();
    skipped.status = kSkipped;
    skipped.reason = "the library has no graph interface, which begins with 3.1; it is an older one here";
  }
  const std::string text = Findings(run);
  ExpectNarrow(text);
  EXPECT_NE(text.find("2.00 +-0.00 (3)*!"), std::string::npos) << text;
  EXPECT_NE(text.find("onednn_graph m65536 has no time: skipped: the library"), std::string::npos) << text;
}

TEST(AnalysisAttention, MultiQueryIsComparedWithMultiHeadInTimeAndBytes) {
  MadeUpAttention run;
  const auto add = [&](int64_t kvh, int64_t n, double median_ns) -> Record& {
    AttentionShape shape = DecodeAttention(n);
    shape.kvh = kvh;
    Record& row = run.Add("attention", "flash_decode", shape, median_ns);
    row.bytes_read = 4.0 * 64 * static_cast<double>(8 + 2 * kvh * n);
    row.bytes_written = 4.0 * 64 * 8;
    return row;
  };
  for (int64_t n : {512, 1024}) {
    add(8, n, 800);
    add(1, n, n == 512 ? 160 : 200);
    add(8, n, 800).cache = "cold";
    add(1, n, 100).cache = "cold";
  }
  run.rows.back().status = kUnstable;
  const std::string text = Findings(run);
  ExpectNarrow(text);
  for (const char* lines : {
           // (16 + 2 n) / (16 + 16 n)
           "\nh8 kvh1 d64, one query over n keys: f32 AVX3 warm, 1 thread\n"
           "  flash_decode                      512..1024 (2)         0.20..0.25      0.126..0.127\n",
           "\nh8 kvh1 d64, one query over n keys: f32 AVX3 cold, 1 thread\n"
           "  flash_decode                      512..1024 (2)         0.12*           0.126..0.127\n",
       }) {
    EXPECT_NE(text.find(lines), std::string::npos) << lines << text;
  }
}

TEST(AnalysisAttention, JumpsToTheNextLengthAreFound) {
  MadeUpAttention run;
  for (int64_t n : {62, 63, 64, 65, 77, 78}) {
    const auto pairs = static_cast<double>(n * n);
    run.Add("attention", "flash", SelfAttention(n), n == 63 ? 9 * pairs : n == 78 ? 1.25 * pairs : pairs);
  }
  const std::string text = Unwrapped(Findings(run));
  EXPECT_NE(text.find("by a factor of: flash 1.25 (of 2, at attention:h8kvh8s78t78d64, 1 thread)."), std::string::npos)
      << text;
}

TEST(AnalysisAttention, WithoutAttentionNothingIsSaid) { EXPECT_EQ(Findings({}), ""); }

}  // namespace
}  // namespace roofgap
