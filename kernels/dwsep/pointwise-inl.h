// The pointwise half of a separable convolution: pixels of the depthwise result times output channels.
//
//   dst[i][j] = act(bias[j] + sum over c of mid[i][c] * wei[j][c])
//
// Beside kernels/simd/gemm_tile-inl.h it knows that rows are at a fixed pitch and tiles behind each other: no lists of
// rows, so that no integer spills, and the loop over the tiles is inside. Included once per Highway target.
#if defined(ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#undef ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#else
#define ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/dwsep/pointwise.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace pointwise {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Panels that a tile covers, and its most rows by its vectors of columns.
#if HWY_TARGET == HWY_AVX3
inline constexpr int64_t kTogether = 2;
inline constexpr int kRowsOf[] = {0, 14, 14, 9, 6};
#elif HWY_ARCH_ARM
inline constexpr int64_t kTogether = 1;
inline constexpr int kRowsOf[] = {0, 14, 12, 8};
#else
inline constexpr int64_t kTogether = 1;
inline constexpr int kRowsOf[] = {0, 10, 6};
#endif
inline constexpr int64_t kVectors = kTogether * kGemmNV;
inline constexpr int64_t kColumns = kTogether * kGemmNR;

// What a call of Tiles prefetches: `step` floats further with each k.
struct Stream {
  const float* at;
  int64_t step;
};

HWY_INLINE void StoreFirst(V v, float* to, int64_t count) {
#if HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(D(), static_cast<size_t>(count)), D(), to);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, D(), lanes);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#endif
}

// Not folded into the multiply-adds, which would load the scalar once for each vector.
template <int NV>
HWY_INLINE V Broadcast(const float* scalar) {
  V v = hn::Set(D(), *scalar);
#if HWY_TARGET <= HWY_SSE4 && HWY_ARCH_X86
  if constexpr (NV > 1) asm("" : "+v"(v.raw));
#endif
  return v;
}

// `tiles` tiles of MR pixels by NV vectors from `column` on.
template <int MR, int NV>
void Tiles(const PointwisePixels& pixels, const PointwiseWeights& weights, int64_t column, int64_t tiles,
           Stream& ahead) {
  const D d;
  const int64_t pitch = pixels.mid_pitch;
  const int64_t dst_pitch = pixels.dst_pitch;
  const int64_t panel = weights.ic * kGemmNR;
  const int64_t last = std::min(weights.oc - column - (NV - 1) * kLanes, kLanes);
  const float* const packed = weights.packed + column * weights.ic;
  const float* const bias = weights.bias + column;
  const float* a = pixels.mid;
  float* c = pixels.dst + column;
  const float* next = ahead.at;
  const int64_t step = ahead.step;
  for (int64_t t = 0; t < tiles; ++t, a += MR * pitch, c += MR * dst_pitch) {
    V sum[MR][NV];
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[m][v] = hn::Zero(d);
    }
    // Three rows for each pointer, as x86 addresses a base, base + pitch and base + 2 pitch: 14 pointers would spill.
    constexpr int kBases = (MR + 2) / 3;
    const float* base[kBases];
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * pitch;
    const float* b = packed;
    for (int64_t k = weights.ic; k > 0; --k) {
      __builtin_prefetch(next, 0, 2);
      next += step;
      V bv[NV];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        bv[v] = hn::LoadU(d, v < kGemmNV ? b + v * kLanes : b + panel + (v - kGemmNV) * kLanes);
      }
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const V av = Broadcast<NV>(base[m / 3] + m % 3 * pitch);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
      }
      b += kGemmNR;
#pragma GCC unroll 8
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const V of_column = hn::LoadU(d, bias + v * kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) sum[m][v] = hn::Add(sum[m][v], of_column);
    }
    ActivateTile(d, weights.act, sum);
    constexpr int64_t kLast = (NV - 1) * kLanes;
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      float* const to = c + m * dst_pitch;
#pragma GCC unroll 8
      for (int v = 0; v + 1 < NV; ++v) hn::StoreU(sum[m][v], d, to + v * kLanes);
      if (last == kLanes) {
        hn::StoreU(sum[m][NV - 1], d, to + kLast);
      } else {
        StoreFirst(sum[m][NV - 1], to + kLast, last);
      }
    }
  }
  ahead.at = next;
}

// Direct branches choose the rows, by halving [kFirst, kFirst + kCount): see kernels/simd/README.md.
template <int NV, int kFirst, int kCount>
HWY_INLINE void ByRows(int64_t rows, const PointwisePixels& pixels, const PointwiseWeights& weights, int64_t column,
                       int64_t tiles, Stream& ahead) {
  if constexpr (kCount == 1) {
    Tiles<kFirst, NV>(pixels, weights, column, tiles, ahead);
  } else {
    constexpr int kHalf = kCount / 2;
    rows < kFirst + kHalf ? ByRows<NV, kFirst, kHalf>(rows, pixels, weights, column, tiles, ahead)
                          : ByRows<NV, kFirst + kHalf, kCount - kHalf>(rows, pixels, weights, column, tiles, ahead);
  }
}

// All pixels, equal tiles: the first `higher` have a row more.
template <int NV>
HWY_INLINE void Columns(const PointwisePixels& pixels, const PointwiseWeights& weights, int64_t column, Stream& ahead) {
  constexpr int kRows = kRowsOf[NV];
  const int64_t most = GemmRowsPerTile(pixels.mid_pitch, kRows);
  const int64_t tiles = (pixels.count + most - 1) / most;
  const int64_t rows = pixels.count / tiles;
  const int64_t higher = pixels.count % tiles;
  if (higher > 0) ByRows<NV, 1, kRows>(rows + 1, pixels, weights, column, higher, ahead);
  PointwisePixels rest = pixels;
  rest.mid += higher * (rows + 1) * pixels.mid_pitch;
  rest.dst += higher * (rows + 1) * pixels.dst_pitch;
  ByRows<NV, 1, kRows>(rows, rest, weights, column, tiles - higher, ahead);
}

template <int NV>
HWY_INLINE void ByVectors(int64_t vectors, const PointwisePixels& pixels, const PointwiseWeights& weights,
                          int64_t column, Stream& ahead) {
  if (NV == 1 || vectors == NV) {
    Columns<NV>(pixels, weights, column, ahead);
  } else {
    ByVectors<std::max(NV - 1, 1)>(vectors, pixels, weights, column, ahead);
  }
}

// The output channels [columns.begin, columns.end) of all pixels; the first of them begins a panel.
HWY_INLINE void Run(const PointwisePixels& pixels, const PointwiseWeights& weights, Range columns,
                    const PointwiseAhead& ahead) {
  constexpr int64_t kLine = 16;
  Stream stream = {weights.packed, 0};
  if (ahead.floats > 0) {
    const int64_t groups = (columns.end - columns.begin + kColumns - 1) / kColumns;
    const int64_t steps = groups * (pixels.count / kRowsOf[kVectors] + 1) * weights.ic;
    stream = {ahead.data, std::min(ahead.floats / steps + 1, kLine)};
  }
  for (int64_t column = columns.begin; column < columns.end; column += kColumns) {
    const int64_t vectors = std::min((columns.end - column + kLanes - 1) / kLanes, kVectors);
    ByVectors<static_cast<int>(kVectors)>(vectors, pixels, weights, column, stream);
  }
}

}  // namespace pointwise
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
