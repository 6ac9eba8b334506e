// The two products of attention for a strip of queries, S = Q K^T and O = P V, in tiles whose finishing (maxima,
// rescaling, stores) stands among their last multiply-adds. Keys, and then columns of V, are in vector lanes. Include
// this inside a file that Highway compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_ATTENTION_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_ATTENTION_TILE_INL_H_
#undef ROOFGAP_KERNELS_SIMD_ATTENTION_TILE_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_ATTENTION_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"
#include "kernels/simd/row_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace attention {

// Rows of a strip, at most: 12 x 2 sums leave registers for the rows of b of three last steps, 14 x 2 for one (2 %).
inline constexpr int kRows = tile::kRegisters == 32 ? 12 : 6;
// Keys of a packed panel of K, columns of a panel of V.
inline constexpr int64_t kPanel = 2 * kLanes;

// Rows `pitch` floats apart.
template <class T>
struct Matrix {
  T* data;
  int64_t pitch;
};

// MR rows of a times k rows of b, as far as the last kLast steps. Those are taken row by row, and finish(m, sums) gets
// each row as soon as it is complete.
template <int kLast, int MR, int NV, class Finish>
HWY_INLINE void TileOf(Matrix<const float> of_a, Matrix<const float> of_b, int64_t k, tile::Stream& ahead,
                       Finish finish) {
  const D d;
  V sum[MR][NV];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) sum[m][v] = tile::Zero();
  }
  tile::Rows<MR> a(of_a.data, of_a.pitch);
  const float* b = of_b.data;
  for (; k > kLast; --k, b += of_b.pitch, a.Advance(1)) {
    tile::Fetch(ahead);
    V bv[NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) bv[v] = hn::LoadU(d, b + v * kLanes);
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      const V av = Broadcast<NV>(a.At(m));
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
    }
  }
  V last[kLast + 1][NV];
#pragma GCC unroll 4
  for (int i = 0; i < kLast; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) last[i][v] = hn::LoadU(d, b + i * of_b.pitch + v * kLanes);
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int i = 0; i < kLast; ++i) {
      const V av = Broadcast<NV>(a.At(m) + i);
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, last[i][v], sum[m][v]);
    }
    finish(m, sum[m]);
  }
}

template <int MR, int NV, class Finish>
HWY_INLINE void Tile(Matrix<const float> a, Matrix<const float> b, int64_t k, tile::Stream& ahead, Finish finish) {
  constexpr int kLast = tile::LastSteps(MR * NV, NV);
  if (k >= kLast) return TileOf<kLast, MR, NV>(a, b, k, ahead, finish);
  TileOf<0, MR, NV>(a, b, k, ahead, finish);
}

// A row of scores: stored whole, and its largest in each lane noted in max [MR][kLanes].
template <int NV>
struct StoreScores {
  float* to;
  int64_t pitch;
  float* max;

  HWY_INLINE void operator()(int m, const V (&sum)[NV]) {
    V largest = hn::Load(D(), max + m * kLanes);
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) {
      hn::StoreU(sum[v], D(), to + v * kLanes);
      largest = hn::Max(largest, sum[v]);
    }
    hn::Store(largest, D(), max + m * kLanes);
    to += pitch;
    asm("" : "+r"(to));  // else the compiler keeps the addresses of all rows, on the stack
  }
};

// The scores of MR rows of q against `keys` keys, whose panels (PackTransposed, kPanel wide) begin at k. Whole vectors
// are written. max [2][MR][kLanes]: the first half is brought up to date with the first `whole` scores, whole panels;
// the second with the others.
template <int MR>
HWY_INLINE void Scores(Matrix<const float> q, const float* k, int64_t d, int64_t keys, int64_t whole,
                       Matrix<float> scores, float* max, tile::Stream ahead) {
  for (; keys > kLanes; keys -= kPanel, whole -= kPanel, k += d * kPanel, scores.data += kPanel) {
    if (whole == 0) max += MR * kLanes;
    Tile<MR, 2>(q, {k, kPanel}, d, ahead, StoreScores<2>{scores.data, scores.pitch, max});
  }
  if (whole == 0) max += MR * kLanes;
  if (keys > 0) Tile<MR, 1>(q, {k, kPanel}, d, ahead, StoreScores<1>{scores.data, scores.pitch, max});
}

// A row of the output: out = keep[m] out + gain[m] sum; not read with `first`. Its last vector has `last` columns.
template <int NV>
struct StoreOutput {
  float* out;
  int64_t pitch, last;
  bool first;
  const float *keep, *gain;

  HWY_INLINE void operator()(int m, const V (&sum)[NV]) {
    const D d;
    const V kept = hn::Set(d, keep[m]);
    const V gained = hn::Set(d, gain[m]);
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) {
      const V y = hn::Mul(gained, sum[v]);
      float* const to = out + v * kLanes;
      if (v + 1 < NV || last == kLanes) {
        hn::StoreU(first ? y : hn::MulAdd(kept, hn::LoadU(d, to), y), d, to);
      } else {
        StoreFirst(first ? y : hn::MulAdd(kept, LoadFirst(to, last), y), to, last);
      }
    }
    out += pitch;
    asm("" : "+r"(out));
  }
};

// V: row-major in place (`next` = kPanel; d a multiple of kLanes), or panels of kPanel columns made by PackRows.
struct Values {
  Matrix<const float> rows;
  int64_t next;  // floats from a panel to the next
};

// O = keep O + gain P V for MR rows of weights p against `keys` rows of v; O is not read with `first`.
template <int MR>
HWY_INLINE void Weigh(Matrix<const float> p, Values v, int64_t keys, int64_t d, float* out, bool first,
                      const float* keep, const float* gain, tile::Stream ahead) {
  for (int64_t left = d; left > 0; left -= kPanel, v.rows.data += v.next, out += kPanel) {
    if (left > kLanes) {
      Tile<MR, 2>(p, v.rows, keys, ahead, StoreOutput<2>{out, d, std::min(left - kLanes, kLanes), first, keep, gain});
    } else {
      Tile<MR, 1>(p, v.rows, keys, ahead, StoreOutput<1>{out, d, left, first, keep, gain});
    }
  }
}

}  // namespace attention
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
