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
#include "kernels/simd/far.h"

#ifndef ROOFGAP_KERNELS_DWSEP_FUSED_CC_
#define ROOFGAP_KERNELS_DWSEP_FUSED_CC_
namespace roofgap {
namespace {

// Rows of one map's depthwise result, and those of its pixels that the thread takes further.
struct Band {
  int64_t n = 0;
  Range rows;
  Range pixels;
  Range ahead;           // input rows that the thread's next band is the first to read
  bool fetched = false;  // its inputs were `ahead` of the band before
};

// Which operands lie in memory, not in a cache.
struct Far {
  bool src = false;
  bool weights = false;
};

struct FusedPlan {
  DwSep p{};
  DwConv conv;
  DwConvPlan depthwise;
  int64_t panel = 0;  // output channels of a panel of packed weights
  int threads = 1;
  std::vector<std::vector<Band>> bands;  // by thread
  // Of all threads together, for weights that lie in memory, where those of single threads would not do: threads have
  // shares of channels and panels. May be empty.
  std::vector<Band> shared_bands;
  int64_t band_rows = 0;   // the most, of single threads
  int64_t mid_floats = 0;  // of one band of a single thread
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// The depthwise half of a band, some channels of it. What lies in memory is touched first: operands and `mid`.
void Filter(const FusedPlan& plan, const Args& args, const Band& band, Range channels, bool far, float* mid) {
  const DwSep& p = plan.p;
  const DwConvData data = {
      .src = args.at<float>(DwSep::kSrc) + band.n * p.ih * p.iw * p.ic,
      .wei = args.at<float>(DwSep::kDwWei),
      .bias = p.bia ? args.at<float>(DwSep::kDwBia) : nullptr,
  };
  if (far) {
    const Range in = p.rows().InputsOf(band.rows);
    TouchPixels(data.wei, p.kh * p.kw, p.ic, channels);
    TouchPixels(data.src + in.begin * p.iw * p.ic, (in.end - in.begin) * p.iw, p.ic, channels);
    TouchPixels(mid, (band.rows.end - band.rows.begin) * p.ow(), p.ic, channels);
  }
  DwConvRows(plan.conv, data, mid, band.rows, channels);
}

// The pointwise half of a band, some panels of it. `far`: the weights are.
void Multiply(const FusedPlan& plan, const Args& args, const Band& band, Range panels, bool far, const float* mid) {
  const DwSep& p = plan.p;
  const int64_t map = band.n * p.oh() * p.ow();
  RowGemm gemm = PointwiseGemm(p, plan.panel, args, mid + (band.pixels.begin - band.rows.begin * p.ow()) * p.ic,
                               {map + band.pixels.begin, map + band.pixels.end}, ChannelsOf(p, plan.panel, panels));
  gemm.ahead = args.at<float>(DwSep::kSrc) + (band.n * p.ih + band.ahead.begin) * p.iw * p.ic;
  gemm.ahead_floats = (band.ahead.end - band.ahead.begin) * p.iw * p.ic;
  gemm.far = far;
  Gemm(gemm);
}

float* Mid(const Args& args) { return reinterpret_cast<float*>(args.workspace); }

// A thread's own bands.
void RunBands(const FusedPlan& plan, const Args& args, Far far, int thread) {
  float* const mid = Mid(args) + thread * plan.mid_floats;
  for (const Band& band : plan.bands[static_cast<size_t>(thread)]) {
    Filter(plan, args, band, {0, plan.p.ic}, far.src && !band.fetched, mid);
    Multiply(plan, args, band, {0, PanelsOf(plan.p, plan.panel)}, far.weights, mid);
  }
}

// A thread's share of a band's channels, and of its panels.
void RunFilter(const FusedPlan& plan, const Args& args, const Band& band, Far far, int thread) {
  const int64_t lanes = plan.depthwise.lanes;
  const Range vectors = Share(plan.p.ic / lanes, plan.threads, thread);
  const bool last = thread + 1 == plan.threads;
  Filter(plan, args, band, {vectors.begin * lanes, last ? plan.p.ic : vectors.end * lanes}, far.src, Mid(args));
}

void RunMultiply(const FusedPlan& plan, const Args& args, const Band& band, Far far, int thread) {
  Multiply(plan, args, band, Share(PanelsOf(plan.p, plan.panel), plan.threads, thread), far.weights, Mid(args));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunBands);
HWY_EXPORT(RunFilter);
HWY_EXPORT(RunMultiply);

// Whether threads divide the panels of weights, not the pixels, when these come from memory. Of few pixels a thread has
// a tile or two, for which it would read all weights, once for each band: 1024 channels on 7x7, 2 threads, 350 to 400
// us in place of 260 to 275. From a cache that is no worse. (Whole panels: those of half a vector pair rows, and where
// an odd number of rows ends, rounding would differ.)
bool SharesFarBands(const FusedPlan& plan) {
  constexpr int64_t kFewPixels = 56;  // four tiles
  const DwSep& p = plan.p;
  return plan.threads > 1 && p.mb * p.oh() * p.ow() < plan.threads * kFewPixels && p.oc % plan.panel == 0 &&
         PanelsOf(p, plan.panel) >= plan.threads && p.ic >= plan.threads * plan.depthwise.lanes;
}

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
      if (i > 0) {
        bands.back().ahead = {p.rows().InputsOf(bands.back().rows).end, p.rows().InputsOf(band.rows).end};
        band.fetched = true;
      }
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
  plan.threads = threads;
  const int64_t pixels = p.mb * p.oh() * p.ow();
  if (SharesFarBands(plan)) plan.shared_bands = BandsOf(plan, {0, pixels});
  for (Band& band : plan.shared_bands) band.ahead = {};  // each thread touches its channels of them, no others
  for (int thread = 0; thread < threads; ++thread) {
    plan.bands.push_back(BandsOf(plan, Share(pixels, threads, thread)));
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

// Asked once a call, for all threads.
Far WhatIsFar(const FusedPlan& plan, const Args& args) {
  const DwSep& p = plan.p;
  return {.src = IsFar(args.at<float>(DwSep::kSrc), p.mb * p.ih * p.iw * p.ic / plan.threads),
          .weights = IsFar(reinterpret_cast<const float*>(args.packed), p.oc * p.ic)};
}

size_t WorkspaceFloats(const FusedPlan& plan) {
  int64_t floats = plan.threads * plan.mid_floats;
  for (const Band& band : plan.shared_bands) {
    floats = std::max(floats, (band.rows.end - band.rows.begin) * plan.p.ow() * plan.p.ic);
  }
  return static_cast<size_t>(floats);
}

// A plan and the functions of the instruction set that it was made for.
struct Fused {
  FusedPlan plan;
  void (*bands)(const FusedPlan&, const Args&, Far, int) = &HWY_DYNAMIC_DISPATCH(RunBands);
  void (*filter)(const FusedPlan&, const Args&, const Band&, Far, int) = &HWY_DYNAMIC_DISPATCH(RunFilter);
  void (*multiply)(const FusedPlan&, const Args&, const Band&, Far, int) = &HWY_DYNAMIC_DISPATCH(RunMultiply);

  void Run(const Args& args) const {
    const Far far = WhatIsFar(plan, args);
    if (!far.weights || plan.shared_bands.empty()) {
      return Parallel(plan.threads, [&](int thread) { bands(plan, args, far, thread); });
    }
    for (const Band& band : plan.shared_bands) {
      Parallel(plan.threads, [&](int thread) { filter(plan, args, band, far, thread); });
      Parallel(plan.threads, [&](int thread) { multiply(plan, args, band, far, thread); });
    }
  }
};

Invocation Prepare(const DwSep& p, const Context& context) {
  const auto fused = std::make_shared<const Fused>(Fused{.plan = MakePlan(p, context.threads)});
  const FusedPlan& plan = fused->plan;
  Invocation invocation;
  invocation.run = [fused](const Args& args) { fused->Run(args); };
  invocation.pack = [p, panel = plan.panel](const Args& args) { PackPointwise(p, panel, args); };
  invocation.impl =
      plan.depthwise.Name() + ", " + PanelsName(plan.panel) + ", bands of " + std::to_string(plan.band_rows) + " rows";
  if (!plan.shared_bands.empty()) invocation.impl += ", from memory threads by panels";
  invocation.executed_flops = 2 * MultiplyAdds(plan);
  invocation.packed_bytes = PackedPointwiseBytes(p, plan.panel);
  invocation.workspace_bytes = WorkspaceFloats(plan) * sizeof(float);
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
