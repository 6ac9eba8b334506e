// The tiles of the GEMM of rows at a fixed pitch (row_gemm-inl.h), for row_gemm.cc.
#if defined(ROOFGAP_KERNELS_SIMD_ROW_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_ROW_TILE_INL_H_
#undef ROOFGAP_KERNELS_SIMD_ROW_TILE_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_ROW_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/lanes-inl.h"
#include "kernels/simd/row_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace tile {

// Rows of a tile by its vectors of columns, at most: tall ones load least for each multiply-add; those of short sums
// leave registers for the rows of b that more last steps need.
#if HWY_TARGET == HWY_AVX3
inline constexpr int kTallRows[] = {0, 14, 14, 9, 6}, kShortRows[] = {0, 14, 12, 6, 6};
inline constexpr int kRegisters = 32;
#elif HWY_ARCH_ARM
inline constexpr int kTallRows[] = {0, 12, 12, 8}, kShortRows[] = {0, 12, 12, 8};
inline constexpr int kRegisters = 32;
#else
inline constexpr int kTallRows[] = {0, 6, 6, 4}, kShortRows[] = {0, 6, 6, 4};
inline constexpr int kRegisters = 16;
#endif
inline constexpr int64_t kShortSum = 48;

// The last steps of a tile's sums are taken row by row, and each row is finished and stored at once: clamps and stores
// in a burst take the place of multiply-adds, a cycle for each vector (Zen 5), those in between them do not.
inline constexpr int LastSteps(int sums, int of_b) { return std::clamp((kRegisters - 1 - sums) / of_b, 0, 4); }

// A panel of b, `pitch` floats wide, and its first column; its last vector has `last` columns. Tiles of four vectors
// cover the panel behind it too, which begins `next` floats further.
struct Panel {
  const float* b;
  int64_t pitch, next, column, last;
};

// What is fetched into L2: `step` floats further with each k. Of far operands, the first tile that would begin behind
// `end` goes on at `then`.
struct Stream {
  const float* at;
  int64_t step;
  const float* end = nullptr;
  const float* then = nullptr;
};

// A row of b.
template <int NV>
HWY_INLINE void LoadRow(const Panel& panel, const float* b, V (&to)[NV]) {
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    to[v] = hn::LoadU(D(), NV == 4 && v > 1 ? b + panel.next + (v - 2) * kLanes : b + v * kLanes);
  }
}

HWY_INLINE void Fetch(Stream& ahead) {
  __builtin_prefetch(ahead.at, 0, 2);
  ahead.at += ahead.step;
}

// The rows of C of a tile.
template <int MR, int NV>
HWY_INLINE void FetchC(const RowGemm& of, const Panel& panel, int64_t row) {
  const float* c = of.c + row * of.c_pitch + panel.column;
#pragma GCC unroll 1
  for (int m = 0; m < MR; ++m, c += of.c_pitch) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) __builtin_prefetch(c + v * kLanes, 1, 2);
  }
}

// Three rows for each pointer, as x86 addresses a base, base + pitch and base + 2 pitch: 14 pointers would spill.
template <int MR>
struct Rows {
  static constexpr int kBases = (MR + 2) / 3;
  const float* base[kBases];
  int64_t pitch;

  HWY_INLINE Rows(const float* a, int64_t apart) : pitch(apart) {
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * apart;
  }
  HWY_INLINE const float* At(int m) const { return base[m / 3] + m % 3 * pitch; }
  HWY_INLINE void Advance(int64_t k) {
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] += k;
  }
};

// A zero of its own for each accumulator: the copies of one that the compiler would make, or of the bias, take as long
// as multiply-adds.
HWY_INLINE V Zero() {
  V v = hn::Zero(D());
#if HWY_TARGET <= HWY_SSE4 && HWY_ARCH_X86
  asm volatile("" : "+v"(v.raw));
#endif
  return v;
}

// The last kLast steps, at `a` and `b`, then the bias, what was to be added, the activation and the store.
template <Activation kAct, bool kAdd, int kLast, int MR, int NV>
HWY_INLINE void FinishRows(const RowGemm& of, const Panel& panel, const Rows<MR>& a, const float* b, int64_t at,
                           V (&sum)[MR][NV]) {
  const D d;
  V bv[kLast + 1][NV];
#pragma GCC unroll 4
  for (int k = 0; k < kLast; ++k) LoadRow(panel, b + k * panel.pitch, bv[k]);
  const float* const bias = of.bias + panel.column;
  const float* added = of.added + (kAdd ? at : 0);
  float* c = of.c + at;
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m, added += kAdd ? of.c_pitch : 0, c += of.c_pitch) {
    // Else the compiler keeps the addresses of all rows, from tile to tile, on the stack.
    asm("" : "+r"(c));
#pragma GCC unroll 4
    for (int k = 0; k < kLast; ++k) {
      const V av = Broadcast<NV>(a.At(m) + k);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[k][v], sum[m][v]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      V y = hn::Add(sum[m][v], hn::LoadU(d, bias + v * kLanes));
      if constexpr (kAdd) y = hn::Add(y, hn::LoadU(d, added + v * kLanes));
      hn::StoreU(Activated<kAct>(d, y), d, c + v * kLanes);
    }
  }
}

// One choice a tile: a branch for each vector would fill the reorder buffer.
template <int kLast, int MR, int NV>
HWY_INLINE void Finish(const RowGemm& of, const Panel& panel, const Rows<MR>& a, const float* b, int64_t at,
                       V (&sum)[MR][NV]) {
  if (of.added != nullptr) return FinishRows<Activation::kNone, true, kLast>(of, panel, a, b, at, sum);
  switch (static_cast<Activation>(of.act)) {
    case Activation::kNone: return FinishRows<Activation::kNone, false, kLast>(of, panel, a, b, at, sum);
    case Activation::kRelu: return FinishRows<Activation::kRelu, false, kLast>(of, panel, a, b, at, sum);
    case Activation::kRelu6: return FinishRows<Activation::kRelu6, false, kLast>(of, panel, a, b, at, sum);
    case Activation::kHSwish: return FinishRows<Activation::kHSwish, false, kLast>(of, panel, a, b, at, sum);
  }
}

// The rare ends, where all steps are done: a part of the last vector, or fewer steps than the last ones.
template <int MR, int NV>
HWY_INLINE void FinishPart(const RowGemm& of, const Panel& panel, int64_t at, V (&sum)[MR][NV]) {
  const D d;
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      sum[m][v] = hn::Add(sum[m][v], hn::LoadU(d, of.bias + panel.column + v * kLanes));
      if (of.added == nullptr) continue;
      const float* const from = of.added + at + m * of.c_pitch + v * kLanes;
      sum[m][v] = hn::Add(sum[m][v], v + 1 < NV ? hn::LoadU(d, from) : LoadFirst(from, panel.last));
    }
  }
  ActivateTile(d, of.act, sum);
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
    float* const c = of.c + at + m * of.c_pitch;
#pragma GCC unroll 8
    for (int v = 0; v + 1 < NV; ++v) hn::StoreU(sum[m][v], d, c + v * kLanes);
    StoreFirst(sum[m][NV - 1], c + (NV - 1) * kLanes, panel.last);
  }
}

// One vector of columns is a load for each multiply-add, as many as a core does. Four steps of every other row are one
// load, whose elements are then spread within blocks of 128 bits.
template <int MR>
HWY_INLINE void FourSteps(const Panel& panel, const Rows<MR>& a, const float* b, V (&sum)[MR][1]) {
  const D d;
  V four[(MR + 1) / 2];
#pragma GCC unroll 16
  for (int m = 0; m < MR; m += 2) four[m / 2] = hn::LoadDup128(d, a.At(m));
  const auto step = [&](auto k) HWY_ATTR {
    const V bv = hn::LoadU(d, b + k * panel.pitch);
#pragma GCC unroll 16
    for (int m = 0; m < MR; m += 2) {
      sum[m][0] = hn::MulAdd(hn::Broadcast<k>(four[m / 2]), bv, sum[m][0]);
      if (m + 1 < MR) sum[m + 1][0] = hn::MulAdd(hn::Set(d, a.At(m + 1)[k]), bv, sum[m + 1][0]);
    }
  };
  step(std::integral_constant<int, 0>());
  step(std::integral_constant<int, 1>());
  step(std::integral_constant<int, 2>());
  step(std::integral_constant<int, 3>());
}

// MR rows from `row` on x NV vectors.
template <int MR, int NV>
HWY_INLINE void TileAt(const RowGemm& of, const Panel& panel, int64_t row, Stream& ahead) {
  constexpr int kLast = LastSteps(MR * NV, NV);
  V sum[MR][NV];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[m][v] = Zero();
  }
  const float* b = panel.b;
  Rows<MR> a(of.a + row * of.a_pitch, of.a_pitch);
  const int64_t at = row * of.c_pitch + panel.column;
  for (int64_t left = of.k;; left -= of.chunk, a.Advance(of.chunk_pitch - of.chunk)) {
    const bool ends = left <= of.chunk;
    const bool parted = !ends || left < kLast || panel.last != kLanes;
    int64_t k = std::min(left, of.chunk) - (parted ? 0 : kLast);
    if constexpr (NV == 1 && kLanes >= 4) {
      for (; k >= 4; k -= 4) {
        Fetch(ahead);
        FourSteps(panel, a, b, sum);
        b += 4 * panel.pitch;
        a.Advance(4);
      }
    }
    for (; k > 0; --k) {
      Fetch(ahead);
      V bv[NV];
      LoadRow(panel, b, bv);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const V av = Broadcast<NV>(a.At(m));
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
      }
      b += panel.pitch;
      a.Advance(1);
    }
    if (!ends) continue;
    return parted ? FinishPart(of, panel, at, sum) : Finish<kLast>(of, panel, a, b, at, sum);
  }
}

#if HWY_TARGET == HWY_AVX3
// As TileAt<2 R, 2> where the second vector has 8 columns at most: it would be half empty, so that two rows share one.
// With n = 24 that is 3 multiply-adds for 2 rows in place of 4.
template <int R>
HWY_INLINE void PairTileAt(const RowGemm& of, const Panel& panel, int64_t row, Stream& ahead) {
  const D d;
  const hn::Half<D> half;
  const auto low = hn::FirstN(d, kLanes / 2);
  const auto some = hn::FirstN(half, static_cast<size_t>(panel.last));
  V sum[2 * R][1], shared[R][1];
  const V start = hn::LoadU(d, of.bias + panel.column);
  const auto end = hn::LoadU(half, of.bias + panel.column + kLanes);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sum[2 * r][0] = sum[2 * r + 1][0] = start;
    shared[r][0] = hn::Combine(d, end, end);
  }
  const float* b = panel.b;
  Rows<2 * R> a(of.a + row * of.a_pitch, of.a_pitch);
  for (int64_t left = of.k; left > 0; left -= of.chunk, a.Advance(of.chunk_pitch - of.chunk)) {
    for (int64_t k = std::min(left, of.chunk); k > 0; --k) {
      Fetch(ahead);
      const V b0 = hn::LoadU(d, b);
      const auto b1 = hn::LoadU(half, b + kLanes);
      const V both = hn::Combine(d, b1, b1);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const V first = Broadcast<2>(a.At(2 * r));
        const V second = Broadcast<2>(a.At(2 * r + 1));
        sum[2 * r][0] = hn::MulAdd(first, b0, sum[2 * r][0]);
        sum[2 * r + 1][0] = hn::MulAdd(second, b0, sum[2 * r + 1][0]);
        shared[r][0] = hn::MulAdd(hn::IfThenElse(low, first, second), both, shared[r][0]);
      }
      b += panel.pitch;
      a.Advance(1);
    }
  }
  const int64_t at = row * of.c_pitch + panel.column;
  if (of.added != nullptr) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float* const first = of.added + at + 2 * r * of.c_pitch;
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
    float* const first = of.c + at + 2 * r * of.c_pitch;
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
#endif

}  // namespace tile
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
