// What operands that are not uniform are filled with.

#include "kernels/api/fill.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/api/random.h"

namespace roofgap {
namespace {

std::vector<double> Filled(const Operand& operand, uint64_t seed = 1) {
  std::vector<double> values(static_cast<size_t>(operand.elements()));
  FillOperand(operand, reinterpret_cast<std::byte*>(values.data()), DType::kF64, seed);
  return values;
}

double Dot(const std::vector<double>& rows, int64_t d, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t c = 0; c < d; ++c) sum += rows[static_cast<size_t>(i * d + c)] * rows[static_cast<size_t>(j * d + c)];
  return sum;
}

TEST(FillTest, UniformIsFillRandom) {
  const Operand operand{"src", Role::kInput, {3, 50}};
  std::vector<double> random(150);
  FillRandom(reinterpret_cast<std::byte*>(random.data()), DType::kF64, 150, 7);
  EXPECT_EQ(Filled(operand, 7), random);
}

TEST(FillTest, DependsOnTheSeedAloneAndRoundsOnceForF32) {
  for (Fill fill : {Fill::kPooling, Fill::kOrthogonal}) {
    const Operand operand{"w", Role::kWeight, {9, 33}, fill};
    EXPECT_EQ(Filled(operand, 3), Filled(operand, 3));
    EXPECT_NE(Filled(operand, 3), Filled(operand, 4));
    std::vector<float> narrow(static_cast<size_t>(operand.elements()));
    FillOperand(operand, reinterpret_cast<std::byte*>(narrow.data()), DType::kF32, 3, 2);
    const std::vector<double> wide = Filled(operand, 3);
    EXPECT_EQ(narrow, std::vector<float>(wide.begin(), wide.end()));
  }
}

TEST(FillTest, PoolingRowsAreMeansOfTheirOwnColumnsUpToALittleEverywhere) {
  for (const auto& [n, t] : {std::pair<int64_t, int64_t>{8, 64}, {5, 77}, {1, 9}, {9, 4}}) {
    const std::vector<double> values = Filled({"e", Role::kWeight, {n, t}, Fill::kPooling});
    for (int64_t i = 0; i < n; ++i) {
      const int64_t begin = i * t / n;
      const int64_t end = std::max((i + 1) * t / n, begin + 1);
      for (int64_t j = 0; j < t; ++j) {
        const double mean = j >= begin && j < end ? 1.0 / static_cast<double>(end - begin) : 0;
        const double value = values[static_cast<size_t>(i * t + j)];
        EXPECT_NE(value, mean);
        EXPECT_NEAR(value, mean, 1.0 / static_cast<double>(t)) << n << " " << t << " " << i << " " << j;
      }
    }
  }
}

TEST(FillTest, OrthogonalRowsAreOrthogonalWithinABlockOfAsManyAsTheyAreLong) {
  constexpr int64_t kD = 24;
  const std::vector<double> rows = Filled({"w", Role::kWeight, {60, kD}, Fill::kOrthogonal});
  for (int64_t i = 0; i < 60; ++i) {
    for (int64_t j = i / kD * kD; j < i; ++j) EXPECT_NEAR(Dot(rows, kD, i, j), 0, 1e-12) << i << " " << j;
  }
  EXPECT_GT(std::abs(Dot(rows, kD, 0, kD)), 1e-3);  // rows of two blocks are not
}

// Gaussian: squared lengths have mean d and variance 2 d, elements mean 0 and variance 1.
TEST(FillTest, OrthogonalRowsHaveTheLengthsOfGaussianVectors) {
  constexpr int64_t kD = 16, kRows = 4096;
  const std::vector<double> rows = Filled({"w", Role::kWeight, {kRows, kD}, Fill::kOrthogonal});
  double mean = 0, square = 0, elements = 0;
  for (double value : rows) elements += value / static_cast<double>(rows.size());
  for (int64_t i = 0; i < kRows; ++i) {
    const double length = Dot(rows, kD, i, i);
    mean += length / kRows;
    square += length * length / kRows;
  }
  EXPECT_NEAR(elements, 0, 0.02);
  EXPECT_NEAR(mean, kD, 0.5);
  EXPECT_NEAR(square - mean * mean, 2 * kD, 4);
}

}  // namespace
}  // namespace roofgap
