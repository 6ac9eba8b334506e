#ifndef ROOFGAP_KERNELS_INVRES_FUSED_H_
#define ROOFGAP_KERNELS_INVRES_FUSED_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/invres/invres.h"
#include "kernels/invres/squeeze.h"
#include "kernels/simd/dwconv.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// Some output rows of one map, and the expanded rows that they read. A thread's expanded rows slide through a buffer:
// those that the band before has left there are moved to its front when the end is reached, and used again.
struct InvResBand {
  int64_t n = 0;
  Range out;
  Range in;           // clipped to the map
  int64_t kept = 0;   // of `in`, the first so many are there already,
  int64_t moved = 0;  // from row `moved` of the buffer on,
  int64_t at = 0;     // and are wanted from row `at` on
};

// The columns of the panels that weights are packed in, for the instruction set that runs.
struct FusedTiles {
  int64_t expand_nr = 1;
  int64_t project_nr = 1;
  GemmShape gemm;  // of squeeze-and-excite
};

// How `fused` divides a problem (kernels/invres/fused.cc).
struct FusedPlan {
  InvRes p{};
  FusedTiles tiles;
  DwConv conv;  // of a chunk: conv.c is its width
  DwConvPlan depthwise;
  Squeeze squeeze;
  int threads = 1;

  // Channels are computed in chunks, so that what a chunk's depthwise convolution reads has hardly left L1. All
  // buffers have `width` floats a pixel; the last chunk may be narrower.
  int64_t width = 0;
  int64_t chunks = 1;
  // Each thread has bands of its own; or all have all bands and a share of the chunks.
  bool by_chunks = false;
  std::vector<std::vector<InvResBand>> bands;  // of each thread
  bool slides = false;                         // some band uses rows of the one before
  int64_t buffer_rows = 0;                     // of expanded rows
  int64_t band_rows = 0;                       // the most output rows of a band
  // The depthwise results of everything are kept until all threads are there, before any is projected.
  bool whole = false;

  int64_t RealWidth(int64_t chunk) const { return std::min(width, p.mc - chunk * width); }
  std::string Name() const;

  // In floats: a chunk's expanded rows, a thread's, a chunk's depthwise results, a map's or a thread's.
  int64_t expanded_chunk() const { return p.expands() ? buffer_rows * p.ih * width : 0; }
  int64_t expanded() const { return Squeeze::Padded(expanded_chunk() * (slides ? chunks : 1)); }
  int64_t filtered_chunk() const { return (whole ? p.oh() : band_rows) * p.oh() * width; }
  int64_t filtered() const { return Squeeze::Padded(filtered_chunk() * chunks); }
  // Where things begin, in floats: in the workspace ...
  int64_t FilteredAt() const { return threads * expanded(); }
  int64_t SqueezeAt() const { return FilteredAt() + (whole ? p.mb : threads) * filtered(); }
  int64_t WorkspaceFloats() const { return SqueezeAt() + squeeze.WorkspaceFloats(); }
  // ... and among the packed weights: expand_wei, its bias, dw_wei, its bias, project_wei, its bias, those of
  // squeeze-and-excite. Biases are filled up to whole panels.
  int64_t padded_mc() const { return chunks * width; }
  int64_t ExpandBiasAt() const { return p.expands() ? PackedFloats(p.mc, p.c, tiles.expand_nr) : 0; }
  int64_t DwAt() const { return ExpandBiasAt() + (p.expands() ? padded_mc() : 0); }
  int64_t DwBiasAt() const { return DwAt() + p.kh * p.kh * padded_mc(); }
  int64_t ProjectAt() const { return Squeeze::Padded(DwBiasAt() + padded_mc()); }
  int64_t ProjectBiasAt() const { return ProjectAt() + PackedFloats(p.oc, p.mc, tiles.project_nr); }
  int64_t PackedSqueezeAt() const { return ProjectBiasAt() + PackedFloats(p.oc, 1, tiles.project_nr); }
  int64_t PackedFloatsInAll() const { return PackedSqueezeAt() + squeeze.PackedFloatsInAll(); }
};

inline std::string FusedPlan::Name() const {
  std::string name = depthwise.Name() + ", panels of " + std::to_string(tiles.expand_nr) + " and " +
                     std::to_string(tiles.project_nr) + ", bands of " + std::to_string(band_rows) + " rows";
  if (chunks > 1) name += ", chunks of " + std::to_string(width);
  return by_chunks ? name + ", threads by chunks" : name;
}

namespace fused {

// What the expanded and the filtered rows of a band may take in floats: half an L2 of 1 MiB, beside them weights and
// the rows of src and dst that stream through.
inline constexpr int64_t kBudget = (512 << 10) / 4;

// Channels of a chunk, at most: whole panels of 32 or 48. 48, 64 and 96 are the same within 1 %.
inline constexpr int64_t kChunk = 64;

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The rows of e that output rows read, clipped to the map; may be empty.
inline Range InputRows(const InvRes& p, Range out) {
  const int64_t begin = std::clamp<int64_t>(out.begin * p.sh - p.ph, 0, p.ih);
  return {begin, std::clamp<int64_t>((out.end - 1) * p.sh - p.ph + p.kh, begin, p.ih)};
}

// Chunks of `panels` panels of the expansion.
inline void SetChunks(FusedPlan& plan, int64_t panels) {
  if (!plan.p.expands()) {
    plan.width = plan.p.mc;
    plan.chunks = 1;
    return;
  }
  plan.width = panels * plan.tiles.expand_nr;
  plan.chunks = CeilDiv(plan.p.mc, plan.width);
}

// The depthwise convolution of a chunk.
inline DwConv DepthwiseOf(const FusedPlan& plan) {
  const InvRes& p = plan.p;
  return {.c = plan.width,
          .rows = p.window(),
          .columns = p.window(),
          .act = p.act,
          .src_floats = p.expands() ? kBudget : p.ih * p.ih * p.mc};
}

// Bands of at most plan.band_rows output rows for the rows [begin, end) of all maps, one map after the other.
inline std::vector<InvResBand> BandsOf(const FusedPlan& plan, Range share) {
  const InvRes& p = plan.p;
  std::vector<InvResBand> bands;
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t n = row / p.oh();
    const int64_t end = std::min({share.end, row + plan.band_rows, (n + 1) * p.oh()});
    InvResBand band = {.n = n, .out = {row - n * p.oh(), end - n * p.oh()}, .in = {}};
    band.in = InputRows(p, band.out);
    if (plan.slides && !bands.empty() && bands.back().n == n) {
      const InvResBand& last = bands.back();
      band.kept = std::clamp<int64_t>(last.in.end - band.in.begin, 0, band.in.end - band.in.begin);
      band.moved = last.at + band.in.begin - last.in.begin;
      const bool fits = band.moved + band.in.end - band.in.begin <= plan.buffer_rows;
      band.at = band.kept > 0 && fits ? band.moved : 0;
    }
    bands.push_back(band);
    row = end;
  }
  return bands;
}

// Multiply-accumulates of bands, a depthwise one counted twice: it runs at half the speed.
inline double CostOf(const FusedPlan& plan, const std::vector<InvResBand>& bands, bool projected) {
  const InvRes& p = plan.p;
  int64_t per_channel = 0;
  for (const InvResBand& band : bands) {
    if (p.expands()) per_channel += (band.in.end - band.in.begin - band.kept) * p.ih * p.c;
    per_channel += (band.out.end - band.out.begin) * p.oh() * (2 * p.kh * p.kh + (projected ? p.oc : 0));
  }
  return static_cast<double>(per_channel) * static_cast<double>(p.mc);
}

// Each thread has a share of the rows.
inline void DivideByRows(FusedPlan& plan) {
  const InvRes& p = plan.p;
  SetChunks(plan, std::max<int64_t>(1, std::min(kChunk / plan.tiles.expand_nr, CeilDiv(p.mc, plan.tiles.expand_nr))));
  plan.whole = p.se > 0;
  const int64_t channels = plan.chunks * plan.width;
  const auto fits = [&](int64_t rows) {
    const int64_t read = std::min((rows - 1) * p.sh + p.kh, p.ih);
    return read * p.ih * (p.expands() ? plan.width : 0) + (plan.whole ? 0 : rows * p.oh() * channels) <= kBudget;
  };
  const int64_t most = std::min(CeilDiv(p.mb * p.oh(), plan.threads), p.oh());
  if (fits(most)) {
    // One band: its chunks can use the same buffer in turn, as no other band needs their rows.
    plan.band_rows = most;
    plan.buffer_rows = std::min((most - 1) * p.sh + p.kh, p.ih);
  } else {
    // As many rows as the depthwise half computes together, enough for the GEMM's blocks of 112 pixels.
    const int64_t height = ChosenDwConvPlan(DepthwiseOf(plan)).height;
    plan.band_rows = std::min(height * CeilDiv(112, height * p.oh()), most);
    plan.slides = p.expands() && p.kh > p.sh;
    const int64_t least = std::min((plan.band_rows - 1) * p.sh + p.kh, p.ih);
    const int64_t room = (kBudget - plan.band_rows * p.oh() * channels) / (p.ih * channels);
    plan.buffer_rows = plan.slides ? std::min(std::max(least, room), p.ih) : least;
  }
  for (int thread = 0; thread < plan.threads; ++thread) {
    plan.bands.push_back(BandsOf(plan, Share(p.mb * p.oh(), plan.threads, thread)));
  }
}

// Each thread has a share of the channels, map by map, until the projection.
inline void DivideByChunks(FusedPlan& plan) {
  const InvRes& p = plan.p;
  int64_t panels = 1;
  const auto longest = [&](int64_t of_chunk) {
    return CeilDiv(CeilDiv(p.mc, of_chunk * plan.tiles.expand_nr), plan.threads) * of_chunk;
  };
  for (int64_t more = 2; more * plan.tiles.expand_nr <= kChunk; ++more) {
    if (longest(more) <= longest(panels)) panels = more;
  }
  SetChunks(plan, panels);
  plan.by_chunks = true;
  plan.whole = true;
  plan.band_rows = p.oh();
  plan.buffer_rows = p.ih;
  plan.bands.assign(static_cast<size_t>(plan.threads), BandsOf(plan, {0, p.mb * p.oh()}));
}

inline double CostByRows(const FusedPlan& plan) {
  double most = 0;
  for (const auto& bands : plan.bands) most = std::max(most, CostOf(plan, bands, true));
  return most;
}

inline double CostByChunks(const FusedPlan& plan) {
  constexpr double kBarrier = 100e3;  // about 1 us
  const double both = CostOf(plan, plan.bands[0], false);
  const auto own = static_cast<double>(CeilDiv(plan.chunks, plan.threads)) / static_cast<double>(plan.chunks);
  return own * both + (CostOf(plan, plan.bands[0], true) - both) / plan.threads + kBarrier;
}

// Whether a map is small enough to be divided by chunks.
inline bool FitsByChunks(const FusedPlan& plan) {
  const InvRes& p = plan.p;
  return p.expands() && plan.threads > 1 && p.ih * p.ih * plan.width + plan.filtered() / plan.threads <= kBudget;
}

}  // namespace fused

// Dividing small maps by rows expands many rows twice, by chunks none; large ones do not stay in cache by chunks.
inline FusedPlan PlanFused(const InvRes& p, int threads, const FusedTiles& tiles) {
  FusedPlan start;
  start.p = p;
  start.tiles = tiles;
  start.threads = threads;
  start.squeeze = SqueezeOf(p, threads, tiles.gemm.nr);
  FusedPlan plan = start;
  fused::DivideByRows(plan);
  if (threads > 1 && p.expands()) {
    FusedPlan other = start;
    fused::DivideByChunks(other);
    if (fused::FitsByChunks(other) && fused::CostByChunks(other) < fused::CostByRows(plan)) plan = other;
  }
  plan.conv = fused::DepthwiseOf(plan);
  plan.depthwise = ChosenDwConvPlan(plan.conv);
  return plan;
}

// Multiply-accumulates of a call; rows that two threads expand count twice.
inline double FusedMacs(const FusedPlan& plan) {
  const InvRes& p = plan.p;
  int64_t expanded = 0;
  for (size_t thread = 0; thread < (plan.by_chunks ? 1 : plan.bands.size()); ++thread) {
    for (const InvResBand& band : plan.bands[thread]) expanded += band.in.end - band.in.begin - band.kept;
  }
  const double expand = p.expands() ? static_cast<double>(expanded * p.ih * p.c) : 0;
  const auto rest = static_cast<double>(p.oh() * p.oh() * p.oc + 2 * p.se);
  return static_cast<double>(p.mc) * (expand + static_cast<double>(p.mb) * (plan.depthwise.Macs(plan.conv) + rest));
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_INVRES_FUSED_H_
