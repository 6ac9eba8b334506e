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

// The largest x[f][j] - half[j] for f < m, j < n.
HWY_INLINE float BlockMax(const float* x, int64_t pitch, int64_t m, const float* half, int64_t n) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto all = lowest;
  for (int64_t j = 0; j < n; j += lanes) {
    const auto valid = hn::FirstN(d, static_cast<size_t>(n - j));
    auto max0 = lowest, max1 = lowest;
    int64_t f = 0;
    for (; f + 2 <= m; f += 2) {
      max0 = hn::Max(max0, hn::LoadU(d, x + f * pitch + j));
      max1 = hn::Max(max1, hn::LoadU(d, x + (f + 1) * pitch + j));
    }
    if (f < m) max0 = hn::Max(max0, hn::LoadU(d, x + f * pitch + j));
    all = hn::Max(all, hn::IfThenElse(valid, hn::Sub(hn::Max(max0, max1), hn::LoadU(d, half + j)), lowest));
  }
  return hn::GetLane(hn::MaxOfLanes(d, all));
}

// row[j] = 2^(row[j] - half[j] - max) for j in [0, n); returns their sum.
HWY_INLINE float RowExp2Less(float* row, const float* half, int64_t n, float max) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto vmax = hn::Set(d, max);
  const auto power = [&](int64_t i) HWY_ATTR {
    return Exp2(d, hn::Sub(hn::Sub(hn::LoadU(d, row + i), hn::LoadU(d, half + i)), vmax));
  };
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto e0 = power(i), e1 = power(i + lanes);
    hn::StoreU(e0, d, row + i);
    hn::StoreU(e1, d, row + i + lanes);
    sum0 = hn::Add(sum0, e0);
    sum1 = hn::Add(sum1, e1);
  }
  for (; i < n; i += lanes) {
    const auto e = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n - i)), power(i));
    hn::StoreU(e, d, row + i);
    sum0 = hn::Add(sum0, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
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

// Exponents of the features of n keys without |k|^2, to[f * pitch + j], and |k|^2 in half[j], both in bits.
// packed_k: scratch.
HWY_INLINE void KeyExponents(const Performer& p, const float* scaled_w, const float* k, int64_t n, float* packed_k,
                             GemmOut to, float* half) {
  PackTransposed({k, p.d}, n, p.d, kGemmNR, packed_k);
  for (int64_t j = 0; j < n; ++j) half[j] = HalfScale(p) * SquaredLength(k + j * p.d, p.d);
  const int64_t padded = (n + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({scaled_w, p.d}, PackedB(packed_k, p.d, kGemmNR), to, p.m, padded, p.d, {});
}

// Exponents of the features of n queries, in bits.
HWY_INLINE void QueryExponents(const Performer& p, const float* packed_w, const float* q, int64_t n, GemmOut to) {
  const int64_t padded = (p.m + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({q, p.d}, PackedB(packed_w, p.d, kGemmNR), to, n, padded, p.d, {});
}

// No keys yet.
HWY_INLINE void Clear(const PerformerSizes& sizes, const KeySums& sums) {
  std::fill_n(sums.z, sizes.z + sizes.values, 0.0f);
  *sums.maximum = -std::numeric_limits<float>::infinity();
}

// Makes `maximum`, at least that of the sums, theirs.
HWY_INLINE void Raise(const PerformerSizes& sizes, const KeySums& sums, float maximum) {
  if (maximum > *sums.maximum) {
    ScaleRow(sums.z, sizes.z + sizes.values, std::exp2(*sums.maximum - maximum), sums.z);
    *sums.maximum = maximum;
  }
}

// A block of values as B of a GEMM: packed to `packed` where their rows are not whole panels.
HWY_INLINE GemmB Values(const Performer& p, const float* v, int64_t n, float* packed) {
  if (p.d % kGemmNR == 0) return RowMajorB({v, p.d}, kGemmNR);
  PackRows({v, p.d}, p.d, n, kGemmNR, packed);
  return PackedB(packed, n, kGemmNR);
}

// Columns of d from `column` on, in whole vectors, at most a panel.
HWY_INLINE int64_t PanelColumns(int64_t d, int64_t column) {
  constexpr int64_t kLanes = kGemmNR / kGemmNV;
  return std::min(kGemmNR, (d - column + kLanes - 1) / kLanes * kLanes);
}

// values[f] += sum over n keys of features[f][j] v[j] for the features [0, m), which begin at `values` too.
HWY_INLINE void AddValues(int64_t d, int64_t all_m, GemmIn features, int64_t m, GemmB v, int64_t n, float* values) {
  for (int64_t column = 0; column < d; column += kGemmNR, v.data += v.panel, values += all_m * kGemmNR) {
    Gemm(features, v, {values, kGemmNR}, m, PanelColumns(d, column), n, {.accumulate = true});
  }
}

// Adds to the first n rows of dst, and to their denominators, what each owes to the keys of its own block: query i sees
// the keys [0, i]. key_features [m][key_pitch]; scores: scratch of a tile's rows, key_pitch apart.
HWY_INLINE void AddOwnBlock(const Performer& p, GemmIn query_features, GemmIn key_features, const GemmB& v, int64_t n,
                            float* scores, float* denominator, float* dst) {
  const auto strips = static_cast<int>((n + kGemmMR - 1) / kGemmMR);
  GemmB keys = RowMajorB(key_features, kGemmNR);
  keys.padded = true;
  for (int strip = 0; strip < strips; ++strip) {
    const Range rows = Share(n, strips, strip);
    const int64_t padded = (rows.end + kGemmNR - 1) / kGemmNR * kGemmNR;
    Gemm({query_features.data + rows.begin * query_features.pitch, query_features.pitch}, keys,
         {scores, key_features.pitch}, rows.end - rows.begin, padded, p.m, {});
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* const row = scores + (i - rows.begin) * key_features.pitch;
      denominator[i] += RowSum(row, i + 1);
      std::fill(row + i + 1, row + rows.end, 0.0f);
    }
    Gemm({scores, key_features.pitch}, v, {dst + rows.begin * p.d, p.d}, rows.end - rows.begin, p.d, rows.end,
         {.accumulate = true});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
