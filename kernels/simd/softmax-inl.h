// The row passes of softmax, in base 2: softmax_j(x) = 2^(c x_j) / sum over j of 2^(c x_j), c = log2(e) folded into x
// by the caller. Included once per Highway target.
//
// A row is n >= 0 floats, any alignment; the floats up to the next whole vector must be readable and writable. What
// they hold does not matter; the passes that write set them to 0.

#if defined(ROOFGAP_KERNELS_SIMD_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_SOFTMAX_INL_H_
#undef ROOFGAP_KERNELS_SIMD_SOFTMAX_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_SOFTMAX_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <limits>

#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The largest of row[0, n); -infinity when n is 0.
HWY_INLINE float RowMax(const float* row, int64_t n) {
  if (n == 0) return -std::numeric_limits<float>::infinity();  // EMU128 reduces from the lowest finite value
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto max0 = lowest, max1 = lowest;
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    max0 = hn::Max(max0, hn::LoadU(d, row + i));
    max1 = hn::Max(max1, hn::LoadU(d, row + i + lanes));
  }
  for (; i < n; i += lanes) {
    const auto valid = hn::FirstN(d, static_cast<size_t>(n - i));
    max0 = hn::Max(max0, hn::IfThenElse(valid, hn::LoadU(d, row + i), lowest));
  }
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(max0, max1)));
}

// row[j] = 2^(row[j] - max) for j in [0, n); returns their sum. Needs row[j] <= max + 127.
HWY_INLINE float RowExp2(float* row, int64_t n, float max) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto vmax = hn::Set(d, max);
  // Two sums: one alone is a chain of additions as long as the rest of the work on a vector.
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto e0 = Exp2(d, hn::Sub(hn::LoadU(d, row + i), vmax));
    const auto e1 = Exp2(d, hn::Sub(hn::LoadU(d, row + i + lanes), vmax));
    hn::StoreU(e0, d, row + i);
    hn::StoreU(e1, d, row + i + lanes);
    sum0 = hn::Add(sum0, e0);
    sum1 = hn::Add(sum1, e1);
  }
  for (; i < n; i += lanes) {
    const auto valid = hn::FirstN(d, static_cast<size_t>(n - i));
    const auto e = hn::IfThenElseZero(valid, Exp2(d, hn::Sub(hn::LoadU(d, row + i), vmax)));
    hn::StoreU(e, d, row + i);
    sum0 = hn::Add(sum0, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

// to[j] = factor * from[j] for j in [0, n). Writes nothing beyond n; from may equal to.
HWY_INLINE void ScaleRow(const float* from, int64_t n, float factor, float* to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto vfactor = hn::Set(d, factor);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Mul(vfactor, hn::LoadU(d, from + i)), d, to + i);
  for (; i < n; ++i) to[i] = factor * from[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
