#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "harness/analysis/power_fit.h"

namespace roofgap {
namespace {

std::vector<PowerPoint> Law(double factor, double exponent, const std::vector<double>& lengths) {
  std::vector<PowerPoint> points;
  for (double n : lengths) points.push_back({.n = n, .value = factor * std::pow(n, exponent), .low = {}, .high = {}});
  return points;
}

TEST(AnalysisPowerFit, FindsTheExponentOfAPowerLaw) {
  for (double exponent : {-1.0, 0.5, 1.0, 2.0}) {
    const PowerFit fit = FitPower(Law(37, exponent, {128, 197, 512, 1000, 4096}));
    EXPECT_EQ(fit.lengths, 5);
    EXPECT_NEAR(*fit.exponent, exponent, 1e-12);
    EXPECT_NEAR(*fit.half_width, 0, 1e-6);
  }
}

TEST(AnalysisPowerFit, ConstantValuesHaveExponentZero) {
  const PowerFit fit = FitPower(Law(123456789, 0, {128, 1000, 4096, 16384}));
  EXPECT_EQ(*fit.exponent, 0);
  EXPECT_EQ(*fit.half_width, 0);
}

TEST(AnalysisPowerFit, TwoLengthsHaveNone) {
  EXPECT_EQ(FitPower({}).lengths, 0);
  const PowerFit fit = FitPower(Law(1, 2, {128, 128, 256, 256}));
  EXPECT_EQ(fit.lengths, 2);
  EXPECT_FALSE(fit.exponent || fit.half_width);
}

// log n = 0, 1, 2 and log(value) = 0, 0, 3: slope 1.5, residuals 0.5, -1, 0.5.
TEST(AnalysisPowerFit, IntervalIsStudentsT) {
  const std::vector<PowerPoint> points = {{.n = 1, .value = 1, .low = {}, .high = {}},
                                          {.n = std::exp(1), .value = 1, .low = {}, .high = {}},
                                          {.n = std::exp(2), .value = std::exp(3), .low = {}, .high = {}}};
  const PowerFit fit = FitPower(points);
  EXPECT_NEAR(*fit.exponent, 1.5, 1e-12);
  EXPECT_NEAR(*fit.half_width, 12.7062 * std::sqrt(1.5 / 1 / 2), 1e-3);
}

// On a line the residuals say nothing: the ends of the points' intervals, a factor of e^0.1 away, do. The middle point
// does not turn the line; of its neighbours each turns it by half of 0.1.
TEST(AnalysisPowerFit, PointsOwnIntervalsCountWhereTheyAreWider) {
  std::vector<PowerPoint> points = Law(1, 2, {1, std::exp(1), std::exp(2)});
  for (PowerPoint& point : points) {
    point.low = point.value * std::exp(-0.1);
    point.high = point.value * std::exp(0.04);
  }
  const PowerFit fit = FitPower(points);
  EXPECT_NEAR(*fit.exponent, 2, 1e-12);
  EXPECT_NEAR(*fit.half_width, std::hypot(0.05, 0.05), 1e-12);
  points[0].low = points[0].high = Number();
  EXPECT_NEAR(*FitPower(points).half_width, 0.05, 1e-12);
}

TEST(AnalysisPowerFit, IntervalHoldsTheExponentInNineteenOfTwentyDraws) {
  std::mt19937_64 random(60);
  std::normal_distribution<double> noise(0, 0.05);
  for (size_t lengths : {3u, 4u, 7u, 12u}) {
    int held = 0;
    constexpr int kDraws = 4000;
    for (int draw = 0; draw < kDraws; ++draw) {
      std::vector<double> n;
      for (size_t i = 0; i < lengths; ++i) n.push_back(128 << i);
      std::vector<PowerPoint> points = Law(3, 1.9, n);
      for (PowerPoint& point : points) point.value *= std::exp(noise(random));
      const PowerFit fit = FitPower(points);
      held += std::abs(*fit.exponent - 1.9) <= *fit.half_width ? 1 : 0;
    }
    EXPECT_NEAR(held / static_cast<double>(kDraws), 0.95, 0.015) << lengths;
  }
}

TEST(AnalysisPowerFit, QuantilesOfStudentsTAreThoseOfTheTables) {
  EXPECT_NEAR(StudentT975(1), 12.7062, 1e-4);
  EXPECT_NEAR(StudentT975(9), 2.26216, 1e-4);
  EXPECT_NEAR(StudentT975(10), 2.22814, 2e-4);
  EXPECT_NEAR(StudentT975(30), 2.04227, 1e-4);
  EXPECT_NEAR(StudentT975(1000), 1.96234, 1e-4);
}

}  // namespace
}  // namespace roofgap
