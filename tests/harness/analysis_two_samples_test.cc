#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/analysis/two_samples.h"

namespace roofgap {
namespace {

using Sample = std::vector<double>;

Sample UpTo(int n, double first) {
  Sample sample;
  for (int i = 0; i < n; ++i) sample.push_back(first + i);
  return sample;
}

// Reference values of this file by scipy 1.10: mannwhitneyu, ttest_ind(equal_var=False) of logarithms, t.sf.

TEST(AnalysisTwoSamples, RanksOfSmallSamplesAreCountedExactly) {
  EXPECT_NEAR(RankTest({{1.1, 2.2, 3.3, 0.5, 4.7, 8.9, 7.1}}, {{2.3, 5.5, 6.6, 9.9, 10.1}}), 0.148989898989899, 1e-14);
  EXPECT_NEAR(RankTest(UpTo(6, 1), UpTo(6, 7)), 2.0 / 924, 1e-15) << "wholly apart: 2 of C(12, 6) orders";
  EXPECT_NEAR(RankTest(UpTo(20, 1), UpTo(20, 21)), 2 / 137846528820.0, 1e-20);
  EXPECT_EQ(RankTest({{1, 4}}, {{2, 3}}), 1);
}

TEST(AnalysisTwoSamples, RanksOfTiedAndOfLargeSamplesAreNormal) {
  EXPECT_NEAR(RankTest({{1, 1, 2, 3, 3, 4, 5}}, {{2, 3, 5, 5, 6, 7}}), 0.08215265384607152, 1e-12);
  EXPECT_NEAR(RankTest(UpTo(30, 1), UpTo(30, 10.5)), 0.0003988101938466105, 1e-14);
  EXPECT_EQ(RankTest(Sample(9, 5.0), Sample(7, 5.0)), 1) << "all are equal";
}

TEST(AnalysisTwoSamples, TheSidesMayBeExchanged) {
  const Sample a = {3, 1, 4, 1.5, 9}, b = {2, 6, 5, 3.5, 8, 9.5};
  EXPECT_DOUBLE_EQ(RankTest(a, b), RankTest(b, a));
  EXPECT_DOUBLE_EQ(WelchTest(a, b), WelchTest(b, a));
}

TEST(AnalysisTwoSamples, LeastRankPIsThatOfSamplesWhollyApart) {
  EXPECT_NEAR(LeastRankP(6, 6), RankTest(UpTo(6, 1), UpTo(6, 7)), 1e-15);
  EXPECT_NEAR(LeastRankP(3, 9), RankTest(UpTo(3, 1), UpTo(9, 7)), 1e-15);
  EXPECT_EQ(LeastRankP(1, 1), 1);
}

TEST(AnalysisTwoSamples, WelchTestsLogarithmsWithTheirOwnVariances) {
  EXPECT_NEAR(WelchTest({{1.1, 2.2, 3.3, 0.5, 4.7, 8.9, 7.1}}, {{2.3, 5.5, 6.6, 9.9, 10.1}}), 0.12558983877925858,
              1e-13);
  EXPECT_EQ(WelchTest({{2, 2, 2}}, {{2, 2}}), 1);
  EXPECT_EQ(WelchTest({{2, 2, 2}}, {{3, 3}}), 0);
}

TEST(AnalysisTwoSamples, TailsAreThoseOfTheDistributions) {
  EXPECT_NEAR(StudentTail(2.5, 7.3), 0.039650234665600415, 1e-14);
  EXPECT_NEAR(StudentTail(0.1, 3), 0.9266523488008058, 1e-13);
  EXPECT_NEAR(StudentTail(12.706204736432095, 1), 0.05, 1e-11);
  EXPECT_NEAR(StudentTail(140, 10) / 8.487991064130444e-18, 1, 1e-10);
  EXPECT_EQ(StudentTail(0, 4), 1);
  EXPECT_NEAR(NormalTail(1.959963984540054), 0.05, 1e-15);
  EXPECT_NEAR(NormalTail(-1.959963984540054), 0.05, 1e-15);
}

TEST(AnalysisTwoSamples, MedianOfEvenSamplesIsBetweenTheMiddleTwo) {
  EXPECT_EQ(Median({{3, 1, 2}}), 2);
  EXPECT_EQ(Median({{4, 1, 3, 2}}), 2.5);
  EXPECT_EQ(Median({{7}}), 7);
}

TEST(AnalysisTwoSamples, BootstrapOfConstantsIsTheirRatio) {
  const RatioInterval interval = BootstrapRatio(Sample(6, 30.0), Sample(8, 20.0));
  EXPECT_EQ(interval.low, 1.5);
  EXPECT_EQ(interval.high, 1.5);
}

TEST(AnalysisTwoSamples, BootstrapHoldsTheTrueRatioInNineteenOfTwentyCases) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> noise(0, 0.05);
  for (const int n : {6, 15}) {
    int held = 0;
    constexpr int kCases = 300;
    for (int i = 0; i < kCases; ++i) {
      Sample a(static_cast<size_t>(n)), b(10);
      for (double& value : a) value = 3 * noise(random);
      for (double& value : b) value = 2 * noise(random);
      const RatioInterval interval = BootstrapRatio(a, b);
      held += interval.low <= 1.5 && 1.5 <= interval.high;
      EXPECT_LT(interval.high / interval.low, 1.3);
    }
    EXPECT_GT(held, kCases * 91 / 100) << n;
    EXPECT_LT(held, kCases) << "an interval that never misses is too wide";
  }
}

// Logarithms of an AR(1) process with deviation 0.02 about `centre`.
Sample Following(double correlation, int n, double centre, std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, 0.02);
  Sample sample;
  double value = noise(random);
  for (int i = 0; i < n; ++i) {
    sample.push_back(centre * std::exp(value));
    value = correlation * value + std::sqrt(1 - correlation * correlation) * noise(random);
  }
  return sample;
}

TEST(AnalysisTwoSamples, SerialCorrelationIsFoundInManyShortSamples) {
  std::mt19937_64 random(11);
  for (const double correlation : {0.0, 0.25, 0.5}) {
    std::vector<Sample> samples;
    for (int i = 0; i < 400; ++i) samples.push_back(Following(correlation, 6 + i % 10, 1000, random));
    std::vector<const Sample*> all;
    for (const Sample& sample : samples) all.push_back(&sample);
    EXPECT_NEAR(SerialCorrelation(all), correlation, 0.07);
  }
  EXPECT_DOUBLE_EQ(SerialCorrelation({}), 0.3) << "what is usual";
}

TEST(AnalysisTwoSamples, SerialInflationIsTheVarianceOfTheMean) {
  EXPECT_EQ(SerialInflation(0, 10), 1);
  // n = 3, rho = 0.5: Var(mean) n / variance = 1 + 2 (2/3 / 2 + 1/3 / 4) = 11/6; E(s^2) / variance = (3 - 11/6) / 2.
  EXPECT_NEAR(SerialInflation(0.5, 3), 11.0 / 6 / ((3 - 11.0 / 6) / 2), 1e-12);
  EXPECT_NEAR(SerialInflation(0.5, 1e4), 3, 0.01) << "(1 + rho) / (1 - rho) of long samples";
}

TEST(AnalysisTwoSamples, DeflatedIsTheTailOfAWiderNormalDistribution) {
  EXPECT_NEAR(Deflated(NormalTail(3), 4), NormalTail(1.5), 1e-12);
  EXPECT_NEAR(Deflated(0.2, 1), 0.2, 1e-12);
  EXPECT_EQ(Deflated(1, 2), 1);
  EXPECT_EQ(Deflated(0, 2), 0);
}

TEST(AnalysisTwoSamples, TestsOfTurnsThatFollowEachOtherKeepTheirLevel) {
  std::mt19937_64 random(7);
  constexpr int kCases = 2000, kTurns = 12;
  constexpr double kCorrelation = 0.5;
  int ranks = 0, welch = 0, naive = 0;
  for (int i = 0; i < kCases; ++i) {
    const Sample a = Following(kCorrelation, kTurns, 5, random), b = Following(kCorrelation, kTurns, 5, random);
    ranks += Deflated(RankTest(a, b), SerialInflation(kCorrelation, kTurns)) <= 0.05;
    welch += WelchTest(a, b, kCorrelation) <= 0.05;
    naive += WelchTest(a, b) <= 0.05;
  }
  EXPECT_GT(naive, kCases * 18 / 100) << "as if they were independent";
  for (const int rejected : {ranks, welch}) {
    EXPECT_LT(rejected, kCases * 7 / 100);
    EXPECT_GT(rejected, kCases * 3 / 100) << "a test that is blind";
  }
}

TEST(AnalysisTwoSamples, FalseDiscoveryRatesAreThoseOfTheirRank) {
  const std::vector<double> rates = FalseDiscoveryRates({{0.01, 0.04, 0.03, 0.005, 0.5}});
  const std::vector<double> expected = {0.025, 0.05, 0.05, 0.025, 0.5};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(rates[i], expected[i]) << i;
  EXPECT_DOUBLE_EQ(FalseDiscoveryRates({{0.04, 0.041}})[0], 0.041) << "never above that of a larger p-value";
  // 0.02 x 3/2 = 0.03 would be above 0.021 x 3/3, that of a greater p-value.
  EXPECT_DOUBLE_EQ(FalseDiscoveryRates({{0.02, 0.001, 0.021}})[0], 0.021) << "rates do not fall as p-values rise";
  EXPECT_TRUE(FalseDiscoveryRates({}).empty());
  EXPECT_EQ(FalseDiscoveryRates({{0.03}})[0], 0.03);
}

}  // namespace
}  // namespace roofgap
