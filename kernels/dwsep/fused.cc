// Both halves by bands of output rows: the depthwise result of a band stays in cache until the pointwise half has read
// it, and is never stored in memory.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/fused.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/dwsep/pointwise-inl.h"
#include "kernels/simd/dwconv-inl.h"
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
  PointwiseShape pointwise;
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
  const PointwisePixels pixels = {
      .mid = mid + (band.pixels.begin - band.rows.begin * p.ow()) * p.ic,
      .mid_pitch = p.ic,
      .dst = args.at<float>(DwSep::kDst) + (band.n * p.oh() * p.ow() + band.pixels.begin) * p.oc,
      .count = band.pixels.end - band.pixels.begin,
  };
  const int64_t row = p.iw * p.ic;
  Pointwise(pixels, PackedPointwise(p, plan.pointwise, args), {0, p.oc},
            {data.src + band.ahead.begin * row, (band.ahead.end - band.ahead.begin) * row});
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

// The depthwise result of a band takes so much or less, or is one block of rows: a part of any L2, with room for panels
// of weights and the rows that stream through. 64 to 256 KiB are the same within 1 %.
constexpr int64_t kBandBytes = 128 << 10;

// The bands of the pixels [share.begin, share.end) of all maps: of whole blocks of rows, and equal. A row that two
// threads share is computed by both, which costs only the depthwise half of it: 7 rows would be 4 and 3.
std::vector<Band> BandsOf(const FusedPlan& plan, Range share) {
  const DwSep& p = plan.p;
  const int64_t map = p.oh() * p.ow();
  const int64_t block = plan.depthwise.rows;
  const int64_t block_bytes = block * p.ow() * p.ic * static_cast<int64_t>(sizeof(float));
  std::vector<Band> bands;
  for (int64_t n = share.begin / map; n * map < share.end; ++n) {
    const Range pixels = {std::max<int64_t>(share.begin - n * map, 0), std::min(share.end - n * map, map)};
    const Range rows = {pixels.begin / p.ow(), (pixels.end + p.ow() - 1) / p.ow()};
    const int64_t blocks = (rows.end - rows.begin + block - 1) / block;
    const int64_t most = std::max<int64_t>(kBandBytes / block_bytes, 1);
    const int count = static_cast<int>((blocks + most - 1) / most);
    for (int i = 0; i < count; ++i) {
      const Range own = Share(blocks, count, i);
      Band band = {.n = n,
                   .rows = {rows.begin + own.begin * block, std::min(rows.begin + own.end * block, rows.end)},
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
  plan.pointwise = ChosenPointwiseShape(p);
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
  invocation.pack = [plan](const Args& args) { PackPointwise(plan->p, plan->pointwise, args); };
  invocation.impl = plan->depthwise.Name() + ", " + plan->pointwise.Name() + ", bands of " +
                    std::to_string(plan->band_rows) + " rows";
  invocation.executed_flops = 2 * MultiplyAdds(*plan);
  invocation.packed_bytes = PackedPointwiseBytes(p, plan->pointwise);
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
