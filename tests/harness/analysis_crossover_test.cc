#include <gtest/gtest.h>

#include <cmath>

#include "harness/analysis/crossover.h"
#include "tests/harness/made_up_attention.h"

namespace roofgap {
namespace {

// A ratio with an interval of so large a factor to each side.
RatioPoint Point(double n, double ratio, double factor = 1.01) {
  return {.n = n, .ratio = ratio, .low = ratio / factor, .high = ratio * factor};
}

std::vector<Crossover> Crossovers(const MadeUpAttention& run) {
  const std::vector<AttentionPoint> points = run.points();
  return FindCrossovers(FindSeries(points));
}

TEST(AnalysisCrossover, IsInterpolatedInLogarithmsWithItsInterval) {
  // log(ratio) rises as log(n) does, so a factor of the ratio is the same factor of n.
  for (bool falls : {false, true}) {
    const std::vector<Crossing> found = FindCrossings(
        std::vector{Point(100, falls ? 2 : 0.5, std::sqrt(2)), Point(400, falls ? 0.5 : 2, std::sqrt(2))});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NEAR(found[0].n, 200, 1e-9);
    EXPECT_NEAR(found[0].low, 200 / std::sqrt(2), 1e-9);
    EXPECT_NEAR(found[0].high, 200 * std::sqrt(2), 1e-9);
  }
}

TEST(AnalysisCrossover, IsBetweenLengthsAtWhichTheIntervalsTellTheTwoApart) {
  const std::vector<Crossing> found = FindCrossings(
      std::vector{Point(100, 0.25, 1.5), Point(200, 0.5, 4), Point(400, 2, 4), Point(800, 4, 2), Point(1600, 4, 2)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].n, 200 * std::sqrt(2), 1e-6);
  // The upper ends: 0.375 at 100, 2 at 200. The lower ends: 0.5 at 400, 2 at 800.
  EXPECT_NEAR(found[0].low, 100 * std::pow(2, std::log(1 / 0.375) / std::log(2 / 0.375)), 1e-6);
  EXPECT_NEAR(found[0].high, 400 * std::sqrt(2), 1e-6);
}

TEST(AnalysisCrossover, NoiseAroundOneIsNoCrossingOfItsOwn) {
  EXPECT_TRUE(FindCrossings(std::vector{Point(100, 0.5), Point(200, 1.1, 1.5), Point(400, 0.5)}).empty());
  EXPECT_TRUE(FindCrossings(std::vector{Point(100, 0.9, 1.5), Point(200, 1.1, 1.5)}).empty());
  const std::vector<Crossing> found =
      FindCrossings(std::vector{Point(100, 0.5), Point(200, 1.1, 1.5), Point(400, 0.9, 1.5), Point(800, 1.2, 1.1)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].n > 100 && found[0].n < 200) << "the first place";
  EXPECT_TRUE(found[0].low < found[0].n && found[0].high > 400) << "the others are within the interval";
}

TEST(AnalysisCrossover, NothingIsExtrapolated) {
  EXPECT_TRUE(FindCrossings(std::vector{Point(100, 0.2), Point(200, 0.5), Point(400, 0.98)}).empty());
}

TEST(AnalysisCrossover, EachDecidedChangeOfTheFasterOneIsACrossing) {
  const std::vector<Crossing> found =
      FindCrossings(std::vector{Point(100, 0.5), Point(400, 2), Point(1600, 0.5), Point(3200, 0.4)});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found[0].n, 200, 1e-9);
  EXPECT_NEAR(found[1].n, 800, 1e-9);
  EXPECT_NEAR(found[1].low, 800 / 1.01, 1e-6);
}

TEST(AnalysisCrossover, EqualTimesAreUndecided) {
  EXPECT_TRUE(FindCrossings(std::vector{Point(100, 1, 1), Point(200, 1, 1)}).empty());
  const std::vector<Crossing> found = FindCrossings(std::vector{Point(100, 0.5), Point(200, 1, 1), Point(400, 2)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].n, 200, 1e-9);
}

TEST(AnalysisCrossover, PairsOfATextbookRun) {
  const std::vector<Crossover> found = Crossovers(TextbookRun());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].faster.variant + ' ' + found[0].rival.variant, "flash materialised");
  EXPECT_EQ(found[0].verdict, kAlways);
  EXPECT_FALSE(found[0].n || found[0].n_low || found[0].n_high);
  EXPECT_EQ(*found[0].n_from, 256);
  EXPECT_EQ(*found[0].n_to, 8192);
  EXPECT_EQ(found[0].lengths, 6);
  EXPECT_EQ(found[0].decided, 6);
  EXPECT_EQ(MethodName(found[1].rival), "linformer fused k256");
  EXPECT_EQ(found[1].verdict, kCrossing);
  EXPECT_NEAR(*found[1].n, 1125, 1e-6) << "4 n^2 = 4500 n";
  EXPECT_EQ(found[2].faster.variant, "flash");
  EXPECT_NEAR(*found[2].n, 1500, 1e-6) << "3 n^2 = 4500 n";
  EXPECT_NEAR(*found[2].n_low, 1500 * 0.98 / 1.02, 1e-6);
  EXPECT_NEAR(*found[2].n_high, 1500 * 1.02 / 0.98, 1e-6);
  EXPECT_EQ(found[2].status, kMeasured);
}

TEST(AnalysisCrossover, OverlappingIntervalsDecideNothing) {
  MadeUpAttention run;
  for (int64_t n : {128, 256, 512}) {
    run.Add("attention", "one", SelfAttention(n), 100);
    run.Add("attention", "two", SelfAttention(n), n == 256 ? 101 : 99);
  }
  const std::vector<Crossover> found = Crossovers(run);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].verdict, kUndecided);
  EXPECT_FALSE(found[0].n);
  EXPECT_EQ(found[0].decided, 0);
}

TEST(AnalysisCrossover, APointWithoutAnIntervalIsNoPointOfTheLines) {
  const std::vector<RatioPoint> points = {
      Point(100, 0.5), {.n = 200, .ratio = 3, .low = {}, .high = {}}, Point(400, 2)};
  const std::vector<Crossing> found = FindCrossings(points);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].n, 200, 1e-9);
  EXPECT_NEAR(found[0].low, 200 / 1.01, 1e-9);
  EXPECT_NEAR(found[0].high, 200 * 1.01, 1e-9);
}

TEST(AnalysisCrossover, RowsWithoutAnIntervalDecideNothing) {
  MadeUpAttention run = TextbookRun();
  for (Record& row : run.rows) {
    if (*row.median_ns > 4500 * 1500) row.ci_low_ns = row.ci_high_ns = Number();  // where linformer is the faster one
  }
  const std::vector<Crossover> found = Crossovers(run);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].verdict, kAlways);
  EXPECT_EQ(found[2].verdict, kAlways) << "beyond 1500 nothing is known well enough";
  EXPECT_EQ(found[2].faster.variant, "flash");
  EXPECT_FALSE(found[2].n || found[2].n_low || found[2].n_high);
  EXPECT_EQ(found[2].lengths, 6);
  EXPECT_EQ(found[2].decided, 3);
  EXPECT_EQ(*found[2].n_to, 8192);

  for (Record& row : run.rows) row.ci_low_ns = row.ci_high_ns = Number();
  for (const Crossover& pair : Crossovers(run)) {
    EXPECT_EQ(pair.verdict, kUndecided);
    EXPECT_EQ(pair.decided, 0);
  }
}

TEST(AnalysisCrossover, OnlyMethodsOfOneFamilyWithTwoCommonTimesAreCompared) {
  MadeUpAttention run = TextbookRun();
  for (int64_t n : {512, 1024, 2048}) {
    AttentionShape causal = SelfAttention(n);
    causal.causal = 1;
    run.Add("attention", "flash", causal, 1);
    run.Add("attention", "flash", SelfAttention(n), 1).threads = 2;
    run.Add("attention", "flash_decode", DecodeAttention(n), 1);
  }
  run.Add("attention", "onednn", SelfAttention(256), 1);
  run.Add("attention", "onednn", SelfAttention(64), 1);
  run.Add("attention", "onednn", SelfAttention(512), 1).median_ns = Number();
  EXPECT_EQ(Crossovers(run).size(), 3u);
}

TEST(AnalysisCrossover, AnUnstableRowShows) {
  MadeUpAttention run = TextbookRun();
  run.rows[1].status = kUnstable;  // flash
  const std::vector<Crossover> found = Crossovers(run);
  EXPECT_EQ(found[0].status, kUnstable);
  EXPECT_EQ(found[1].status, kMeasured);
  EXPECT_EQ(found[2].status, kUnstable);
}

}  // namespace
}  // namespace roofgap
