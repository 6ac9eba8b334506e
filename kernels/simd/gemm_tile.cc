#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gemm_tile.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/lanes-inl.h"
// clang-format on
#include <algorithm>
#include <array>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Tiles of up to 4 rows are bound by the reading of B and prefetch it this many rows ahead (3 KiB for AVX3): from the
// last-level cache, 90 became 110 GB/s at one row, 66 became 79 % of the peak at 4. Taller tiles gain nothing (Zen 5).
constexpr int64_t kRowsAhead = 24;

// A tile that is alone with a streamed panel prefetches a page ahead, where the hardware's prefetchers stop.
constexpr int64_t kPageAhead = 1024;

// Adds C where asked, applies the activation and stores. Each choice is made once a tile, not once a vector: the
// branches would fill the reorder buffer and keep the next tile from starting (48 ns a tile on Zen 5).
template <int MR, int NV>
HWY_INLINE void Finish(V (&sum)[MR][NV], const GemmRows& rows, int64_t last, const GemmEpilogue& epilogue) {
  const D d;
  float* const c = rows.c;
  const GemmRow* const at = rows.rows.data();
  if (epilogue.accumulate) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v + 1 < NV; ++v) sum[m][v] = hn::Add(sum[m][v], hn::LoadU(d, c + at[m].c + v * kLanes));
    }
    constexpr int v = NV - 1;
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      const float* from = c + at[m].c + v * kLanes;
      sum[m][v] = hn::Add(sum[m][v], last == kLanes ? hn::LoadU(d, from) : LoadFirst(from, last));
    }
  }
  ActivateTile(d, epilogue.act, sum);
  // Row by row: the address of a row is found once, and its cache lines are written one after the other.
  if (last == kLanes) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      float* const to = c + at[m].c;
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) hn::StoreU(sum[m][v], d, to + v * kLanes);
    }
  } else {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      float* const to = c + at[m].c;
#pragma GCC unroll 8
      for (int v = 0; v + 1 < NV; ++v) hn::StoreU(sum[m][v], d, to + v * kLanes);
      StoreFirst(sum[m][NV - 1], to + (NV - 1) * kLanes, last);
    }
  }
}

// Adds one k: `a` are the rows' elements of it, `b` the row of B, and `panel` behind it that of the next panel, `ahead`
// what to prefetch. kTail: the last vector of `b`, of which the first `last` floats count, is not readable to its
// end.
template <int MR, int NV, bool kTail>
HWY_INLINE void Step(const float* const (&a)[MR], int64_t k, const float* HWY_RESTRICT b, int64_t panel,
                     const float* ahead, int64_t last, V (&sum)[MR][NV]) {
  if constexpr (NV <= kGemmNV && NV * kLanes >= 8) {
    // Taller tiles mostly share a panel, and what they prefetch is for later: it goes to L2 only (T1).
    for (int64_t line = 0; line < NV * kLanes; line += 16) __builtin_prefetch(ahead + line, 0, MR < 8 ? 3 : 2);
  }
  V bv[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    const float* const at = b + (v < kGemmNV ? v * kLanes : panel + (v - kGemmNV) * kLanes);
    bv[v] = kTail && v + 1 == NV ? LoadFirst(at, last) : hn::LoadU(D(), at);
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
    const V av = Broadcast<NV>(a[m] + k);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
  }
}

// MR rows x NV vectors, of which the last has `last` columns, at one place.
template <int MR, int NV, bool kTail>
HWY_INLINE void TileAt(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t last,
                       const GemmEpilogue& epilogue) {
  const D d;
  // Fewer than 8 accumulators cannot hide a latency of 4 cycles at 2 multiply-adds a cycle: a tile of one row ran at a
  // quarter of the peak. Small tiles keep several partial sums, over every kParts-th k.
  constexpr int kParts = (8 + MR * NV - 1) / (MR * NV);
  V sum[kParts][MR][NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    V bias = hn::Zero(d);
    if (epilogue.bias != nullptr) {
      const float* at = epilogue.bias + v * kLanes;
      bias = v + 1 == NV && last != kLanes ? LoadFirst(at, last) : hn::LoadU(d, at);
    }
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      sum[0][m][v] = bias;
#pragma GCC unroll 8
      for (int part = 1; part < kParts; ++part) sum[part][m][v] = hn::Zero(d);
    }
  }

  // The index runs through all of a row's runs, so that the rows' addresses are the same for every one of them.
  const float* a[MR];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) a[m] = rows.a + rows.rows[m].a;
  const int64_t pitch = b.pitch;
  const int64_t panel = b.panel;
  const float* ahead = b.ahead;
  const int64_t ahead_pitch = ahead != nullptr ? b.ahead_pitch : MR <= 4 ? pitch : 0;
  for (const GemmRun& run : runs) {
    const float* HWY_RESTRICT from = b.data + run.b * pitch;
    if (b.ahead == nullptr) ahead = from + kRowsAhead * ahead_pitch;
    const int64_t end = run.a + run.k;
    int64_t k = run.a;
    if constexpr (kParts > 1) {
      for (; k + kParts <= end; k += kParts) {
#pragma GCC unroll 8
        for (int part = 0; part < kParts; ++part, from += pitch, ahead += ahead_pitch) {
          Step<MR, NV, kTail>(a, k + part, from, panel, ahead, last, sum[part]);
        }
      }
    }
    for (; k != end; ++k, from += pitch, ahead += ahead_pitch) {
      Step<MR, NV, kTail>(a, k, from, panel, ahead, last, sum[0]);
    }
  }
#pragma GCC unroll 8
  for (int part = 1; part < kParts; ++part) {
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[0][m][v] = hn::Add(sum[0][m][v], sum[part][m][v]);
    }
  }
  Finish(sum[0], rows, last, epilogue);
}

// The same at every place. The loop is inside: a call and return for each tile cost 6 ns where returns are not
// predicted either (see Dispatch), 3 % of a wide tile with k = 64.
template <int MR, int NV, bool kTail>
void Tile(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t last,
          const GemmEpilogue& epilogue) {
  for (const GemmRow& at : rows.places) {
    TileAt<MR, NV, kTail>({rows.a + at.a, rows.c + at.c, rows.rows}, runs, b, last, epilogue);
  }
}

// Calls the tile with this number of rows and vectors, found in [kFirst, kFirst + kCount) by halving: rows - 1 times
// kWide, plus vectors - 1. Where indirect branches are not predicted (mitigations of Spectre), a table of
// function pointers costs 8 ns a tile, 4 % of one with k = 64.
template <bool kTail, int kWide, int kFirst, int kCount>
HWY_INLINE void Dispatch(int64_t tile, const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b,
                         int64_t last, const GemmEpilogue& epilogue) {
  if constexpr (kCount == 1) {
    Tile<kFirst / kWide + 1, kFirst % kWide + 1, kTail>(rows, runs, b, last, epilogue);
  } else {
    constexpr int kHalf = kCount / 2;
    if (tile < kFirst + kHalf) {
      Dispatch<kTail, kWide, kFirst, kHalf>(tile, rows, runs, b, last, epilogue);
    } else {
      Dispatch<kTail, kWide, kFirst + kHalf, kCount - kHalf>(tile, rows, runs, b, last, epilogue);
    }
  }
}

// The tiles that m rows are cut into.
int64_t Tiles(int64_t m, int64_t pitch) {
  const int64_t height = GemmRowsPerTile(pitch, kGemmMR);
  return (m + height - 1) / height;
}

// A streamed panel as tile t of `tiles` reads it: each prefetches its share of the panel behind, if there is one. Of
// the weights of a layer with 16 rows and ic 4096, oc 4096, this made 28 GB/s from 19 (Zen 5).
GemmB Streamed(GemmB panel, std::span<const GemmRun> runs, bool last, int64_t tiles, int64_t t) {
  int64_t k = 0;
  for (const GemmRun& run : runs) k += run.k;
  const float* const first = panel.data + (runs.empty() ? 0 : runs.front().b * panel.pitch);
  panel.ahead_pitch = panel.pitch / tiles;
  if (tiles == 1) {
    panel.ahead = first + kPageAhead;
  } else if (!last) {
    panel.ahead = first + panel.panel + k * panel.pitch / tiles * t;
  }
  return panel;
}

}  // namespace

void GemmTile(const GemmRows& at, std::span<const GemmRun> runs, const GemmB& b, int64_t n,
              const GemmEpilogue& epilogue) {
  static constexpr GemmRow kHere;
  GemmRows rows = at;
  if (rows.places.empty()) rows.places = {&kHere, 1};
  const int64_t vectors = (n + kLanes - 1) / kLanes;
  const int64_t last = n - (vectors - 1) * kLanes;
  const int64_t above = static_cast<int64_t>(rows.rows.size()) - 1;
  if constexpr (kGemmWideMR > 0) {
    constexpr int kWide = 2 * kGemmNV;
    if (vectors > kGemmNV) {
      return Dispatch<false, kWide, 0, kGemmWideMR * kWide>(above * kWide + vectors - 1, rows, runs, b, last, epilogue);
    }
  }
  const int64_t tile = above * kGemmNV + vectors - 1;
  if (last != kLanes && !b.padded) {
    Dispatch<true, kGemmNV, 0, kGemmMR * kGemmNV>(tile, rows, runs, b, last, epilogue);
  } else {
    Dispatch<false, kGemmNV, 0, kGemmMR * kGemmNV>(tile, rows, runs, b, last, epilogue);
  }
}

void Gemm(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t n,
          const GemmEpilogue& epilogue) {
  const auto m = static_cast<int64_t>(rows.rows.size());
  const int64_t tiles = m > 1 ? Tiles(m, rows.rows[1].a - rows.rows[0].a) : 1;
  for (int64_t column = 0; column < n; column += kGemmNR) {
    GemmB panel = b;
    panel.data += column / kGemmNR * b.panel;
    GemmEpilogue own = epilogue;
    if (own.bias != nullptr) own.bias += column;
    for (int64_t t = 0; t < tiles; ++t) {
      const Range share = Share(m, static_cast<int>(tiles), static_cast<int>(t));
      const auto tile = rows.rows.subspan(share.begin, share.end - share.begin);
      const GemmB read = b.stream ? Streamed(panel, runs, column + kGemmNR >= n, tiles, t) : panel;
      GemmTile({rows.a, rows.c + column, tile}, runs, read, std::min(n - column, kGemmNR), own);
    }
  }
}

void Gemm(GemmIn a, const GemmB& b, GemmOut c, int64_t m, int64_t n, int64_t k, const GemmEpilogue& epilogue) {
  // A block of A, 512 KiB at most, stays in an L2 of 1 MiB beside its panel of B, of which several tiles use a block of
  // 2048 rows at most: 256 KiB for AVX3. One tile uses each row once, and the more of them in a row, the better.
  constexpr int64_t kMaxRows = 112;
  constexpr int64_t kMaxFloats = int64_t{1} << 17;
  const int64_t rows_at_once = std::min(m, kMaxRows);
  const int64_t fitting = kMaxFloats / rows_at_once;
  const int64_t max_k = Tiles(m, a.pitch) == 1 ? fitting : std::min<int64_t>(fitting, 2048);
  const int64_t k_blocks = (k + max_k - 1) / max_k;
  std::array<GemmRow, kMaxRows> rows;
  for (int64_t i = 0; i < std::min(m, kMaxRows); ++i) rows[i] = {i * a.pitch, i * c.pitch};
  for (int64_t begin = 0; begin < m; begin += kMaxRows) {
    const GemmRows block = {a.data + begin * a.pitch,
                            c.data + begin * c.pitch,
                            {rows.data(), static_cast<size_t>(std::min(kMaxRows, m - begin))}};
    for (int64_t j = 0; j < k_blocks; ++j) {
      const Range part_k = Share(k, static_cast<int>(k_blocks), static_cast<int>(j));
      const GemmRun run = {part_k.begin, part_k.begin, part_k.end - part_k.begin};
      GemmEpilogue part = {nullptr, 0, true};
      if (j == 0) part.bias = epilogue.bias, part.accumulate = epilogue.accumulate;
      if (j + 1 == k_blocks) part.act = epilogue.act;
      Gemm(block, {&run, 1}, b, n, part);
    }
  }
}

GemmShape TileShape() { return {kGemmMR, kGemmNR, kGemmWideMR, hwy::TargetName(HWY_TARGET)}; }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {

HWY_EXPORT(TileShape);

GemmShape ChosenGemmShape() { return HWY_DYNAMIC_DISPATCH(TileShape)(); }

}  // namespace roofgap
#endif  // HWY_ONCE
