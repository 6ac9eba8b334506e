// The GEMM of rows at a fixed pitch on every instruction set: its sums, their ends, and what it must not touch.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/row_gemm_test.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/row_gemm-inl.h"
// clang-format on
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "hwy/highway.h"
#include "kernels/simd/row_gemm.h"
#include "tests/kernels/matrices.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void Call(const RowGemm& of) { Gemm(of); }

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
HWY_EXPORT(Lanes);

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  int64_t m, n, k;
  int64_t chunk = k;
  int64_t act = 0;
  bool added = false;
  int64_t ahead_floats = 0;
  int64_t a_pitch = chunk + 1;
  bool far = false;

  int64_t chunk_pitch() const { return m * a_pitch + 2; }
  int64_t AtA(int64_t i, int64_t q) const { return i * a_pitch + q / chunk * chunk_pitch() + q % chunk; }
  std::string Name() const {
    return "m " + std::to_string(m) + " n " + std::to_string(n) + " k " + std::to_string(k) + " chunk " +
           std::to_string(chunk) + " act " + std::to_string(act) + (added ? " added" : "");
  }
};

// A's chunks, B in panels, bias, what is added, and C. What lies between and behind what counts is not a number, so
// that any use of it shows.
class Operands {
 public:
  Operands(const Case& is, int64_t panel, int64_t lanes)
      : is_(is),
        panel_(panel),
        pitch_(is.n + 3),
        a_(is.AtA(is.m - 1, is.k - 1) + 1, 1),
        w_(is.n * is.k, 2),
        b_(PackedFloats(is.n, is.k, panel), 3),
        bias_((is.n + lanes - 1) / lanes * lanes, 4),
        added_((is.m - 1) * pitch_ + is.n, 5),
        c_((is.m - 1) * pitch_ + is.n, 6),
        before_(c_.data(), c_.data() + (is.m - 1) * pitch_ + is.n) {
    std::vector<float> counts(a_.data(), a_.data() + is.AtA(is.m - 1, is.k - 1) + 1);
    std::fill_n(a_.data(), counts.size(), kNaN);
    for (int64_t i = 0; i < is.m; ++i) {
      for (int64_t q = 0; q < is.k; ++q) a_.data()[is.AtA(i, q)] = counts[static_cast<size_t>(is.AtA(i, q))];
    }
    PackB({w_.data(), is.k}, is.n, is.k, panel, b_.data());
    for (int64_t at = 0; at < PackedFloats(is.n, is.k, panel); ++at) {
      if (at / (is.k * panel) * panel + at % panel >= is.n) b_.data()[at] = kNaN;
    }
    std::fill(bias_.data() + is.n, bias_.data() + (is.n + lanes - 1) / lanes * lanes, kNaN);
    for (int64_t i = 0; i + 1 < is.m; ++i) std::fill_n(added_.data() + i * pitch_ + is.n, pitch_ - is.n, kNaN);
  }

  RowGemm Gemm() const {
    return {.a = a_.data(),
            .a_pitch = is_.a_pitch,
            .chunk = is_.chunk,
            .chunk_pitch = is_.chunk_pitch(),
            .b = b_.data(),
            .panel = panel_,
            .bias = bias_.data(),
            .added = is_.added ? added_.data() : nullptr,
            .c = c_.data(),
            .c_pitch = pitch_,
            .m = is_.m,
            .n = is_.n,
            .k = is_.k,
            .act = is_.act,
            .ahead = is_.ahead_floats > 0 ? a_.data() : nullptr,
            .ahead_floats = is_.ahead_floats,
            .far = is_.far};
  }

  void ExpectResult() const {
    for (size_t at = 0; at < before_.size(); ++at) {
      const int64_t i = static_cast<int64_t>(at) / pitch_, j = static_cast<int64_t>(at) % pitch_;
      if (j >= is_.n) {
        ASSERT_EQ(c_.data()[at], before_[at]) << "written behind row " << i;
        continue;
      }
      const Expected expected = Element(i, j);
      ASSERT_LE(std::abs(c_.data()[at] - expected.value), expected.bound) << "row " << i << " column " << j;
    }
    EXPECT_TRUE(c_.Intact());
  }

 private:
  // k products, the bias and what is added in one sum.
  Expected Element(int64_t i, int64_t j) const {
    const double old = is_.added ? added_.data()[i * pitch_ + j] : 0;
    double sum = bias_.data()[j] + old;
    double magnitude = std::abs(bias_.data()[j]) + std::abs(old);
    for (int64_t q = 0; q < is_.k; ++q) {
      const double product = static_cast<double>(a_.data()[is_.AtA(i, q)]) * w_.data()[j * is_.k + q];
      sum += product;
      magnitude += std::abs(product);
    }
    const double unit = UnitRoundoff(DType::kF32);
    return Activate(is_.act, {sum, static_cast<double>(is_.k + 2) * unit * magnitude}, unit);
  }

  Case is_;
  int64_t panel_, pitch_;
  Floats a_, w_, b_, bias_, added_, c_;
  std::vector<float> before_;
};

class RowGemmTest : public testing::TestWithParam<std::string> {
 protected:
  void ExpectRight(const Case& is) const {
    SCOPED_TRACE(is.Name());
    const Operands x(is, ChosenRowGemmPanel(is.n), lanes_);
    HWY_DYNAMIC_DISPATCH(Call)(x.Gemm());
    x.ExpectResult();
  }

  // Parts of a vector, whole vectors and panels of two and of three of them, and one more or less.
  std::set<int64_t> Columns() const {
    std::set<int64_t> columns = {1, 24};
    for (int64_t vectors = 1; vectors <= 6; ++vectors) {
      for (const int64_t more : {-1, 0, 1}) columns.insert(std::max<int64_t>(vectors * lanes_ + more, 1));
    }
    return columns;
  }

  IsaScope scope_{GetParam()};
  const int64_t lanes_ = HWY_DYNAMIC_DISPATCH(Lanes)();
};

TEST_P(RowGemmTest, IsRightForEveryRowCount) {
  for (const int64_t n : Columns()) {
    for (int64_t m = 1; m <= 40; ++m) {
      for (const int64_t k : {3, 20, 40, 50}) {
        ExpectRight({.m = m, .n = n, .k = k});
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(RowGemmTest, IsRightForEveryLengthOfASum) {
  for (const int64_t n : Columns()) {
    for (const int64_t m : {1, 6, 13, 28}) {
      for (int64_t k = 1; k <= 70; ++k) {
        ExpectRight({.m = m, .n = n, .k = k});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// The last chunk may have fewer steps than those that a tile keeps for its end.
TEST_P(RowGemmTest, SumsOverChunksWhoseLastMayBeShorter) {
  for (const int64_t n : Columns()) {
    for (const int64_t m : {1, 6, 8, 15}) {
      for (const int64_t chunk : {1, 3, 4, 9, 48}) {
        for (const int64_t chunks : {1, 2, 3}) {
          for (int64_t last = 1; last <= std::min<int64_t>(chunk, 6); ++last) {
            ExpectRight({.m = m, .n = n, .k = (chunks - 1) * chunk + last, .chunk = chunk});
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TEST_P(RowGemmTest, AppliesEveryActivation) {
  for (const int64_t n : Columns()) {
    for (int64_t act = 0; act <= 3; ++act) {
      for (const int64_t m : {1, 7, 16}) {
        for (const int64_t k : {1, 16, 60}) {
          ExpectRight({.m = m, .n = n, .k = k, .act = act});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(RowGemmTest, AddsRowsAndReadsNothingBehindThem) {
  for (const int64_t n : Columns()) {
    for (int64_t m = 1; m <= 16; ++m) {
      for (const int64_t k : {1, 16, 60}) {
        ExpectRight({.m = m, .n = n, .k = k, .chunk = 16, .added = true});
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(RowGemmTest, FetchingAheadChangesNothing) {
  for (const int64_t n : Columns()) {
    for (const int64_t floats : {1, 1000, 1000000}) {
      for (const bool far : {false, true}) {
        ExpectRight({.m = 29, .n = n, .k = 33, .ahead_floats = floats, .far = far});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Where they share a set of L1, tiles are lower.
TEST_P(RowGemmTest, IsRightForRowsFourKibibytesApart) {
  for (const int64_t n : Columns()) {
    for (const int64_t m : {8, 9, 23}) {
      ExpectRight({.m = m, .n = n, .k = 64, .a_pitch = 1024});
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RowGemmTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
