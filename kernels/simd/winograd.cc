#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/winograd.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/winograd-inl.h"
// clang-format on
#include <algorithm>
#include <span>

#include "hwy/highway.h"
#include "kernels/simd/winograd.h"

#ifndef ROOFGAP_KERNELS_SIMD_WINOGRAD_CC_
#define ROOFGAP_KERNELS_SIMD_WINOGRAD_CC_
namespace roofgap {
namespace {

// Where a tile lies: its map and the first output.
struct Place {
  int64_t n, oh, ow;
};

Place PlaceOf(const WinogradPlan& plan, int64_t tile) {
  const int64_t row = tile / plan.tiles_w;
  return {row / plan.tiles_h, row % plan.tiles_h * plan.out, tile % plan.tiles_w * plan.out};
}

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

template <int kOut>
void TransformInputs(const WinogradPlan& plan, const float* src, Range tiles, float* inputs) {
  constexpr int64_t kIn = kOut + 2;
  const WinogradConv& conv = plan.conv;
  for (int64_t t = tiles.begin; t < tiles.end; ++t, inputs += plan.input_pitch) {
    const Place at = PlaceOf(plan, t);
    const int64_t ih = at.oh - conv.ph;
    const int64_t iw = at.ow - conv.pw;
    const winograd::InputTile tile = {.src = src + ((at.n * conv.ih + ih) * conv.iw + iw) * conv.ic,
                                      .row = conv.iw * conv.ic,
                                      .column = conv.ic,
                                      .rows = {-ih, conv.ih - ih},
                                      .columns = {-iw, conv.iw - iw}};
    const bool inside = ih >= 0 && iw >= 0 && tile.rows.end >= kIn && tile.columns.end >= kIn;
    if (inside) {
      winograd::TransformInput<kOut, false>(tile, conv.ic, inputs, plan.input_step);
    } else {
      winograd::TransformInput<kOut, true>(tile, conv.ic, inputs, plan.input_step);
    }
  }
}

// The GEMM `e` of one panel, for `tiles` tiles of a block. `rows` are those of kGemmMR tiles.
void Multiply(const WinogradPlan& plan, const WinogradData& data, int64_t panel, int64_t e, int64_t tiles,
              std::span<const GemmRow> rows, const float* inputs, float* outputs) {
  const int64_t k = plan.conv.ic;
  const GemmB b = {data.packed + (panel * plan.gemms() + e) * k * kGemmNR, 0, kGemmNR, true};
  const GemmRun run = {0, 0, k};
  const int64_t left = plan.conv.oc - panel * kGemmNR;
  const int64_t columns = std::min(kGemmNR, (left + kLanes - 1) / kLanes * kLanes);
  const int64_t heights = (tiles + kGemmMR - 1) / kGemmMR;
  for (int64_t i = 0; i < heights; ++i) {
    const Range share = Share(tiles, static_cast<int>(heights), static_cast<int>(i));
    const auto tile = rows.first(share.end - share.begin);
    GemmTile({inputs + share.begin * plan.input_pitch, outputs + share.begin * kGemmNR, tile}, {&run, 1}, b, columns,
             {});
  }
}

template <int kOut>
void TransformOutputs(const WinogradPlan& plan, const WinogradData& data, int64_t panel, Range tiles,
                      const float* outputs) {
  const WinogradConv& conv = plan.conv;
  const int64_t oc = panel * kGemmNR;
  const int64_t channels = std::min(kGemmNR, conv.oc - oc);
  const float* bias = data.bias != nullptr ? data.bias + oc : nullptr;
  for (int64_t t = tiles.begin; t < tiles.end; ++t, outputs += kGemmNR) {
    const Place at = PlaceOf(plan, t);
    const winograd::OutputTile tile = {
        .dst = data.dst + ((at.n * conv.oh() + at.oh) * conv.ow() + at.ow) * conv.oc + oc,
        .row = conv.ow() * conv.oc,
        .column = conv.oc,
        .rows = conv.oh() - at.oh,
        .columns = conv.ow() - at.ow};
    winograd::TransformOutput<kOut>(outputs, plan.output_step, bias, conv.act, tile, channels);
  }
}

template <int kOut>
void Run(const WinogradPlan& plan, const WinogradData& data, int thread) {
  const WinogradPart& part = plan.parts[thread];
  float* const inputs = data.workspace + thread * plan.workspace_floats;
  float* const outputs = inputs + plan.gemms() * plan.input_step;
  const int64_t tiles = part.tiles.end - part.tiles.begin;
  const int64_t blocks = (tiles + plan.block - 1) / plan.block;
  GemmRow rows[kGemmMR];
  for (int64_t i = 0; i < kGemmMR; ++i) rows[i] = {i * plan.input_pitch, i * kGemmNR};
  for (int64_t i = 0; i < blocks; ++i) {
    const Range share = Share(tiles, static_cast<int>(blocks), static_cast<int>(i));
    const Range block = {part.tiles.begin + share.begin, part.tiles.begin + share.end};
    TransformInputs<kOut>(plan, data.src, block, inputs);
    for (int64_t panel = part.panels.begin; panel < part.panels.end; ++panel) {
      for (int64_t e = 0; e < plan.gemms(); ++e) {
        Multiply(plan, data, panel, e, block.end - block.begin, rows, inputs + e * plan.input_step,
                 outputs + e * plan.output_step);
      }
      TransformOutputs<kOut>(plan, data, panel, block, outputs);
    }
  }
}

void Run2(const WinogradPlan& plan, const WinogradData& data, int thread) { Run<2>(plan, data, thread); }
void Run4(const WinogradPlan& plan, const WinogradData& data, int thread) { Run<4>(plan, data, thread); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Run2);
HWY_EXPORT(Run4);

constexpr int64_t kLine = 16;  // floats

// The next odd number of cache lines, so that no power of two separates what is read or written together.
int64_t OddLines(int64_t floats) { return ((floats + kLine - 1) / kLine | 1) * kLine; }

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Weights beyond this do not stay in a last-level cache of 32 MiB from one block of tiles to the next.
constexpr size_t kLargeWeights = size_t{12} << 20;

// Threads that divide the tiles read all weights each, those that divide the channels transform all inputs each. The
// former is 2 to 14 % faster on two cores, unless large weights meet few tiles (7x7x512: the latter by 20 %).
std::vector<WinogradPart> Split(const WinogradPlan& plan, int threads) {
  const int64_t tiles = plan.tiles();
  const bool few = tiles < plan.mr * threads && (plan.packed_bytes() > kLargeWeights || 2 * tiles < plan.mr * threads);
  std::vector<WinogradPart> parts;
  for (int thread = 0; thread < threads; ++thread) {
    if (few && plan.panels >= threads) {
      parts.push_back({{0, tiles}, Share(plan.panels, threads, thread)});
    } else {
      parts.push_back({Share(tiles, threads, thread), {0, plan.panels}});
    }
  }
  return parts;
}

// The transformed inputs of a block fit into an L2 of 1 MiB beside one panel of results and the weights that pass; any
// number of tiles that does so is as fast within 4 %. Large weights come from memory once a block: fewer blocks then
// (28x28x512: 49 tiles at once take 5.0 ms, 13 take 8.0).
int64_t TilesOfABlock(const WinogradPlan& plan) {
  const bool large = plan.packed_bytes() > kLargeWeights;
  const int64_t budget = large ? 6 << 20 : 384 << 10;
  const int64_t fit = budget / (plan.gemms() * plan.input_pitch * static_cast<int64_t>(sizeof(float)));
  int64_t most = 1;
  for (const WinogradPart& part : plan.parts) most = std::max(most, part.tiles.end - part.tiles.begin);
  const int64_t block = std::max<int64_t>(fit / plan.mr, 1) * plan.mr;
  return CeilDiv(most, CeilDiv(most, block));
}

}  // namespace

double WinogradPlan::Macs() const {
  return static_cast<double>(gemms() * tiles()) * static_cast<double>(conv.ic * conv.oc);
}

std::string WinogradPlan::Name() const {
  return std::string(isa) + " " + std::to_string(mr) + "x" + std::to_string(nr) + " tiles=" + std::to_string(block) +
         (parts.size() > 1 && parts[0].panels.end != panels ? " split=oc" : "");
}

template <int kOut>
WinogradPlan MakeWinogradPlan(const WinogradConv& conv, int threads) {
  const GemmShape shape = ChosenGemmShape();
  WinogradPlan plan;
  plan.conv = conv;
  plan.out = kOut;
  plan.mr = shape.mr;
  plan.nr = shape.nr;
  plan.isa = shape.isa;
  plan.tiles_h = CeilDiv(conv.oh(), kOut);
  plan.tiles_w = CeilDiv(conv.ow(), kOut);
  plan.panels = CeilDiv(conv.oc, shape.nr);
  plan.input_pitch = OddLines(conv.ic);
  plan.parts = Split(plan, threads);
  plan.block = TilesOfABlock(plan);
  plan.input_step = OddLines(plan.block * plan.input_pitch);
  plan.output_step = OddLines(plan.block * shape.nr);
  plan.workspace_floats = plan.gemms() * (plan.input_step + plan.output_step);
  return plan;
}

template <int kOut>
WinogradRun ChosenWinogradRun() {
  if constexpr (kOut == 2) return HWY_DYNAMIC_DISPATCH(Run2);
  return HWY_DYNAMIC_DISPATCH(Run4);
}

template WinogradPlan MakeWinogradPlan<2>(const WinogradConv&, int);
template WinogradPlan MakeWinogradPlan<4>(const WinogradConv&, int);
template WinogradRun ChosenWinogradRun<2>();
template WinogradRun ChosenWinogradRun<4>();

}  // namespace roofgap
#endif  // HWY_ONCE
