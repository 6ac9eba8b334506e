#include "kernels/simd/dot_tile.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/dot_tile.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dot_tile-inl.h"
#include "kernels/simd/lanes-inl.h"
// clang-format on
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/api/activation.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET != HWY_SCALAR

HWY_INLINE V InFirstLane(float x) { return hn::IfThenElseZero(hn::FirstN(D(), 1), hn::Set(D(), x)); }

// Lane i of each 128-bit block: the sum of that block of v[i].
HWY_INLINE V SumsInBlocks(const V* v) {
  const D d;
  const hn::Repartition<uint64_t, D> d64;
  const auto pairs = [d, d64](V a, V b) HWY_ATTR {
    return hn::BitCast(d64, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
  };
  const auto low = pairs(v[0], v[1]);
  const auto high = pairs(v[2], v[3]);
  return hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, low, high)),
                 hn::BitCast(d, hn::InterleaveUpper(d64, low, high)));
}

// Lane i: the sum of v[i]. Three instructions a sum, in place of eight for each alone.
HWY_INLINE V Sums(const V (&v)[kLanes]) {
  const D d;
  const V first = SumsInBlocks(v);
  if constexpr (kLanes == 4) return first;
  if constexpr (kLanes == 8) {
    const V second = SumsInBlocks(v + 4);
    return hn::Add(hn::ConcatLowerLower(d, second, first), hn::ConcatUpperUpper(d, second, first));
  }
  if constexpr (kLanes == 16) {
    const V second = SumsInBlocks(v + 4);
    const V third = SumsInBlocks(v + 8);
    const V fourth = SumsInBlocks(v + 12);
    const V even = hn::Add(hn::ConcatLowerLower(d, third, first), hn::ConcatUpperUpper(d, third, first));
    const V odd = hn::Add(hn::ConcatLowerLower(d, fourth, second), hn::ConcatUpperUpper(d, fourth, second));
    return hn::Add(hn::OddEvenBlocks(odd, even), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(even, odd)));
  }
}

// Adds the products of one vector of k.
template <int R, int T, class Load>
HWY_INLINE void Step(const float* const (&a)[R], const float* const (&w)[T], int64_t k, int64_t b, const Load& load,
                     V (&sum)[kLanes]) {
  V wv[T];
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) wv[t] = load(w[t] + b);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    V av = load(a[r] + k);
#if HWY_ARCH_X86
    // Otherwise the compiler loads the vector again for each column.
    if constexpr (T > 1) asm("" : "+v"(av.raw));
#endif
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) sum[r * T + t] = hn::MulAdd(av, wv[t], sum[r * T + t]);
  }
}

HWY_INLINE V Activate(int64_t act, V x) {
  switch (static_cast<Activation>(act)) {
    case Activation::kNone: return x;
    case Activation::kRelu: return Activated<Activation::kRelu>(D(), x);
    case Activation::kRelu6: return Activated<Activation::kRelu6>(D(), x);
    case Activation::kHSwish: return Activated<Activation::kHSwish>(D(), x);
  }
  return x;
}

// R rows x T columns; all their sums fit into one vector.
template <int R, int T>
void Tile(const float* from, float* c, const GemmRow* rows, std::span<const GemmRun> runs, GemmIn weights,
          const GemmEpilogue& epilogue) {
  static_assert(R * T <= kLanes);
  const D d;
  const float* a[R];
  const float* w[T];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) a[r] = from + rows[r].a;
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) w[t] = weights.data + t * weights.pitch;

  V sum[kLanes];
#pragma GCC unroll 16
  for (int64_t i = 0; i < kLanes; ++i) sum[i] = hn::Zero(d);
  if (epilogue.bias != nullptr) {
#pragma GCC unroll 16
    for (int i = 0; i < R * T; ++i) sum[i] = InFirstLane(epilogue.bias[i % T]);
  }
  if (epilogue.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < R * T; ++i) sum[i] = hn::Add(sum[i], InFirstLane(c[rows[i / T].c + i % T]));
  }
  for (const GemmRun& run : runs) {
    const int64_t end = run.a + run.k;
    int64_t k = run.a;
    int64_t b = run.b;
    for (; k + kLanes <= end; k += kLanes, b += kLanes) {
      Step(
          a, w, k, b, [](const float* at) HWY_ATTR { return hn::LoadU(D(), at); }, sum);
    }
    if (k != end) {
      const int64_t rest = end - k;
      Step(
          a, w, k, b, [rest](const float* at) HWY_ATTR { return LoadFirst(at, rest); }, sum);
    }
  }
  HWY_ALIGN float results[kLanes];
  hn::Store(Activate(epilogue.act, Sums(sum)), d, results);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) std::memcpy(c + rows[r].c, results + r * T, T * sizeof(float));
}

// Direct branches, as in gemm_tile.cc: calls the tile with `count` rows, found in [kFirst, kFirst + kCount) by halving.
template <int T, int kFirst, int kCount>
HWY_INLINE void Dispatch(int64_t count, const float* a, float* c, const GemmRow* rows, std::span<const GemmRun> runs,
                         GemmIn w, const GemmEpilogue& epilogue) {
  if constexpr (kCount == 1) {
    Tile<kFirst, T>(a, c, rows, runs, w, epilogue);
  } else {
    constexpr int kHalf = kCount / 2;
    if (count < kFirst + kHalf) {
      Dispatch<T, kFirst, kHalf>(count, a, c, rows, runs, w, epilogue);
    } else {
      Dispatch<T, kFirst + kHalf, kCount - kHalf>(count, a, c, rows, runs, w, epilogue);
    }
  }
}

// As many rows at a time as leave one vector of sums, in equal parts.
template <int T>
HWY_INLINE void Columns(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, const GemmEpilogue& epilogue) {
  constexpr int64_t kRows = kLanes / T;
  const auto m = static_cast<int64_t>(rows.rows.size());
  const int64_t tiles = (m + kRows - 1) / kRows;
  const int64_t most = (m + tiles - 1) / tiles;
  for (int64_t i = 0; i < m; i += most) {
    Dispatch<T, 1, kRows>(std::min(most, m - i), rows.a, rows.c, rows.rows.data() + i, runs, w, epilogue);
  }
}

template <int T>
HWY_INLINE void ChooseColumns(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, int64_t n,
                              const GemmEpilogue& epilogue) {
  if constexpr (T == kDotColumns) {
    Columns<T>(rows, runs, w, epilogue);
  } else if (n == T) {
    Columns<T>(rows, runs, w, epilogue);
  } else {
    ChooseColumns<T + 1>(rows, runs, w, n, epilogue);
  }
}

}  // namespace

void DotTile(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, int64_t n, const GemmEpilogue& epilogue) {
  ChooseColumns<1>(rows, runs, w, n, epilogue);
}

#else

}  // namespace

void DotTile(const GemmRows&, std::span<const GemmRun>, GemmIn, int64_t, const GemmEpilogue&) {}

#endif  // HWY_TARGET != HWY_SCALAR

// A vector of columns costs k multiply-adds a row; a dot product one for each vector of k, and kSum for adding its
// lanes and storing it, as measured: 1x1 of 17 inputs gains 5 to 13 % with 3 columns, 3x3 of 3 inputs loses 7 %.
int64_t ColumnsFor(int64_t n, int64_t k, int64_t run) {
  constexpr int64_t kSum = 3;
  const int64_t columns = n % kLanes;
  const int64_t vectors = k / run * ((run + kLanes - 1) / kLanes);
  return columns <= kDotColumns && columns * (vectors + kSum) < k ? columns : 0;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {

HWY_EXPORT(ColumnsFor);

int64_t DotColumns(int64_t n, int64_t k, int64_t run) { return HWY_DYNAMIC_DISPATCH(ColumnsFor)(n, k, run); }

}  // namespace roofgap
#endif  // HWY_ONCE
