// B operands of the GEMM that are packed in every call (the keys and values of attention), in vectors.
// Included once per Highway target.

#if defined(ROOFGAP_KERNELS_SIMD_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_PACK_INL_H_
#undef ROOFGAP_KERNELS_SIMD_PACK_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_PACK_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// The vector whose i-th 128-bit block is the four floats at from + 4 i pitch.
template <class D>
HWY_INLINE hn::Vec<D> LoadEveryFourthRow(D d, const float* from, int64_t pitch) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return hn::LoadU(d, from);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, LoadEveryFourthRow(half, from + static_cast<int64_t>(hn::MaxLanes(half)) * pitch, pitch),
                       LoadEveryFourthRow(half, from, pitch));
  }
}

// to[c * nr + i] = factor * from[i * pitch + c] for c < 4 and every lane i: 4 x 4 transpositions inside the 128-bit
// blocks.
template <class D>
HWY_INLINE void TransposeFourColumns(D d, const float* from, int64_t pitch, int64_t nr, hn::Vec<D> factor, float* to) {
  const hn::Repartition<uint64_t, D> d64;
  const auto row0 = LoadEveryFourthRow(d, from, pitch);
  const auto row1 = LoadEveryFourthRow(d, from + pitch, pitch);
  const auto row2 = LoadEveryFourthRow(d, from + 2 * pitch, pitch);
  const auto row3 = LoadEveryFourthRow(d, from + 3 * pitch, pitch);
  const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, row2, row3));
  hn::StoreU(hn::Mul(factor, hn::BitCast(d, hn::InterleaveLower(d64, low01, low23))), d, to);
  hn::StoreU(hn::Mul(factor, hn::BitCast(d, hn::InterleaveUpper(d64, low01, low23))), d, to + nr);
  hn::StoreU(hn::Mul(factor, hn::BitCast(d, hn::InterleaveLower(d64, high01, high23))), d, to + 2 * nr);
  hn::StoreU(hn::Mul(factor, hn::BitCast(d, hn::InterleaveUpper(d64, high01, high23))), d, to + 3 * nr);
}

#endif

// PackB(w, n, k, nr, packed) for nr a whole number of vectors, every element times factor.
HWY_INLINE void PackTransposed(GemmIn w, int64_t n, int64_t k, int64_t nr, float* packed, float factor = 1) {
#if HWY_TARGET == HWY_SCALAR
  PackB(w, n, k, nr, packed);
  for (int64_t i = 0; i < PackedFloats(n, k, nr); ++i) packed[i] *= factor;
#else
  const hn::ScalableTag<float> d;
  const auto factors = hn::Set(d, factor);
  for (int64_t begin = 0; begin < n; begin += nr, packed += k * nr) {
    for (int64_t lane = 0; lane < nr; lane += kLanes) {
      const float* const from = w.data + (begin + lane) * w.pitch;
      const int64_t rows = std::clamp<int64_t>(n - begin - lane, 0, kLanes);
      float* const to = packed + lane;
      int64_t column = 0;
      if (rows == kLanes) {
        for (; column + 4 <= k; column += 4)
          TransposeFourColumns(d, from + column, w.pitch, nr, factors, to + column * nr);
      }
      for (; column < k; ++column) {
        for (int64_t i = 0; i < kLanes; ++i) to[column * nr + i] = i < rows ? factor * from[i * w.pitch + column] : 0;
      }
    }
  }
#endif
}

// Packs b, [k][n], as PackedB reads it. Row-major B needs no packing to be read in place, but where n is no multiple of
// a vector its last columns cannot be loaded as one, which makes a tile three times as slow.
HWY_INLINE void PackRows(GemmIn b, int64_t n, int64_t k, int64_t nr, float* packed) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t begin = 0; begin < n; begin += nr) {
    const int64_t columns = std::min(nr, n - begin);
    for (int64_t row = 0; row < k; ++row, packed += nr) {
      const float* const from = b.data + row * b.pitch + begin;
      int64_t j = 0;
      for (; j + lanes <= columns; j += lanes) hn::StoreU(hn::LoadU(d, from + j), d, packed + j);
      for (; j < columns; ++j) packed[j] = from[j];
      for (; j < nr; ++j) packed[j] = 0;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
