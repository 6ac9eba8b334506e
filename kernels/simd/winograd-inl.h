// The transforms of Winograd's convolution, channels in vector lanes (kernels/simd/winograd.h has the formula and the
// matrices). Include this inside a file that Highway compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_WINOGRAD_INL_H_
#undef ROOFGAP_KERNELS_SIMD_WINOGRAD_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_WINOGRAD_INL_H_
#endif

#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace winograd {

// v = B^T d.
HWY_INLINE void Input(const V (&d)[4], V (&v)[4]) {
  v[0] = hn::Sub(d[0], d[2]);
  v[1] = hn::Add(d[1], d[2]);
  v[2] = hn::Sub(d[2], d[1]);
  v[3] = hn::Sub(d[3], d[1]);
}

HWY_INLINE void Input(const V (&d)[6], V (&v)[6]) {
  const D tag;
  const V two = hn::Set(tag, 2.0f), half = hn::Set(tag, 0.5f);
  const V four = hn::Set(tag, 4.0f), quarter = hn::Set(tag, 0.25f), both = hn::Set(tag, 4.25f);
  v[0] = hn::NegMulAdd(both, d[2], hn::Add(d[0], d[4]));
  v[5] = hn::NegMulAdd(both, d[3], hn::Add(d[1], d[5]));
  const V even1 = hn::NegMulAdd(four, d[2], d[4]), odd1 = hn::NegMulAdd(four, d[1], d[3]);
  v[1] = hn::MulAdd(half, odd1, even1);
  v[2] = hn::NegMulAdd(half, odd1, even1);
  const V even2 = hn::NegMulAdd(quarter, d[2], d[4]), odd2 = hn::NegMulAdd(quarter, d[1], d[3]);
  v[3] = hn::MulAdd(two, odd2, even2);
  v[4] = hn::NegMulAdd(two, odd2, even2);
}

// y = A^T m.
HWY_INLINE void Output(const V (&m)[4], V (&y)[2]) {
  y[0] = hn::Add(m[0], hn::Add(m[1], m[2]));
  y[1] = hn::Add(m[3], hn::Sub(m[1], m[2]));
}

HWY_INLINE void Output(const V (&m)[6], V (&y)[4]) {
  const D tag;
  const V two = hn::Set(tag, 2.0f), half = hn::Set(tag, 0.5f);
  const V sum1 = hn::Add(m[1], m[2]), difference1 = hn::Sub(m[1], m[2]);
  const V sum2 = hn::Add(m[3], m[4]), difference2 = hn::Sub(m[3], m[4]);
  y[0] = hn::MulAdd(half, sum2, hn::MulAdd(two, sum1, m[0]));
  y[1] = hn::Add(difference1, difference2);
  y[2] = hn::MulAdd(two, sum2, hn::Mul(half, sum1));
  y[3] = hn::MulAdd(hn::Set(tag, 4.0f), difference2, hn::MulAdd(hn::Set(tag, 0.25f), difference1, m[5]));
}

// The inputs of one tile in a map: channels of neighbours are `column` floats apart, of rows `row`. Of the tile's
// (m + 2) x (m + 2) pixels those in `rows` and `columns` exist, the others are zero.
struct InputTile {
  const float* src;
  int64_t row, column;
  Range rows, columns;
};

// One vector of channels of B^T d B, element (i, j) to to[(i (m + 2) + j) step]; `count` of its lanes exist.
template <int kOut, bool kEdge, bool kTail>
HWY_INLINE void TransformInputVector(const InputTile& tile, int64_t c, int64_t count, float* HWY_RESTRICT to,
                                     int64_t step) {
  constexpr int kIn = kOut + 2;
  const D d;
  V half[kIn][kIn];
#pragma GCC unroll 6
  for (int j = 0; j < kIn; ++j) {
    V column[kIn], v[kIn];
#pragma GCC unroll 6
    for (int i = 0; i < kIn; ++i) {
      if (kEdge && (i < tile.rows.begin || i >= tile.rows.end || j < tile.columns.begin || j >= tile.columns.end)) {
        column[i] = hn::Zero(d);
        continue;
      }
      const float* from = tile.src + i * tile.row + j * tile.column + c;
      column[i] = kTail ? LoadFirst(from, count) : hn::LoadU(d, from);
    }
    Input(column, v);
    // The neighbour's own columns, read next: 36 streams are too many for the hardware to follow. Maps of 6 MB and more
    // take 6 to 15 % less time, smaller ones the same.
    if constexpr (!kEdge) {
      if (j < kOut) {
#pragma GCC unroll 6
        for (int i = 0; i < kIn; ++i) hwy::Prefetch(tile.src + i * tile.row + (kIn + j) * tile.column + c);
      }
    }
#pragma GCC unroll 6
    for (int i = 0; i < kIn; ++i) half[i][j] = v[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < kIn; ++i) {
    V v[kIn];
    Input(half[i], v);
#pragma GCC unroll 6
    for (int j = 0; j < kIn; ++j) hn::Store(v[j], d, to + (i * kIn + j) * step + c);
  }
}

// All `channels` of a tile. `to` is on a vector's alignment and has room for whole vectors.
template <int kOut, bool kEdge>
void TransformInput(const InputTile& tile, int64_t channels, float* HWY_RESTRICT to, int64_t step) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    TransformInputVector<kOut, kEdge, false>(tile, c, kLanes, to, step);
  }
  if (c < channels) TransformInputVector<kOut, kEdge, true>(tile, c, channels - c, to, step);
}

// The outputs of one tile: `rows` x `columns` of its m x m exist.
struct OutputTile {
  float* dst;
  int64_t row, column;
  int64_t rows, columns;
};

// One vector of channels of act(A^T m A + bias), element (i, j) of m at from[(i (m + 2) + j) step].
template <int kOut, bool kTail>
HWY_INLINE void TransformOutputVector(const float* HWY_RESTRICT from, int64_t step, const float* bias, int64_t act,
                                      const OutputTile& tile, int64_t c, int64_t count) {
  constexpr int kIn = kOut + 2;
  const D d;
  V half[kOut][kIn];
#pragma GCC unroll 6
  for (int j = 0; j < kIn; ++j) {
    V column[kIn], y[kOut];
#pragma GCC unroll 6
    for (int i = 0; i < kIn; ++i) column[i] = hn::Load(d, from + (i * kIn + j) * step + c);
    Output(column, y);
#pragma GCC unroll 4
    for (int i = 0; i < kOut; ++i) half[i][j] = y[i];
  }
  // For the neighbour's stores: worth 5 to 8 % where the inputs' prefetch is worth 6 to 15 %.
#pragma GCC unroll 4
  for (int i = 0; i < kOut; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kOut; ++j) {
      __builtin_prefetch(tile.dst + i * tile.row + (kOut + j) * tile.column + c, /*for writing*/ 1);
    }
  }
  V own = hn::Zero(d);
  if (bias != nullptr) own = kTail ? LoadFirst(bias + c, count) : hn::LoadU(d, bias + c);
  V result[kOut][kOut];
#pragma GCC unroll 4
  for (int i = 0; i < kOut; ++i) {
    Output(half[i], result[i]);
#pragma GCC unroll 4
    for (int j = 0; j < kOut; ++j) result[i][j] = hn::Add(result[i][j], own);
  }
  ActivateTile(d, act, result);
#pragma GCC unroll 4
  for (int i = 0; i < kOut; ++i) {
    if (i >= tile.rows) break;
    float* to = tile.dst + i * tile.row + c;
#pragma GCC unroll 4
    for (int j = 0; j < kOut; ++j, to += tile.column) {
      if (j >= tile.columns) break;
      if constexpr (kTail) {
        StoreFirst(result[i][j], to, count);
      } else {
        hn::StoreU(result[i][j], d, to);
      }
    }
  }
}

// `channels` of a tile; `from` is on a vector's alignment and readable to whole vectors.
template <int kOut>
void TransformOutput(const float* HWY_RESTRICT from, int64_t step, const float* bias, int64_t act,
                     const OutputTile& tile, int64_t channels) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    TransformOutputVector<kOut, false>(from, step, bias, act, tile, c, kLanes);
  }
  if (c < channels) TransformOutputVector<kOut, true>(from, step, bias, act, tile, c, channels - c);
}

}  // namespace winograd
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
