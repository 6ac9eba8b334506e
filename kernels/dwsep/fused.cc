// Both halves by bands of output rows: the depthwise result of a band stays in cache until the pointwise half has read
// it, and is never stored in memory.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/fused.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/row_gemm-inl.h"
// clang-format on
#include <algorithm>
#include <memory>
#include <vector>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/dwsep/pointwise.h"

#ifndef ROOFGAP_KERNELS_DWSEP_FUSED_CC_
#define ROOFGAP_KERNELS_DWSEP_FUSED_CC_
namespace roofgap {
namespace {

// Rows of one map's depthwise result, and those of its pixels that the thread takes further.
struct Band {
  int64_t n = 0;
  Range rows;
  Range pixels;
  Range ahead;  // input rows that the thread's next band is the first to read
};

struct FusedPlan {
  DwSep p{};
  DwConv conv;
  DwConvPlan depthwise;
  int64_t panel = 0;                     // output channels of a panel of packed weights
  std::vector<std::vector<Band>> bands;  // by thread
  int64_t band_rows = 0;                 // the most
  int64_t mid_floats = 0;                // of one band; one for each thread

  int64_t threads() const { return static_cast<int64_t>(bands.size()); }
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void RunBand(const FusedPlan& plan, const Args& args, const Band& band, float* mid) {
  const DwSep& p = plan.p;
  const DwConvData data = {
      .src = args.at<float>(DwSep::kSrc) + band.n * p.ih * p.iw * p.ic,
      .wei = args.at<float>(DwSep::kDwWei),
      .bias = p.bia ? args.at<float>(DwSep::kDwBia) : nullptr,
  };
  DwConvRows(plan.conv, data, mid, band.rows, {0, p.ic});
  RowGemm gemm = PointwiseGemm(p, plan.panel, args, mid + (band.pixels.begin - band.rows.begin * p.ow()) * p.ic,
                               band.n * p.oh() * p.ow() + band.pixels.begin, band.pixels.end - band.pixels.begin);
  gemm.ahead = data.src + band.ahead.begin * p.iw * p.ic;
  gemm.ahead_floats = (band.ahead.end - band.ahead.begin) * p.iw * p.ic;
  Gemm(gemm);
}

void Run(const FusedPlan& plan, const Args& args, int thread) {
  float* const mid = reinterpret_cast<float*>(args.workspace) + thread * plan.mid_floats;
  for (const Band& band : plan.bands[static_cast<size_t>(thread)]) RunBand(plan, args, band, mid);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Run);

// Behind the last input row that the output rows before `oh` read.
int64_t InputEnd(const DwSep& p, int64_t oh) { return std::clamp<int64_t>((oh - 1) * p.sh - p.ph + p.kh, 0, p.ih); }

// Rows of a band, at most: those whose depthwise result takes 512 KiB together with the inputs that it is made from, as
// these are fetched into L2 (1 MiB here) while the band before is multiplied. Half or twice as much: up to 3 % slower.
int64_t MostRows(const DwSep& p) {
  constexpr int64_t kFloats = (512 << 10) / sizeof(float);
  return std::max<int64_t>(kFloats / ((p.ow() + p.sh * p.iw) * p.ic), 1);
}

// The bands of the pixels [share.begin, share.end) of all maps: equal, at least two for each map, so that there is less
// to keep than a map. A row that two threads share is computed by both, which costs only the depthwise half of it: 7
// rows would be 4 and 3.
std::vector<Band> BandsOf(const FusedPlan& plan, Range share) {
  const DwSep& p = plan.p;
  const int64_t map = p.oh() * p.ow();
  std::vector<Band> bands;
  for (int64_t n = share.begin / map; n * map < share.end; ++n) {
    const Range pixels = {std::max<int64_t>(share.begin - n * map, 0), std::min(share.end - n * map, map)};
    const Range rows = {pixels.begin / p.ow(), (pixels.end + p.ow() - 1) / p.ow()};
    // Rows are computed in blocks of this height, or of less where that would make one band of all.
    const int64_t all = rows.end - rows.begin;
    const int64_t height = all > plan.depthwise.height ? plan.depthwise.height : std::min<int64_t>(all, 2);
    const int64_t blocks = (all + height - 1) / height;
    const int64_t most = std::max<int64_t>(MostRows(p) / height, 1);
    const int count = static_cast<int>(std::max((blocks + most - 1) / most, std::min<int64_t>(blocks, 2)));
    for (int i = 0; i < count; ++i) {
      const Range own = Share(blocks, count, i);
      Band band = {.n = n,
                   .rows = {rows.begin + own.begin * height, std::min(rows.begin + own.end * height, rows.end)},
                   .pixels = {},
                   .ahead = {}};
      band.pixels = {std::max(pixels.begin, band.rows.begin * p.ow()), std::min(pixels.end, band.rows.end * p.ow())};
      if (i > 0) bands.back().ahead = {InputEnd(p, band.rows.begin), InputEnd(p, band.rows.end)};
      bands.push_back(band);
    }
  }
  return bands;
}

FusedPlan MakePlan(const DwSep& p, int threads) {
  FusedPlan plan;
  plan.p = p;
  plan.conv = {.c = p.ic, .rows = p.rows(), .columns = p.columns(), .act = p.act};
  plan.depthwise = ChosenDwConvPlan(plan.conv);
  plan.panel = ChosenRowGemmPanel(p.oc);
  for (int thread = 0; thread < threads; ++thread) {
    plan.bands.push_back(BandsOf(plan, Share(p.mb * p.oh() * p.ow(), threads, thread)));
    for (const Band& band : plan.bands.back()) {
      plan.band_rows = std::max(plan.band_rows, band.rows.end - band.rows.begin);
    }
  }
  plan.mid_floats = (plan.band_rows * p.ow() * p.ic + 15) / 16 * 16;  // so that no two threads share a cache line
  return plan;
}

// Rows that two threads compute count twice.
double MultiplyAdds(const FusedPlan& plan) {
  const DwSep& p = plan.p;
  const Window rows = p.rows();
  int64_t pairs = 0;
  for (const std::vector<Band>& bands : plan.bands) {
    for (const Band& band : bands) {
      for (int64_t oh = band.rows.begin; oh < band.rows.end; ++oh) pairs += rows.TapsAt(oh).end - rows.TapsAt(oh).begin;
    }
  }
  const double of_pair = plan.depthwise.Macs(plan.conv) / static_cast<double>(std::max<int64_t>(rows.ValidPairs(), 1));
  const auto pixels = static_cast<double>(p.mb * p.oh() * p.ow());
  return static_cast<double>(p.ic) * (of_pair * static_cast<double>(pairs) + pixels * static_cast<double>(p.oc));
}

Invocation Prepare(const DwSep& p, const Context& context) {
  const auto plan = std::make_shared<const FusedPlan>(MakePlan(p, context.threads));
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  Invocation invocation;
  invocation.run = [plan, run](const Args& args) {
    Parallel(static_cast<int>(plan->threads()), [&](int thread) { run(*plan, args, thread); });
  };
  invocation.pack = [plan](const Args& args) { PackPointwise(plan->p, plan->panel, args); };
  invocation.impl = plan->depthwise.Name() + ", " + PanelsName(plan->panel) + ", bands of " +
                    std::to_string(plan->band_rows) + " rows";
  invocation.executed_flops = 2 * MultiplyAdds(*plan);
  invocation.packed_bytes = PackedPointwiseBytes(p, plan->panel);
  invocation.workspace_bytes = static_cast<size_t>(plan->threads() * plan->mid_floats) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "fused",
    .summary = "bands of rows: the depthwise result stays in cache for the pointwise GEMM",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
