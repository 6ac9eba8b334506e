// kernels/simd/exp-inl.h and softmax-inl.h on every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/exp_test.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// y[i] = 2^x[i]; n is a multiple of 64.
void Exp2All(const float* x, int64_t n, float* y) {
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(Exp2(d, hn::LoadU(d, x + i)), d, y + i);
  }
}

float MaxOf(const float* row, int64_t n) { return RowMax(row, n); }
float Exp2Of(float* row, int64_t n, float max) { return RowExp2(row, n, max); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Exp2All);
HWY_EXPORT(MaxOf);
HWY_EXPORT(Exp2Of);

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

class Exp2Test : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<float> Exp2s(std::vector<float> x) {
    const size_t n = x.size();
    x.resize((n + 63) / 64 * 64);
    std::vector<float> y(x.size());
    HWY_DYNAMIC_DISPATCH(Exp2All)(x.data(), static_cast<int64_t>(x.size()), y.data());
    y.resize(n);
    return y;
  }

 private:
  IsaScope scope_{GetParam()};
};

// Every 509th float from 2^-30 to 127 and from -126 to -2^-30: 509 is prime, so all low bits occur.
TEST_P(Exp2Test, RelativeErrorStaysWithinTheStatedBound) {
  std::vector<float> x;
  for (float end : {127.0f, -126.0f}) {
    const auto last = std::bit_cast<uint32_t>(end);
    for (uint32_t bits = std::bit_cast<uint32_t>(std::copysign(0x1p-30f, end)); bits <= last; bits += 509) {
      x.push_back(std::bit_cast<float>(bits));
    }
  }
  const std::vector<float> y = Exp2s(x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) / std::exp2(static_cast<double>(x[i])) - 1));
  }
  EXPECT_LE(worst, 2.1e-7);
  EXPECT_GT(worst, 1e-8) << "better than f32 can be: the sweep does not test what it should";
}

TEST_P(Exp2Test, WholePowersAreExact) {
  std::vector<float> x;
  for (int n = -126; n <= 127; ++n) x.push_back(static_cast<float>(n));
  const std::vector<float> y = Exp2s(x);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], std::exp2(x[i])) << x[i];
}

TEST_P(Exp2Test, WhatWouldBeDenormalIsZeroAndNaNStays) {
  const std::vector<float> x = {std::nextafter(-126.0f, -kInfinity), -127, -149.5f, -1e9f, -3e38f, -kInfinity, kNaN};
  const std::vector<float> y = Exp2s(x);
  for (size_t i = 0; i + 1 < x.size(); ++i) EXPECT_EQ(y[i], 0) << x[i];
  EXPECT_TRUE(std::isnan(y.back()));
}

// The floats behind a row's end are NaN: they must not count, and become 0 up to a whole vector.
TEST_P(Exp2Test, RowPassesHeedTheRowsLength) {
  for (int64_t n = 0; n <= 67; ++n) {
    std::vector<float> row(static_cast<size_t>(n) + 64, kNaN);
    for (int64_t j = 0; j < n; ++j) row[static_cast<size_t>(j)] = static_cast<float>((j * 37 + 11) % n) - 40;
    const float max = HWY_DYNAMIC_DISPATCH(MaxOf)(row.data(), n);
    EXPECT_EQ(max, n == 0 ? -kInfinity : *std::max_element(row.begin(), row.begin() + n)) << n;
    if (n == 0) continue;

    std::vector<float> powers = row;
    const float sum = HWY_DYNAMIC_DISPATCH(Exp2Of)(powers.data(), n, max);
    double expected = 0;
    for (size_t j = 0; j < static_cast<size_t>(n); ++j) {
      EXPECT_EQ(powers[j], std::exp2(row[j] - max)) << n << " " << j;  // whole powers are exact
      expected += static_cast<double>(powers[j]);
    }
    EXPECT_NEAR(sum, expected, 1e-5 * expected) << n;
    for (size_t j = static_cast<size_t>(n); j < powers.size(); ++j) {
      EXPECT_TRUE(powers[j] == 0 || std::isnan(powers[j])) << n << " " << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Exp2Test, testing::ValuesIn(SupportedIsas()), [](const auto& isa) { return isa.param; });

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
