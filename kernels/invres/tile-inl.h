// The GEMM of `fused`: rows at a fixed pitch, sums over short or chunked k, the residual added from where it lies.
//
//   c[i][j] = act(bias[j] + (added ? added[i][j] : 0) + sum over k of a[i][k] * b[k][j]),  i < m, j < n
//
// Beside kernels/simd/gemm_tile-inl.h it saves what counts when k is 16 to 32 or n is 16 to 24: lists of row pointers
// (23 ns a tile), copying the residual into c first, and storing the last columns one by one.
#if defined(ROOFGAP_KERNELS_INVRES_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_INVRES_TILE_INL_H_
#undef ROOFGAP_KERNELS_INVRES_TILE_INL_H_
#else
#define ROOFGAP_KERNELS_INVRES_TILE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace tile {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Rows of a tile by its vectors of columns, for 28, 24 or 12 accumulators.
#if HWY_TARGET == HWY_AVX3
inline constexpr int kRowsOf[] = {0, 14, 14, 9};
#elif HWY_ARCH_ARM
inline constexpr int kRowsOf[] = {0, 12, 12, 8};
#else
inline constexpr int kRowsOf[] = {0, 6, 6, 4};
#endif

struct Matrices {
  const float* a;
  int64_t a_pitch;
  // a[i][k] is at i * a_pitch + k / chunk * chunk_pitch + k % chunk.
  int64_t chunk, chunk_pitch;
  const float* b;      // PackB's panels of NV vectors
  const float* bias;   // readable in whole vectors
  const float* added;  // null: nothing; its rows are as far apart as those of c
  float* c;
  int64_t c_pitch;
  int64_t m, n, k, act;
};

HWY_INLINE V LoadFirst(const float* from, int64_t count) {
#if HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(D(), static_cast<size_t>(count)), D(), from);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(D(), lanes);
#endif
}

// Masked stores are cheap with AVX-512 only: for AVX2 AMD's cores take 42 operations.
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

template <int MR, int NV>
HWY_INLINE void Finish(const Matrices& of, const float* added, float* c, int64_t last, V (&sum)[MR][NV]) {
  const D d;
  if (added != nullptr) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        const float* const from = added + m * of.c_pitch + v * kLanes;
        const bool whole = v + 1 < NV || last == kLanes;
        sum[m][v] = hn::Add(sum[m][v], whole ? hn::LoadU(d, from) : LoadFirst(from, last));
      }
    }
  }
  ActivateTile(d, of.act, sum);
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
    float* const to = c + m * of.c_pitch;
#pragma GCC unroll 8
    for (int v = 0; v + 1 < NV; ++v) hn::StoreU(sum[m][v], d, to + v * kLanes);
  }
  constexpr int64_t kLast = (NV - 1) * kLanes;
  if (last == kLanes) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) hn::StoreU(sum[m][NV - 1], d, c + m * of.c_pitch + kLast);
  } else {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) StoreFirst(sum[m][NV - 1], c + m * of.c_pitch + kLast, last);
  }
}

// MR rows x NV vectors; panels of b are `b_pitch` floats wide.
template <int MR, int NV>
void Tile(const Matrices& of, const float* a, const float* b, int64_t b_pitch, const float* bias, const float* added,
          float* c, int64_t last) {
  const D d;
  V sum[MR][NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const V start = hn::LoadU(d, bias + v * kLanes);
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) sum[m][v] = start;
  }
  const int64_t pitch = of.a_pitch;
  for (int64_t done = 0; done < of.k; done += of.chunk, a += of.chunk_pitch) {
    // Three rows for each pointer, as x86 addresses a base, base + pitch and base + 2 pitch: 14 pointers would spill.
    constexpr int kBases = (MR + 2) / 3;
    const float* base[kBases];
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * pitch;
    for (int64_t k = std::min(of.chunk, of.k - done); k > 0; --k) {
      V bv[NV];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) bv[v] = hn::LoadU(d, b + v * kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const V av = Broadcast<NV>(base[m / 3] + m % 3 * pitch);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
      }
      b += b_pitch;
#pragma GCC unroll 8
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
  }
  Finish(of, added, c, last, sum);
}

using TileFn = void (*)(const Matrices&, const float*, const float*, int64_t, const float*, const float*, float*,
                        int64_t);

template <int NV, int... I>
constexpr std::array<TileFn, sizeof...(I)> TilesOf(std::integer_sequence<int, I...>) {
  return {&Tile<I + 1, NV>...};
}

#if HWY_TARGET == HWY_AVX3
// As Tile<2 R, 2> where the second vector has 8 columns at most: it would be half empty, so that two rows share one.
// With n = 24 that is 3 multiply-adds for 2 rows in place of 4.
template <int R>
void PairTile(const Matrices& of, const float* a, const float* b, int64_t b_pitch, const float* bias,
              const float* added, float* c, int64_t last) {
  const D d;
  const hn::Half<D> half;
  constexpr int64_t kHalf = kLanes / 2;
  const auto low = hn::FirstN(d, kHalf);
  const auto some = hn::FirstN(half, static_cast<size_t>(last));
  V sum[2 * R][1], shared[R][1];
  const V start = hn::LoadU(d, bias);
  const auto end = hn::LoadU(half, bias + kLanes);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sum[2 * r][0] = sum[2 * r + 1][0] = start;
    shared[r][0] = hn::Combine(d, end, end);
  }
  const int64_t pitch = of.a_pitch;
  for (int64_t done = 0; done < of.k; done += of.chunk, a += of.chunk_pitch) {
    constexpr int kBases = (2 * R + 2) / 3;
    const float* base[kBases];
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * pitch;
    for (int64_t k = std::min(of.chunk, of.k - done); k > 0; --k) {
      const V b0 = hn::LoadU(d, b);
      const auto b1 = hn::LoadU(half, b + kLanes);
      const V both = hn::Combine(d, b1, b1);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const V first = Broadcast<2>(base[2 * r / 3] + 2 * r % 3 * pitch);
        const V second = Broadcast<2>(base[(2 * r + 1) / 3] + (2 * r + 1) % 3 * pitch);
        sum[2 * r][0] = hn::MulAdd(first, b0, sum[2 * r][0]);
        sum[2 * r + 1][0] = hn::MulAdd(second, b0, sum[2 * r + 1][0]);
        shared[r][0] = hn::MulAdd(hn::IfThenElse(low, first, second), both, shared[r][0]);
      }
      b += b_pitch;
#pragma GCC unroll 8
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
  }
  if (added != nullptr) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float* const first = added + 2 * r * of.c_pitch;
      const float* const second = first + of.c_pitch;
      sum[2 * r][0] = hn::Add(sum[2 * r][0], hn::LoadU(d, first));
      sum[2 * r + 1][0] = hn::Add(sum[2 * r + 1][0], hn::LoadU(d, second));
      const auto first_end = hn::MaskedLoad(some, half, first + kLanes);
      const auto second_end = hn::MaskedLoad(some, half, second + kLanes);
      shared[r][0] = hn::Add(shared[r][0], hn::Combine(d, second_end, first_end));
    }
  }
  ActivateTile(d, of.act, sum);
  ActivateTile(d, of.act, shared);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    float* const first = c + 2 * r * of.c_pitch;
    float* const second = first + of.c_pitch;
    hn::StoreU(sum[2 * r][0], d, first);
    hn::StoreU(sum[2 * r + 1][0], d, second);
    hn::BlendedStore(hn::LowerHalf(half, shared[r][0]), some, half, first + kLanes);
    // gcc folds the extraction into the masked store, and that instruction faults on what its mask leaves out.
    auto upper = hn::UpperHalf(half, shared[r][0]);
    asm("" : "+v"(upper.raw));
    hn::BlendedStore(upper, some, half, second + kLanes);
  }
}

template <int... I>
constexpr std::array<TileFn, sizeof...(I)> PairTilesOf(std::integer_sequence<int, I...>) {
  return {&PairTile<I + 1>...};
}

// Of an even number of rows, the panel that begins with this column.
HWY_INLINE void PairPanel(const Matrices& of, const float* b, int64_t b_pitch, int64_t column, int64_t last) {
  constexpr int kPairs = 8;
  static constexpr auto kTiles = PairTilesOf(std::make_integer_sequence<int, kPairs>());
  const int64_t pairs = of.m / 2;
  const auto tiles = static_cast<int>((pairs + kPairs - 1) / kPairs);
  for (int t = 0; t < tiles; ++t) {
    const Range own = Share(pairs, tiles, t);
    const int64_t row = 2 * own.begin;
    kTiles[static_cast<size_t>(own.end - own.begin - 1)](
        of, of.a + row * of.a_pitch, b, b_pitch, of.bias + column,
        of.added != nullptr ? of.added + row * of.c_pitch + column : nullptr, of.c + row * of.c_pitch + column, last);
  }
}
#endif

// Panels of PV vectors; the last may have fewer columns, and tiles of fewer vectors.
template <int PV>
HWY_INLINE void Gemm(const Matrices& of) {
  constexpr int kRows = kRowsOf[PV];
  static constexpr std::array<TileFn, static_cast<size_t>(kRows)> kTiles[] = {
      TilesOf<1>(std::make_integer_sequence<int, kRows>()),
      TilesOf<std::min(2, PV)>(std::make_integer_sequence<int, kRows>()),
      TilesOf<PV>(std::make_integer_sequence<int, kRows>()),
  };
  constexpr int64_t kPanel = PV * kLanes;
  const auto tiles = static_cast<int>((of.m + kRows - 1) / kRows);
  const float* b = of.b;
  for (int64_t column = 0; column < of.n; column += kPanel, b += of.k * kPanel) {
    const int64_t columns = std::min(kPanel, of.n - column);
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    const int64_t last = columns - (vectors - 1) * kLanes;
#if HWY_TARGET == HWY_AVX3
    if (PV == 2 && vectors == 2 && last <= kLanes / 2 && of.m % 2 == 0) {
      PairPanel(of, b, kPanel, column, last);
      continue;
    }
#endif
    for (int t = 0; t < tiles; ++t) {
      const Range rows = Share(of.m, tiles, t);
      const float* const added = of.added != nullptr ? of.added + rows.begin * of.c_pitch + column : nullptr;
      kTiles[vectors - 1][static_cast<size_t>(rows.end - rows.begin - 1)](
          of, of.a + rows.begin * of.a_pitch, b, kPanel, of.bias + column, added,
          of.c + rows.begin * of.c_pitch + column, last);
    }
  }
}

}  // namespace tile
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
