// Features of keys and queries, sums over keys, and their products, in blocks; what performer's variants share.
// Included once per Highway target.

#if defined(ROOFGAP_KERNELS_PERFORMER_FEATURES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_PERFORMER_FEATURES_INL_H_
#undef ROOFGAP_KERNELS_PERFORMER_FEATURES_INL_H_
#else
#define ROOFGAP_KERNELS_PERFORMER_FEATURES_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "hwy/highway.h"
#include "kernels/performer/plan.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/lanes-inl.h"
#include "kernels/simd/pack-inl.h"
#include "kernels/simd/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows below are as those of softmax-inl.h: readable and writable up to the next whole vector.

// |x|^2 of n floats; reads nothing behind them.
HWY_INLINE float SquaredLength(const float* x, int64_t n) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    sum = hn::MulAdd(v, v, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) total += x[i] * x[i];
  return total;
}

// row[f] = 2^(row[f] - max) for f in [0, n); returns the sum of row[f] z[f]. z is as readable as the row.
HWY_INLINE float RowExp2Dot(float* row, int64_t n, float max, const float* z) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto vmax = hn::Set(d, max);
  const auto power = [&](int64_t i) HWY_ATTR { return Exp2(d, hn::Sub(hn::LoadU(d, row + i), vmax)); };
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto e0 = power(i), e1 = power(i + lanes);
    hn::StoreU(e0, d, row + i);
    hn::StoreU(e1, d, row + i + lanes);
    sum0 = hn::MulAdd(e0, hn::LoadU(d, z + i), sum0);
    sum1 = hn::MulAdd(e1, hn::LoadU(d, z + i + lanes), sum1);
  }
  for (; i < n; i += lanes) {
    const auto valid = hn::FirstN(d, static_cast<size_t>(n - i));
    const auto e = hn::IfThenElseZero(valid, power(i));
    hn::StoreU(e, d, row + i);
    sum0 = hn::MulAdd(e, hn::IfThenElseZero(valid, hn::LoadU(d, z + i)), sum0);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

// The sum of row[0, n).
HWY_INLINE float RowSum(const float* row, int64_t n) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) sum = hn::Add(sum, hn::LoadU(d, row + i));
  const auto rest = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n - i)), hn::LoadU(d, row + i));
  return hn::GetLane(hn::SumOfLanes(d, i < n ? hn::Add(sum, rest) : sum));
}

// No keys yet.
HWY_INLINE void Clear(const PerformerSizes& sizes, const KeySums& sums) {
  std::fill_n(sums.maximum, sizes.per_feature, -std::numeric_limits<float>::infinity());
  std::fill_n(sums.z, sizes.per_feature + sizes.values, 0.0f);
}

// Makes `maximum`, at least that of the sums of feature f, theirs.
HWY_INLINE void Raise(const Performer& p, const KeySums& sums, int64_t f, float maximum) {
  if (!(maximum > sums.maximum[f])) return;
  const float factor = std::exp2(sums.maximum[f] - maximum);
  sums.maximum[f] = maximum;
  sums.z[f] *= factor;
  float* row = sums.values + f * kGemmNR;
  for (int64_t column = 0; column < p.d; column += kGemmNR, row += p.m * kGemmNR) {
    ScaleRow(row, kGemmNR, factor, row);
  }
}

// Packs a block of n keys, and finds -|k|^2 of each, in bits, up to a whole panel.
HWY_INLINE void PackKeys(const Performer& p, const float* k, int64_t n, float* packed, float* minus_half) {
  PackTransposed({k, p.d}, n, p.d, kGemmNR, packed);
  const float scale = -HalfScale(p);
  for (int64_t j = 0; j < n; ++j) minus_half[j] = scale * SquaredLength(k + j * p.d, p.d);
  std::fill(minus_half + n, minus_half + (n + kGemmNR - 1) / kGemmNR * kGemmNR, 0.0f);
}

// `features` of n packed keys, under the maxima of the sums raised to theirs, one row each;
// added[i] = the sum of row i.
HWY_INLINE void KeyFeatures(const Performer& p, const float* scaled_w, const float* packed_k, const float* minus_half,
                            int64_t n, Range features, const KeySums& sums, GemmOut to, float* added) {
  const int64_t padded = (n + kGemmNR - 1) / kGemmNR * kGemmNR;
  const int64_t count = features.end - features.begin;
  Gemm({scaled_w + features.begin * p.d, p.d}, PackedB(packed_k, p.d, kGemmNR), to, count, padded, p.d,
       {.bias = minus_half});
  for (int64_t i = 0; i < count; ++i) Raise(p, sums, features.begin + i, RowMax(to.data + i * to.pitch, n));
  for (int64_t i = 0; i < count; ++i) {
    added[i] = RowExp2(to.data + i * to.pitch, n, sums.maximum[features.begin + i]);
  }
}

// Adds n keys, of which the features in `from` are given, with their values, to the sums.
HWY_INLINE void AddKeys(const Performer& p, GemmIn from, const float* added, GemmB v, int64_t n, Range features,
                        const KeySums& sums) {
  const int64_t count = features.end - features.begin;
  for (int64_t i = 0; i < count; ++i) sums.z[features.begin + i] += added[i];
  float* values = sums.values + features.begin * kGemmNR;
  for (int64_t column = 0; column < p.d; column += kGemmNR, v.data += v.panel, values += p.m * kGemmNR) {
    const int64_t columns = std::min(kGemmNR, (p.d - column + kLanes - 1) / kLanes * kLanes);
    Gemm(from, v, {values, kGemmNR}, count, columns, n, {.accumulate = true});
  }
}

// The features of n queries, each times the power of 2 of the maxima of the sums and under its own maximum, and of
// each the denominator that it gives with the sums.
HWY_INLINE void QueryFeatures(const Performer& p, const float* packed_w, const float* q, int64_t n, const KeySums& sums,
                              GemmOut to, float* denominator) {
  const int64_t padded = (p.m + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({q, p.d}, PackedB(packed_w, p.d, kGemmNR), to, n, padded, p.d, {.bias = sums.maximum});
  for (int64_t i = 0; i < n; ++i) denominator[i] = RowMax(to.data + i * to.pitch, p.m);
  for (int64_t i = 0; i < n; ++i) denominator[i] = RowExp2Dot(to.data + i * to.pitch, p.m, denominator[i], sums.z);
}

// A block of values as B of a GEMM: packed to `packed` where their rows are not whole panels.
HWY_INLINE GemmB Values(const Performer& p, const float* v, int64_t n, float* packed) {
  if (p.d % kGemmNR == 0) return RowMajorB({v, p.d}, kGemmNR);
  PackRows({v, p.d}, p.d, n, kGemmNR, packed);
  return PackedB(packed, n, kGemmNR);
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
