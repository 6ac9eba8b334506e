#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/row_gemm.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/row_gemm-inl.h"
#include "kernels/simd/row_tile-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace tile {
namespace {

constexpr int64_t kLine = 16;

// While far panels are multiplied, the next one is fetched, a line for each k, then more of what is ahead.
const float* Rest(const Stream& ahead) { return ahead.then != nullptr ? ahead.then : ahead.at; }

Stream WithPanel(const RowGemm& of, const Panel& panel, const Stream& ahead) {
  const float* const rest = Rest(ahead);
  if (panel.column + panel.pitch >= of.n) return {rest, 0, rest};
  const float* const next = panel.b + panel.next;
  return {next, kLine, next + panel.next, rest};
}

Stream AfterPanel(const RowGemm& of, const Stream& ahead) {
  const float* const rest = Rest(ahead);
  const float* const end = of.ahead + of.ahead_floats;
  return {rest, rest < end ? kLine : 0, end};
}

// Tiles of MR rows, one below the other; of pairs where NV is kPaired. The loop is inside, for a call and its return
// cost 6 ns where returns are not predicted (see ByHeight).
[[maybe_unused]] constexpr int kPaired = 0;

template <int MR, int NV>
void TilesOf(const RowGemm& matrices, const Panel& columns, Range rows, Stream& stream) {
  // Copies, which the compiler knows that no store changes.
  const RowGemm of = matrices;
  const Panel panel = columns;
  Stream ahead = stream;
  for (int64_t row = rows.begin; row < rows.end; row += MR) {
    asm("" : "+r"(row));  // as in FinishRows
    if (of.far) {
      FetchC<MR, NV == kPaired ? 2 : NV>(of, panel, row);
      if (ahead.at >= ahead.end) ahead = AfterPanel(of, ahead);
    }
#if HWY_TARGET == HWY_AVX3
    if constexpr (NV == kPaired) {
      PairTileAt<MR / 2>(of, panel, row, ahead);
      continue;
    }
#endif
    TileAt<MR, std::max(NV, 1)>(of, panel, row, ahead);
  }
  stream = ahead;
}

// Calls TilesOf<kEach * height, NV>, the height found in [kFirst, kFirst + kCount) by halving: where indirect branches
// are not predicted (mitigations of Spectre) a table of functions costs 8 ns a tile, of about 50.
template <int NV, int kEach, int kFirst, int kCount>
HWY_INLINE void ByHeight(int64_t height, const RowGemm& of, const Panel& panel, Range rows, Stream& ahead) {
  if constexpr (kCount == 1) {
    TilesOf<kEach * kFirst, NV>(of, panel, rows, ahead);
  } else {
    constexpr int kHalf = kCount / 2;
    if (height < kFirst + kHalf) return ByHeight<NV, kEach, kFirst, kHalf>(height, of, panel, rows, ahead);
    ByHeight<NV, kEach, kFirst + kHalf, kCount - kHalf>(height, of, panel, rows, ahead);
  }
}

// All rows of a panel, in tiles of `most` units of kEach rows at most, whose heights differ by one unit at most.
template <int NV, int kEach, int kMost>
HWY_INLINE void AllRows(const RowGemm& of, const Panel& panel, int64_t most, Stream& ahead) {
  const int64_t units = of.m / kEach;
  const int64_t tiles = (units + most - 1) / most;
  const int64_t height = units / tiles;
  const int64_t taller = units - height * tiles;
  const int64_t split = taller * (height + 1) * kEach;
  if (taller > 0) ByHeight<NV, kEach, 1, kMost>(height + 1, of, panel, {0, split}, ahead);
  ByHeight<NV, kEach, 1, kMost>(height, of, panel, {split, of.m}, ahead);
}

template <int NV>
HWY_INLINE void AllRows(const RowGemm& of, const Panel& panel, Stream& ahead) {
  const int64_t most = of.k <= kShortSum ? kShortRows[NV] : kTallRows[NV];
  AllRows<NV, 1, kTallRows[NV]>(of, panel, GemmRowsPerTile(of.a_pitch, most), ahead);
}

// The sums for which tiles of four vectors, two panels at once, are better: 2 % of a whole block with k = 32, nothing
// with k = 64 and more (Zen 5).
[[maybe_unused]] constexpr Range kFourVectors = {32, kShortSum + 1};

// Panels of PV vectors; the last may have fewer columns, and tiles of fewer vectors.
template <int PV>
HWY_INLINE void AllPanels(const RowGemm& of, Stream ahead) {
  Panel panel = {of.b, PV * kLanes, of.k * PV * kLanes, 0, kLanes};
#if HWY_TARGET == HWY_AVX3
  if (PV == 2 && of.k >= kFourVectors.begin && of.k < kFourVectors.end) {
    for (; panel.column + 4 * kLanes <= of.n; panel.column += 4 * kLanes, panel.b += 2 * panel.next) {
      AllRows<4>(of, panel, ahead);
    }
  }
#endif
  for (; panel.column < of.n; panel.column += panel.pitch, panel.b += panel.next) {
    if (of.far) ahead = WithPanel(of, panel, ahead);
    const int64_t columns = std::min(panel.pitch, of.n - panel.column);
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    panel.last = columns - (vectors - 1) * kLanes;
    if (vectors == 1) {
      AllRows<1>(of, panel, ahead);
    } else if (vectors == 3) {
      AllRows<PV>(of, panel, ahead);
#if HWY_TARGET == HWY_AVX3
    } else if (PV == 2 && panel.last <= kLanes / 2 && of.m % 2 == 0) {
      constexpr int kPairs = 8;
      AllRows<kPaired, 2, kPairs>(of, panel, kPairs, ahead);
#endif
    } else {
      AllRows<2>(of, panel, ahead);
    }
  }
}

// Spreads what is wanted over the steps of all tiles.
Stream StreamOf(const RowGemm& of) {
  if (of.far) return {of.ahead, 0, of.ahead};
  if (of.ahead_floats == 0) return {of.b, 0};
  const int64_t panels = (of.n + of.panel - 1) / of.panel;
  const int64_t tiles = of.m / kTallRows[of.panel / kLanes] + 1;
  return {of.ahead, std::min(of.ahead_floats / (panels * tiles * of.k) + 1, kLine)};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace tile

void Gemm(const RowGemm& of) {
  const tile::Stream ahead = tile::StreamOf(of);
  HWY_DASSERT(of.added == nullptr || of.act == 0);
  if constexpr (kThreeVectorPanels) {
    if (of.panel == 3 * kLanes) return tile::AllPanels<3>(of, ahead);
  }
  tile::AllPanels<2>(of, ahead);
}

namespace {

int64_t PanelFor(int64_t n) { return RowGemmPanel(n); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(PanelFor);

}  // namespace

int64_t ChosenRowGemmPanel(int64_t n) { return HWY_DYNAMIC_DISPATCH(PanelFor)(n); }

}  // namespace roofgap
#endif  // HWY_ONCE
