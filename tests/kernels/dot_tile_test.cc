// Columns of a GEMM as dot products, on every instruction set: their sums, their epilogue, and what they must not
// touch.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/dot_tile_test.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dot_tile-inl.h"
// clang-format on
#include <gtest/gtest.h>

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "hwy/highway.h"
#include "kernels/simd/dot_tile.h"
#include "tests/kernels/matrices.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void Call(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, int64_t n, const GemmEpilogue& epilogue) {
  DotTile(rows, runs, w, n, epilogue);
}

int64_t MostColumns() { return kDotColumns; }
int64_t Lanes() { return static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>())); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Call);
HWY_EXPORT(MostColumns);
HWY_EXPORT(Lanes);

class DotTileTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (most_ == 0) GTEST_SKIP() << "no column is a dot product";
  }

  // What lies between the rows of A is not a number, so that any use of it shows.
  void ExpectRight(int64_t m, int64_t n, int64_t k, std::span<const GemmRun> runs, int64_t act, bool bias,
                   bool accumulate) const {
    SCOPED_TRACE("m " + std::to_string(m) + " n " + std::to_string(n) + " k " + std::to_string(k) + " act " +
                 std::to_string(act) + " accumulate " + std::to_string(accumulate));
    const Matrices x(m, n, k);
    std::vector<GemmRow> rows;
    for (int64_t i = 0; i < m; ++i) rows.push_back({i * x.A().pitch, i * x.C().pitch});
    for (int64_t i = 0; i + 1 < m; ++i) x.a.data()[i * (k + 1) + k] = std::numeric_limits<float>::quiet_NaN();
    const GemmEpilogue epilogue = {bias ? x.bias.data() : nullptr, act, accumulate};
    HWY_DYNAMIC_DISPATCH(Call)({x.A().data, x.C().data, rows}, runs, {x.w.data(), k}, n, epilogue);
    x.ExpectResult(epilogue);
  }

  IsaScope scope_{GetParam()};
  const int64_t most_ = HWY_DYNAMIC_DISPATCH(MostColumns)();
  const int64_t lanes_ = HWY_DYNAMIC_DISPATCH(Lanes)();
};

TEST_P(DotTileTest, IsRightForEveryRowAndColumnCountAndLengthOfARun) {
  for (int64_t n = 1; n <= most_; ++n) {
    for (int64_t m = 1; m <= lanes_ + 2; ++m) {
      for (int64_t k = 1; k <= 2 * lanes_ + 1; ++k) {
        const GemmRun run = {0, 0, k};
        ExpectRight(m, n, k, {&run, 1}, 0, false, false);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(DotTileTest, AddsBiasAndOldCThenAppliesTheActivation) {
  const GemmRun run = {0, 0, 37};
  for (int64_t n = 1; n <= most_; ++n) {
    for (int64_t act = 0; act <= 3; ++act) {
      for (bool bias : {false, true}) {
        for (bool accumulate : {false, true}) {
          ExpectRight(lanes_ + 1, n, run.k, {&run, 1}, act, bias, accumulate);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(DotTileTest, SumsOverRunsInAnyOrder) {
  const std::vector<GemmRun> runs = {
      {.a = 33, .b = 33, .k = 7}, {.a = 0, .b = 0, .k = 32}, {.a = 32, .b = 32, .k = 1}, {.a = 40, .b = 40, .k = 19}};
  for (int64_t n = 1; n <= most_; ++n) ExpectRight(14, n, 59, runs, 0, true, false);
}

TEST_P(DotTileTest, IsChosenForAFewColumnsOfLongSumsOnly) {
  const int64_t vectors = 3 * lanes_;
  EXPECT_EQ(DotColumns(vectors, 9999, 9999), 0);
  EXPECT_EQ(DotColumns(vectors + most_, 9999, 9999), most_);
  EXPECT_EQ(DotColumns(most_ + 1, 9999, 9999), 0);
  EXPECT_EQ(DotColumns(vectors + 1, 1, 1), 0);
}

INSTANTIATE_TEST_SUITE_P(All, DotTileTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
