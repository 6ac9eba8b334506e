#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "harness/measure/statistics.h"

namespace roofgap {
namespace {

std::vector<double> Ramp(int64_t n) {  // 1, 2, ..., n, not in order
  std::vector<double> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  std::shuffle(values.begin(), values.end(), std::mt19937_64(7));
  return values;
}

// P(low <= Binomial(n, 1/2) < high), by Pascal's triangle.
double BinomialBetween(int64_t n, int64_t low, int64_t high) {
  std::vector<long double> row{1};
  for (int64_t i = 0; i < n; ++i) {
    row.push_back(0);
    for (size_t k = row.size() - 1; k > 0; --k) row[k] = (row[k] + row[k - 1]) / 2;
    row[0] /= 2;
  }
  return static_cast<double>(std::accumulate(row.begin() + low, row.begin() + high, 0.0L));
}

TEST(Statistics, OfNothingAreEmpty) {
  const Statistics s = Summarise({});
  EXPECT_EQ(s.n, 0);
  EXPECT_FALSE(s.p05 || s.p95 || s.p99 || s.ci_low || s.ci_high);
}

TEST(Statistics, MedianIsTheMiddleValueOrTheMeanOfTheTwo) {
  EXPECT_EQ(Summarise(std::vector<double>{5, 1, 9}).median, 5);
  EXPECT_EQ(Summarise(std::vector<double>{5, 1, 9, 6}).median, 5.5);
  EXPECT_EQ(Summarise(std::vector<double>{4}).median, 4);
  EXPECT_EQ(Summarise(Ramp(101)).min, 1);
}

TEST(Statistics, QuantilesAppearOnlyFromTheSampleSizeThatHoldsThem) {
  EXPECT_FALSE(Summarise(Ramp(71)).p95);
  EXPECT_FALSE(Summarise(Ramp(71)).p05);
  EXPECT_TRUE(Summarise(Ramp(72)).p95);
  EXPECT_TRUE(Summarise(Ramp(72)).p05);
  EXPECT_FALSE(Summarise(Ramp(367)).p99);
  EXPECT_TRUE(Summarise(Ramp(368)).p99);
}

TEST(Statistics, QuantilesOfARampAreItsPlaces) {
  const Statistics s = Summarise(Ramp(1001));
  EXPECT_NEAR(*s.p05, 51, 1e-9);
  EXPECT_NEAR(*s.p95, 951, 1e-9);
  EXPECT_NEAR(*s.p99, 991, 1e-9);
}

TEST(Statistics, IntervalNeedsSixValuesAndThenSpansThemAll) {
  EXPECT_FALSE(Summarise(Ramp(5)).ci_low);
  const Statistics s = Summarise(Ramp(6));
  EXPECT_EQ(*s.ci_low, 1);
  EXPECT_EQ(*s.ci_high, 6);
}

TEST(Statistics, IntervalIsTheNarrowestThatCovers95PercentByTheBinomialLaw) {
  for (int64_t n = 6; n <= 200; ++n) {
    const int64_t rank = MedianIntervalRank(n);
    ASSERT_GE(rank, 1) << n;
    // The k-th smallest lies below the median when at least k values do, the k-th greatest when at most n - k do.
    EXPECT_GE(BinomialBetween(n, rank, n - rank + 1), 0.95) << n;
    EXPECT_LT(BinomialBetween(n, rank + 1, n - rank), 0.95) << n;
  }
}

TEST(Statistics, IntervalMissesAsOftenAsTheBinomialLawSays) {
  EXPECT_EQ(MedianIntervalMiss(5), 0);
  EXPECT_DOUBLE_EQ(MedianIntervalMiss(6), 2.0 / 64);
  EXPECT_DOUBLE_EQ(MedianIntervalMiss(9), 2.0 * (1 + 9) / 512);
  for (int64_t n = 6; n <= 2000; ++n) ASSERT_LE(MedianIntervalMiss(n), 0.05) << n;
}

TEST(Statistics, IntervalRankIsSmoothWhereTheApproximationTakesOver) {
  for (int64_t n = 990; n < 1010; ++n) {
    EXPECT_LE(std::abs(MedianIntervalRank(n + 2) - MedianIntervalRank(n) - 1), 1) << n;
  }
  EXPECT_NEAR(static_cast<double>(MedianIntervalRank(1'000'000)), 500'000 - 980, 1);
}

TEST(Statistics, BlocksThatDifferWidenTheInterval) {
  std::vector<double> sample, medians;
  for (int block = 0; block < 8; ++block) {
    const double level = 100 + block;
    for (int i = 0; i < 500; ++i) sample.push_back(level);
    medians.push_back(level);
  }
  const Statistics alone = Summarise(sample);
  const Statistics blocks = Summarise(sample, medians);
  EXPECT_EQ(blocks.median, alone.median);
  EXPECT_LE(*alone.ci_high - *alone.ci_low, 1);
  EXPECT_EQ(*blocks.ci_low, 100);
  EXPECT_EQ(*blocks.ci_high, 107);
}

TEST(Statistics, IntervalHoldsEveryMedianOfFewerThanSixBlocks) {
  const std::vector<double> sample = Ramp(100), medians{45, 50, 2, 60, 99};
  EXPECT_EQ(*Summarise(sample, medians).ci_low, 2);
  EXPECT_EQ(*Summarise(sample, medians).ci_high, 99);
}

TEST(Statistics, BlocksThatAgreeDoNotChangeTheInterval) {
  const std::vector<double> sample = Ramp(100), medians(20, 50.5);
  EXPECT_EQ(Summarise(sample, medians).ci_low, Summarise(sample).ci_low);
  EXPECT_EQ(Summarise(sample, medians).ci_high, Summarise(sample).ci_high);
}

}  // namespace
}  // namespace roofgap
