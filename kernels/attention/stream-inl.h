// The two passes of a few query rows over keys and values where they lie: scores and weighted sums, for any number of
// keys. Include this inside a file that Highway compiles once per target.
//
// A row of d floats, d >= kLanes, is read as whole vectors, of which the last one overlaps the one before it where d
// asks for it. The rows of q and o are whole vectors too; q holds zeros where its last vector would overlap.
#if defined(ROOFGAP_KERNELS_ATTENTION_STREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_ATTENTION_STREAM_INL_H_
#undef ROOFGAP_KERNELS_ATTENTION_STREAM_INL_H_
#else
#define ROOFGAP_KERNELS_ATTENTION_STREAM_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

inline constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;

// Rows that are computed together, each with four keys: 16 sums, or 8 where there are 16 registers.
inline constexpr int kGroup = kManyRegisters ? 4 : 2;

// Vectors of columns that R rows accumulate at once, at most.
template <int R>
inline constexpr int kColumnVectors = R <= kGroup / 2 ? 8 : 4;

// How far ahead of the reading this prefetches, in floats: 8 KiB. The hardware's prefetchers stop at every 4 KiB, and
// lose track where four rows are read at once. From memory, 4 rows of d = 128: 13 GB/s without, 26 a page ahead in the
// order of the loads, 35 in the order of addresses, 39 so far ahead (Zen 5, where a load loop reached 45).
inline constexpr int64_t kAhead = 2048;

HWY_INLINE int64_t Vectors(int64_t d) { return (d + kLanes - 1) / kLanes; }
HWY_INLINE int64_t Column(int64_t vector, int64_t d) { return std::min(vector * kLanes, d - kLanes); }

#if HWY_TARGET != HWY_SCALAR
// The sum of the 128-bit blocks.
template <class DN>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> AddBlocks(DN, hn::Vec<DN> v) {
  if constexpr (hn::MaxLanes(DN()) == 4) {
    return v;
  } else {
    const hn::Half<DN> half;
    return AddBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
#endif

// to[i] = the sum of the lanes of v[i].
HWY_INLINE void StoreSums(const V (&v)[4], float* to) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 4; ++i) to[i] = hn::GetLane(v[i]);
#else
  const D d;
  const hn::Repartition<uint64_t, D> d64;
  const V sum01 = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const V sum23 = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto low = hn::InterleaveLower(d64, hn::BitCast(d64, sum01), hn::BitCast(d64, sum23));
  const auto high = hn::InterleaveUpper(d64, hn::BitCast(d64, sum01), hn::BitCast(d64, sum23));
  hn::StoreU(AddBlocks(d, hn::Add(hn::BitCast(d, low), hn::BitCast(d, high))), hn::FixedTag<float, 4>(), to);
#endif
}

// Prefetches the next NV vectors from `next` on. In the order of addresses, which the hardware's prefetchers follow.
template <bool kPrefetch, int NV>
HWY_INLINE void Ahead(const float*& next) {
  if constexpr (kPrefetch) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      if (v * kLanes % 16 == 0) hwy::Prefetch(next + v * kLanes);
    }
    next += NV * kLanes;
  }
}

// A matrix of rows that are to be read, or of results, and the floats from row to row.
struct Rows {
  float* data;
  int64_t pitch;
};

// Four scores of each of R rows: scores[r][i] = q[r] . key[i].
template <int R, bool kPrefetch>
HWY_INLINE void FourScores(Rows q, const float* const (&key)[4], int64_t d, const float*& next, float* scores,
                           int64_t pitch) {
  V sum[R][4];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sum[r][i] = hn::Zero(D());
  }
  const auto add = [&](int64_t vector, int64_t column) HWY_ATTR {
    Ahead<kPrefetch, 4>(next);
    V kv[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) kv[i] = hn::LoadU(D(), key[i] + column);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const V qv = hn::LoadU(D(), q.data + r * q.pitch + vector * kLanes);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) sum[r][i] = hn::MulAdd(qv, kv[i], sum[r][i]);
    }
  };
  int64_t vector = 0;
  for (; (vector + 4) * kLanes <= d; vector += 4) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) add(vector + v, (vector + v) * kLanes);
  }
  for (; vector < Vectors(d); ++vector) add(vector, Column(vector, d));
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) StoreSums(sum[r], scores + r * pitch);
}

// scores[r][j] = q[r] . k[j] for `keys` rows of k; up to three more are written, copies of the last.
template <int R, bool kPrefetch>
HWY_INLINE void Scores(Rows q, const float* k, int64_t keys, int64_t d, Rows scores) {
  const float* next = k + kAhead;
  int64_t j = 0;
  for (; j + 4 <= keys; j += 4, k += 4 * d) {
    FourScores<R, kPrefetch>(q, {k, k + d, k + 2 * d, k + 3 * d}, d, next, scores.data + j, scores.pitch);
  }
  if (j == keys) return;
  const auto at = [&](int64_t i) { return k + std::min(i, keys - j - 1) * d; };
  FourScores<R, false>(q, {k, at(1), at(2), at(3)}, d, next, scores.data + j, scores.pitch);
}

// o[r] += sum over j of weights[r][j] v[j], for NV vectors of columns; rows of v lie d floats apart.
template <int R, int NV, bool kPrefetch>
HWY_INLINE void AddColumns(Rows weights, const float* v, int64_t keys, int64_t d, const float* next, Rows o) {
  // Enough independent sums to hide the latency of a multiply-add.
  constexpr int kChains = std::max(1, (kManyRegisters ? 16 : 8) / (R * NV));
  V sum[kChains][R][NV];
#pragma GCC unroll 16
  for (int i = 0; i < kChains * R * NV; ++i) sum[i / (R * NV)][i / NV % R][i % NV] = hn::Zero(D());
  // Steps through the rows with one pointer: with offsets for all of them, the compiler runs out of registers.
  const auto add = [&](int c, int64_t key) HWY_ATTR {
    Ahead<kPrefetch, NV>(next);
    V weight[R];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) weight[r] = hn::Set(D(), weights.data[r * weights.pitch + key]);
#pragma GCC unroll 8
    for (int n = 0; n < NV; ++n) {
      const V value = hn::LoadU(D(), v + n * kLanes);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) sum[c][r][n] = hn::MulAdd(weight[r], value, sum[c][r][n]);
    }
    v += d;
    asm("" : "+r"(v));
  };
  int64_t key = 0;
  for (; key + kChains <= keys; key += kChains) {
#pragma GCC unroll 16
    for (int c = 0; c < kChains; ++c) add(c, key + c);
  }
  for (; key < keys; ++key) add(0, key);
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int n = 0; n < NV; ++n) {
      float* const at = o.data + r * o.pitch + n * kLanes;
      V total = sum[0][r][n];
#pragma GCC unroll 16
      for (int c = 1; c < kChains; ++c) total = hn::Add(total, sum[c][r][n]);
      hn::StoreU(hn::Add(hn::LoadU(D(), at), total), D(), at);
    }
  }
}

// The same for all columns from `vector` on.
template <int R, int NV, bool kPrefetch>
HWY_INLINE void AddValues(Rows weights, const float* v, int64_t keys, int64_t d, int64_t vector, Rows o) {
  for (; (vector + NV) * kLanes <= d; vector += NV) {
    AddColumns<R, NV, kPrefetch>(weights, v + vector * kLanes, keys, d, v + kAhead + vector * kLanes * keys,
                                 {o.data + vector * kLanes, o.pitch});
  }
  if constexpr (NV > 1) {
    AddValues<R, NV / 2, kPrefetch>(weights, v, keys, d, vector, o);
  } else if (vector < Vectors(d)) {
    AddColumns<R, 1, kPrefetch>(weights, v + d - kLanes, keys, d, v + kAhead + vector * kLanes * keys,
                                {o.data + vector * kLanes, o.pitch});
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
