#include "kernels/api/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace roofgap {
namespace {

constexpr int64_t kCount = 10007;

std::vector<std::byte> Filled(DType dtype, uint64_t seed, int threads = 1) {
  std::vector<std::byte> data(static_cast<size_t>(kCount) * SizeOf(dtype));
  FillRandom(data.data(), dtype, kCount, seed, threads);
  return data;
}

template <class T>
std::vector<T> As(const std::vector<std::byte>& data) {
  std::vector<T> values(data.size() / sizeof(T));
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void ExpectUniform(const std::vector<double>& values) {
  double squares = 0;
  for (double value : values) {
    ASSERT_LT(std::abs(value), 1.0);
    ASSERT_GE(std::abs(value), 0x1p-24);
    squares += value * value;
  }
  // Five standard deviations of the mean of 10007 uniform values, and of their squares, around 0 and 1/3.
  EXPECT_NEAR(MeanOf(values), 0.0, 0.03);
  EXPECT_NEAR(squares / static_cast<double>(values.size()), 1.0 / 3, 0.015);
}

TEST(RandomTest, DoesNotDependOnTheNumberOfThreads) {
  for (DType dtype : kDTypes) {
    EXPECT_EQ(Filled(dtype, 5, 1), Filled(dtype, 5, 2)) << Name(dtype);
    EXPECT_EQ(Filled(dtype, 5, 1), Filled(dtype, 5, 3)) << Name(dtype);
  }
}

TEST(RandomTest, DependsOnTheSeed) {
  for (DType dtype : kDTypes) EXPECT_NE(Filled(dtype, 1), Filled(dtype, 2)) << Name(dtype);
}

TEST(RandomTest, FloatsAreUniformWithoutZeroOrDenormals) {
  const std::vector<float> singles = As<float>(Filled(DType::kF32, 1));
  ExpectUniform({singles.begin(), singles.end()});
  ExpectUniform(As<double>(Filled(DType::kF64, 1)));
  std::vector<double> halves;
  for (uint16_t bits : As<uint16_t>(Filled(DType::kBF16, 1))) {
    const uint32_t wide = uint32_t{bits} << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    halves.push_back(value);
  }
  ExpectUniform(halves);
}

TEST(RandomTest, BytesCoverTheirRangeWithoutZero) {
  const std::vector<int8_t> bytes = As<int8_t>(Filled(DType::kS8, 1));
  const std::set<int8_t> distinct(bytes.begin(), bytes.end());
  EXPECT_EQ(distinct.size(), 254u);
  EXPECT_FALSE(distinct.contains(0));
  EXPECT_FALSE(distinct.contains(-128));
}

TEST(RandomTest, WritesOnlyWhatItIsGiven) {
  std::vector<float> data(5, 7.0f);
  FillRandom(reinterpret_cast<std::byte*>(data.data() + 1), DType::kF32, 3, 1, 2);
  EXPECT_EQ(data.front(), 7.0f);
  EXPECT_EQ(data.back(), 7.0f);
}

}  // namespace
}  // namespace roofgap
