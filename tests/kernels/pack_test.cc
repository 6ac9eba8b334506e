// kernels/simd/pack-inl.h on every instruction set.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/pack_test.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>())); }
void Pack(GemmIn w, int64_t n, int64_t k, int64_t nr, float* packed, float factor) {
  PackTransposed(w, n, k, nr, packed, factor);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Lanes);
HWY_EXPORT(Pack);

class PackTransposedTest : public testing::TestWithParam<std::string> {
  IsaScope scope_{GetParam()};
};

TEST_P(PackTransposedTest, WritesWhatPackBWritesTimesAFactor) {
  for (const int64_t vectors : {1, 2, 3}) {
    const int64_t nr = vectors * HWY_DYNAMIC_DISPATCH(Lanes)();
    for (const int64_t n : {int64_t{1}, int64_t{5}, nr - 1, nr, nr + 1, 3 * nr + 2}) {
      for (const int64_t k : {1, 3, 4, 7, 64}) {
        if (n < 1) continue;
        const int64_t pitch = k + 3;
        std::vector<float> w(static_cast<size_t>((n - 1) * pitch + k));
        std::iota(w.begin(), w.end(), 1.0f);
        const size_t floats = static_cast<size_t>(PackedFloats(n, k, nr));
        std::vector<float> expected(floats), got(floats, std::numeric_limits<float>::quiet_NaN());
        PackB({w.data(), pitch}, n, k, nr, expected.data());
        for (const float factor : {1.0f, 2.0f}) {
          for (float& x : expected) x *= factor;
          HWY_DYNAMIC_DISPATCH(Pack)({w.data(), pitch}, n, k, nr, got.data(), factor);
          EXPECT_EQ(got, expected) << "n " << n << " k " << k << " nr " << nr << " factor " << factor;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackTransposedTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& isa) { return isa.param; });

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
