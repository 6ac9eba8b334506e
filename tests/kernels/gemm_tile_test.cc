// The register-tile GEMM on every instruction set: its sums, its epilogue, and what it must not touch.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/gemm_tile_test.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "hwy/highway.h"
#include "kernels/api/activation.h"
#include "tests/kernels/matrices.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void CallMatrix(GemmIn a, const GemmB& b, GemmOut c, int64_t m, int64_t n, int64_t k, const GemmEpilogue& epilogue) {
  Gemm(a, b, c, m, n, k, epilogue);
}

void CallTile(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t n,
              const GemmEpilogue& epilogue) {
  GemmTile(rows, runs, b, n, epilogue);
}

void CallRows(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t n,
              const GemmEpilogue& epilogue) {
  Gemm(rows, runs, b, n, epilogue);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(CallMatrix);
HWY_EXPORT(CallRows);
HWY_EXPORT(CallTile);

std::vector<float> Packed(const Matrices& x, int64_t nr) {
  std::vector<float> packed(PackedFloats(x.n, x.k, nr));
  PackB({x.w.data(), x.k}, x.n, x.k, nr, packed.data());
  return packed;
}

class GemmTileTest : public testing::TestWithParam<std::string> {
 protected:
  IsaScope scope_{GetParam()};
  GemmShape shape_ = ChosenGemmShape();
};

TEST_P(GemmTileTest, RunsTheInstructionSetThatWasChosen) { EXPECT_EQ(shape_.isa, GetParam()); }

TEST_P(GemmTileTest, IsRightForEveryRowCountAndPanelWidth) {
  for (int64_t m = 1; m <= 2 * shape_.mr + 1; ++m) {
    for (int64_t n = 1; n <= shape_.nr + 1; n += m == shape_.mr ? 1 : 5) {
      SCOPED_TRACE("m " + std::to_string(m) + " n " + std::to_string(n));
      const Matrices x(m, n, 5);
      const std::vector<float> packed = Packed(x, shape_.nr);
      HWY_DYNAMIC_DISPATCH(CallMatrix)(x.A(), PackedB(packed.data(), x.k, shape_.nr), x.C(), m, n, x.k, {});
      x.ExpectResult({});
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(GemmTileTest, ReadsRowMajorBInPlaceAndNothingBehindItsColumns) {
  for (int64_t n = 1; n <= 2 * shape_.nr + 1; n += 3) {
    SCOPED_TRACE("n " + std::to_string(n));
    const Matrices x(shape_.mr + 2, n, 7);
    const int64_t pitch = n + 2;
    const Floats b((x.k - 1) * pitch + n, 5);
    for (int64_t q = 0; q < x.k; ++q) {
      for (int64_t j = 0; j < n; ++j) b.data()[q * pitch + j] = x.w.data()[j * x.k + q];
    }
    HWY_DYNAMIC_DISPATCH(CallMatrix)(x.A(), RowMajorB({b.data(), pitch}, shape_.nr), x.C(), x.m, n, x.k, {});
    x.ExpectResult({});
    if (HasFatalFailure()) return;
  }
}

TEST_P(GemmTileTest, AddsBiasAndOldCThenAppliesTheActivation) {
  for (int64_t act = 0; act <= 3; ++act) {
    for (bool accumulate : {false, true}) {
      for (int64_t n : {shape_.nr, shape_.nr + 1, 2 * shape_.nr - 1}) {
        SCOPED_TRACE("act " + std::to_string(act) + " accumulate " + std::to_string(accumulate));
        const Matrices x(shape_.mr + 1, n, 9);
        const std::vector<float> packed = Packed(x, shape_.nr);
        const GemmEpilogue epilogue = {x.bias.data(), act, accumulate};
        HWY_DYNAMIC_DISPATCH(CallMatrix)(x.A(), PackedB(packed.data(), x.k, shape_.nr), x.C(), x.m, n, x.k, epilogue);
        x.ExpectResult(epilogue);
        if (HasFatalFailure()) return;
      }
    }
  }
}

// The wide tile, at two places and at one.
TEST_P(GemmTileTest, CoversTwoPanelsWithFewRows) {
  if (shape_.wide_mr == 0) GTEST_SKIP() << "no wide tile";
  for (int64_t height = 1; height <= shape_.wide_mr; ++height) {
    for (int64_t n = shape_.nr + 1; n <= 2 * shape_.nr; n += 3) {
      for (const bool accumulate : {false, true}) {
        SCOPED_TRACE("rows " + std::to_string(height) + " n " + std::to_string(n));
        const Matrices x(2 * height, n, 11);
        const std::vector<float> packed = Packed(x, shape_.nr);
        std::vector<GemmRow> rows;
        for (int64_t i = 0; i < height; ++i) rows.push_back({i * x.A().pitch, i * x.C().pitch});
        const GemmRow places[] = {{0, 0}, {height * x.A().pitch, height * x.C().pitch}};
        const GemmRun run = {0, 0, x.k};
        const GemmEpilogue epilogue = {x.bias.data(), static_cast<int64_t>(Activation::kHSwish), accumulate};
        HWY_DYNAMIC_DISPATCH(CallTile)
        ({x.A().data, x.C().data, rows, places}, {&run, 1}, PackedB(packed.data(), x.k, shape_.nr), n, epilogue);
        x.ExpectResult(epilogue);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(GemmTileTest, StreamedPanelsGiveTheSameResult) {
  for (int64_t m = 1; m <= 2 * shape_.mr + 1; m += 3) {
    const Matrices x(m, 2 * shape_.nr + 1, 9);
    const std::vector<float> packed = Packed(x, shape_.nr);
    GemmB b = PackedB(packed.data(), x.k, shape_.nr);
    b.stream = true;
    HWY_DYNAMIC_DISPATCH(CallMatrix)(x.A(), b, x.C(), m, x.n, x.k, {});
    x.ExpectResult({});
    if (HasFatalFailure()) return;
  }
}

// Long sums and many rows are done in blocks; bias, old C and activation must count once all the same.
TEST_P(GemmTileTest, BlocksOfRowsAndOfKAreInvisible) {
  const Matrices x(115, shape_.nr + 3, 2051);
  const std::vector<float> packed = Packed(x, shape_.nr);
  const GemmEpilogue epilogue = {x.bias.data(), static_cast<int64_t>(Activation::kHSwish), true};
  HWY_DYNAMIC_DISPATCH(CallMatrix)(x.A(), PackedB(packed.data(), x.k, shape_.nr), x.C(), x.m, x.n, x.k, epilogue);
  x.ExpectResult(epilogue);
}

// A row of A in three runs, taken out of order, is the same sum.
TEST_P(GemmTileTest, SumsOverRunsAndRowsWhereverTheyLie) {
  const Matrices x(shape_.mr + 3, shape_.nr + 2, 20);
  const std::vector<float> packed = Packed(x, shape_.nr);
  const std::vector<GemmRun> runs = {{.a = 13, .b = 13, .k = 7}, {.a = 0, .b = 0, .k = 12}, {.a = 12, .b = 12, .k = 1}};
  std::vector<GemmRow> rows;
  for (int64_t i = x.m; i-- > 0;) rows.push_back({i * x.A().pitch, i * x.C().pitch});
  HWY_DYNAMIC_DISPATCH(CallRows)({x.A().data, x.C().data, rows}, runs, PackedB(packed.data(), x.k, shape_.nr), x.n, {});
  x.ExpectResult({});
}

TEST_P(GemmTileTest, WithoutRunsGivesTheBias) {
  const Matrices x(2, shape_.nr + 1, 1);
  const std::vector<float> packed = Packed(x, shape_.nr);
  const std::vector<GemmRow> rows = {{0, 0}};
  HWY_DYNAMIC_DISPATCH(CallRows)
  ({x.a.data(), x.c.data(), rows}, {}, PackedB(packed.data(), 1, shape_.nr), x.n, {x.bias.data(), 0, false});
  EXPECT_EQ(std::memcmp(x.c.data(), x.bias.data(), static_cast<size_t>(x.n) * sizeof(float)), 0);
}

INSTANTIATE_TEST_SUITE_P(All, GemmTileTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
