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
#include "kernels/simd/exp-inl.h"
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
struct Matrix {
  const float* data;
  int64_t pitch;
};

// Rows of scores are this far apart: a constant, so that one register addresses all of them. No power of 2, whose rows
// would share a few sets of L1.
inline constexpr int64_t kMaxKeys = 512, kScorePitch = kMaxKeys + 16;

template <int MR>
struct ScoreRows {
  const float* base;

  HWY_INLINE explicit ScoreRows(Matrix of) : base(of.data) {}
  HWY_INLINE const float* At(int m) const { return base + m * kScorePitch; }
  HWY_INLINE void Advance(int64_t k) { base += k; }
};

template <int MR>
struct QueryRows : tile::Rows<MR> {
  HWY_INLINE explicit QueryRows(Matrix of) : tile::Rows<MR>(of.data, of.pitch) {}
};

// MR rows of a times rows of b, in sums.
template <int MR, int NV, template <int> class Rows>
struct Product {
  V sum[MR][NV];
  Rows<MR> a;
  const float* b;
  int64_t pitch;

  HWY_INLINE Product(Matrix of_a, Matrix of_b) : a(of_a), b(of_b.data), pitch(of_b.pitch) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) sum[m][v] = tile::Zero();
    }
  }

  HWY_INLINE void LoadRow(int64_t i, V (&to)[NV]) const {
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) to[v] = hn::LoadU(D(), b + i * pitch + v * kLanes);
  }

  HWY_INLINE void Add(int m, int64_t i, const V (&bv)[NV]) {
    const V av = Broadcast<NV>(a.At(m) + i);
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
  }

  // k rows of b, and with each a line of what is `ahead`.
  HWY_INLINE void Steps(int64_t k, tile::Stream& ahead) {
#pragma GCC unroll 1
    for (; k > 0; --k, b += pitch, a.Advance(1)) {
      tile::Fetch(ahead);
      V bv[NV];
      LoadRow(0, bv);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) Add(m, 0, bv);
    }
  }

  // The last steps, row by row: finish(m, sums) gets each row as soon as it is complete.
  template <int kLast, class Finish>
  HWY_INLINE void LastSteps(Finish& finish) {
    V last[kLast + 1][NV];
#pragma GCC unroll 4
    for (int i = 0; i < kLast; ++i) LoadRow(i, last[i]);
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
      for (int i = 0; i < kLast; ++i) Add(m, i, last[i]);
      finish(m, sum[m]);
    }
  }

  template <class Finish>
  HWY_INLINE void AllSteps(int64_t k, tile::Stream& ahead, Finish finish) {
    constexpr int kLast = tile::LastSteps(MR * NV, NV);
    if (k >= kLast) {
      Steps(k - kLast, ahead);
      return LastSteps<kLast>(finish);
    }
    Steps(k, ahead);
    LastSteps<0>(finish);
  }
};

// A row of scores: stored whole, and its largest in each lane noted in max [MR][kLanes].
template <int NV>
struct StoreScores {
  float* to;
  float* max;

  HWY_INLINE void operator()(int m, const V (&sum)[NV]) {
    V largest = hn::Load(D(), max + m * kLanes);
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) {
      hn::StoreU(sum[v], D(), to + v * kLanes);
      largest = hn::Max(largest, sum[v]);
    }
    hn::Store(largest, D(), max + m * kLanes);
    to += kScorePitch;
  }
};

// The scores of MR rows of q against `keys` keys, whose panels (PackTransposed, kPanel wide) begin at k. Whole vectors
// are written. max [2][MR][kLanes]: the first half is brought up to date with the first `whole` scores, whole panels;
// the second with the others.
template <int MR>
HWY_NOINLINE void Scores(Matrix q, const float* k, int64_t d, int64_t keys, int64_t whole, float* scores, float* max,
                         tile::Stream ahead) {
  for (; keys > kLanes; keys -= kPanel, whole -= kPanel, k += d * kPanel, scores += kPanel) {
    if (whole == 0) max += MR * kLanes;
    Product<MR, 2, QueryRows>(q, {k, kPanel}).AllSteps(d, ahead, StoreScores<2>{scores, max});
  }
  if (whole == 0) max += MR * kLanes;
  if (keys > 0) Product<MR, 1, QueryRows>(q, {k, kPanel}).AllSteps(d, ahead, StoreScores<1>{scores, max});
}

// What is to become of scores while they are multiplied with V: 2^(score - max), and the sums of these, lane by lane.
struct Powers {
  float* scores;
  const float* max;  // [MR]
  float* sums;       // [MR][kLanes]

  // The vector of row m that begins at column `at`.
  HWY_INLINE void Take(int m, int64_t at) const {
    const D d;
    float* const to = scores + m * kScorePitch + at;
    const V power = Exp2(d, hn::Sub(hn::LoadU(d, to), hn::Set(d, max[m])));
    hn::StoreU(power, d, to);
    hn::Store(hn::Add(hn::Load(d, sums + m * kLanes), power), d, sums + m * kLanes);
  }
};

// All powers of `keys` columns, each vector just before it is multiplied; returns how many keys are multiplied, all but
// those of the last vector. Powers stand between every few steps: their additions and integer operations find pipes
// that the multiply-adds leave idle, and what they would take by themselves (5 cycles a vector) falls to about the
// half.
template <int MR, int NV>
HWY_INLINE int64_t TakePowers(const Powers& powers, int64_t keys, Product<MR, NV, ScoreRows>& product,
                              tile::Stream& ahead) {
  constexpr int kSteps = kLanes < 4 ? 1 : 4;
  constexpr int kGroups = static_cast<int>(kLanes) / kSteps;
  constexpr int kEach = (MR + kGroups - 1) / kGroups;
#pragma GCC unroll 1
  for (int m = 0; m < MR; ++m) powers.Take(m, 0);
  int64_t at = kLanes;
  for (; at < keys; at += kLanes) {
#pragma GCC unroll 1
    for (int m = 0; m < kGroups * kEach; m += kEach) {
#pragma GCC unroll 16
      for (int i = 0; i < kEach; ++i) {
        if (kGroups * kEach == MR || m + i < MR) powers.Take(m + i, at);
      }
      product.Steps(kSteps, ahead);
    }
  }
  return at - kLanes;
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

// The factors of a strip's output, and the sums of its powers. With its last block (`ends`) the sums divide the output.
struct Scale {
  float *keep, *gain, *sum;
  bool ends;
};

// As StoreOutput, once a row's sums of powers are complete.
template <int NV>
struct StoreFirstOutput {
  StoreOutput<NV> store;
  const float* sums;
  Scale scale;

  HWY_INLINE void operator()(int m, const V (&sum)[NV]) {
    scale.sum[m] += hn::GetLane(hn::SumOfLanes(D(), hn::Load(D(), sums + m * kLanes)));
    if (scale.ends) {
      scale.gain[m] = 1 / scale.sum[m];
      scale.keep[m] *= scale.gain[m];
    }
    store(m, sum);
  }
};

// V: row-major in place (`next` = kPanel; d a multiple of kLanes), or panels of kPanel columns made by PackRows.
struct Values {
  Matrix rows;
  int64_t next;  // floats from a panel to the next
};

// A strip's weights, which are scores yet, against `keys` rows of v. Scores that do not count, up to a whole vector,
// are -infinity.
struct Weighing {
  Powers powers;
  int64_t keys;
  Values v;
  float* out;
  int64_t d;
  bool first;
  Scale scale;
};

template <int MR, int NV>
HWY_INLINE void WeighColumns(const Weighing& of, int64_t panel, tile::Stream& ahead) {
  const int64_t last = std::min(of.d - panel * kPanel - (NV - 1) * kLanes, kLanes);
  const StoreOutput<NV> store = {of.out + panel * kPanel, of.d, last, of.first, of.scale.keep, of.scale.gain};
  Product<MR, NV, ScoreRows> product({of.powers.scores, kScorePitch},
                                     {of.v.rows.data + panel * of.v.next, of.v.rows.pitch});
  if (panel > 0) return product.AllSteps(of.keys, ahead, store);
  const int64_t taken = TakePowers(of.powers, of.keys, product, ahead);
  product.AllSteps(of.keys - taken, ahead, StoreFirstOutput<NV>{store, of.powers.sums, of.scale});
}

// O = keep O + gain P V for MR rows; O is not read with `first`.
template <int MR>
HWY_NOINLINE void Weigh(const Weighing& of, tile::Stream ahead) {
  for (int64_t panel = 0; panel * kPanel < of.d; ++panel) {
    if (of.d - panel * kPanel > kLanes) {
      WeighColumns<MR, 2>(of, panel, ahead);
    } else {
      WeighColumns<MR, 1>(of, panel, ahead);
    }
  }
}

}  // namespace attention
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
