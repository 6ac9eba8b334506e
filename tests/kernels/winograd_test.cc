// The transforms of Winograd's convolution and the error bound that they need.

#include "kernels/simd/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/api/random.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

template <int kOut>
void ExpectMatricesToConvolve() {
  using Matrices = WinogradMatrices<kOut>;
  constexpr int kIn = kOut + 2;
  for (int input = 0; input < kIn; ++input) {
    for (int tap = 0; tap < 3; ++tap) {
      for (int output = 0; output < kOut; ++output) {
        double y = 0;
        for (int k = 0; k < kIn; ++k) y += Matrices::kAT[output][k] * Matrices::kG[k][tap] * Matrices::kBT[k][input];
        EXPECT_NEAR(y, input == output + tap ? 1 : 0, 1e-15) << input << " " << tap << " " << output;
      }
    }
  }
}

TEST(WinogradTest, MatricesConvolveAnyInputWithAnyWeights) {
  ExpectMatricesToConvolve<2>();
  ExpectMatricesToConvolve<4>();
}

// One call of a variant on data that the test may change before.
class Call {
 public:
  Call(std::string_view variant, std::string_view shape) : problem_(ParseProblem(shape)) {
    invocation_ = FindVariant("conv2d", variant)->prepare(problem_, {});
    for (const Operand& operand : Operands(problem_)) {
      values_.emplace_back(static_cast<size_t>(operand.elements()));
      args_.operand[values_.size() - 1] = reinterpret_cast<std::byte*>(values_.back().data());
    }
    for (size_t i = 0; i < Conv2d::kDst; ++i) {
      FillRandom(args_.operand[i], DType::kF32, static_cast<int64_t>(values_[i].size()), i + 1);
    }
    outputs_.resize(values_[Conv2d::kDst].size());
    std::iota(outputs_.begin(), outputs_.end(), 0);
  }

  std::vector<float>& values(size_t operand) { return values_[operand]; }

  const std::vector<float>& Run() {
    Buffer packed(invocation_.packed_bytes);
    Buffer workspace(invocation_.workspace_bytes);
    args_.packed = packed.data();
    args_.workspace = workspace.data();
    invocation_.pack(args_);
    invocation_.run(args_);
    return values_[Conv2d::kDst];
  }

  std::vector<double> ExtraError() const { return invocation_.extra_error(args_, outputs_); }
  std::vector<Expected> PlainBounds() const { return Reference(problem_, DType::kF32, args_, outputs_); }
  Comparison CompareWith(const std::vector<Expected>& expected) const {
    return Compare(args_.operand[Conv2d::kDst], DType::kF32, outputs_, Widened(expected, ExtraError()));
  }

 private:
  Problem problem_;
  Invocation invocation_;
  std::vector<std::vector<float>> values_;
  std::vector<int64_t> outputs_;
  Args args_;
};

// The bound of a sum of products is 0 for an output that sees zeros only; its tile has other inputs, whose rounding
// it shares. (Each output of F(2, 3) is made of the inputs that it depends on alone.)
TEST(WinogradTest, RoundingOfInputsThatAnOutputDoesNotSeeIsAllowedFor) {
  Call call("winograd_f43", "conv2d:ic64ih6oc16kh3");
  std::vector<float>& src = call.values(Conv2d::kSrc);
  for (size_t ih = 0; ih < 3; ++ih) {
    for (size_t iw = 0; iw < 3; ++iw) std::fill_n(&src[(ih * 6 + iw) * 64], 64, 0.0f);
  }
  const std::vector<float> dst = call.Run();
  const std::vector<Expected> plain = call.PlainBounds();
  EXPECT_EQ(plain[0].bound, 0);
  double largest = 0;
  for (size_t oc = 0; oc < 16; ++oc) largest = std::max(largest, std::abs(static_cast<double>(dst[oc])));
  EXPECT_GT(largest, 0);
  EXPECT_TRUE(call.CompareWith(plain).ok());
}

class WinogradVariantTest : public testing::TestWithParam<std::string_view> {};

TEST_P(WinogradVariantTest, ATermLeftOutIsRefused) {
  for (size_t changed : {Conv2d::kSrc, Conv2d::kWei}) {
    Call call(GetParam(), "conv2d:ic128ih8oc33kh3ph1");
    const std::vector<Expected> expected = call.PlainBounds();
    std::vector<float>& values = call.values(changed);
    values[values.size() / 2] = 0;
    call.Run();
    EXPECT_FALSE(call.CompareWith(expected).ok()) << "operand " << changed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, WinogradVariantTest, testing::Values("winograd_f23", "winograd_f43"),
                         [](const auto& of) { return std::string(of.param); });

// Sums are a ninth as long as those of a direct convolution, which pays for part of what the transforms amplify.
TEST(WinogradTest, ErrorBoundIsOfTheOrderOfADirectConvolutions) {
  const auto ratio = [](std::string_view variant) {
    const Call call(variant, "conv2d:ic64ih12oc8kh3");
    double extra = 0;
    double plain = 0;
    for (double error : call.ExtraError()) extra += error;
    for (const Expected& expected : call.PlainBounds()) plain += expected.bound;
    return extra / plain;
  };
  // (ic + 2 r_B + 2 r_A + 2) / (9 ic + 1) times the mean of |A^T| (|G| |B^T|) over 3, squared: 7.1 and 29.3.
  EXPECT_NEAR(ratio("winograd_f23"), 72.0 / 577 * 7.1, 0.1);
  EXPECT_NEAR(ratio("winograd_f43"), 76.0 / 577 * 29.3, 0.3);
}

}  // namespace
}  // namespace roofgap
