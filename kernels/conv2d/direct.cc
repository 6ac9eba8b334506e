// Direct convolution on the register-tile GEMM, without an im2col copy. Channels last, the kw * ic inputs of a pixel
// under one kernel row are contiguous, so a pixel is a row of A and each kernel row (each tap, when dilated or grouped)
// is one run of k; the sum stays in registers over all of them.
//
// Borders: simd/conv_tiles.h. Taps on padding are never multiplied.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/direct.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dot_tile-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/grouped.h"
#include "kernels/conv2d/threads.h"
#include "kernels/simd/conv_tiles.h"
#include "kernels/simd/dot_tile.h"

#ifndef ROOFGAP_KERNELS_CONV2D_DIRECT_CC_
#define ROOFGAP_KERNELS_CONV2D_DIRECT_CC_
namespace roofgap {
namespace {

// Panels of one group for tiles of one image.
struct Part {
  int64_t n, g;
  Range panels, tiles;
};

struct DirectPlan {
  Conv2d p{};
  int64_t nr = 0;                        // columns of a panel
  int64_t ic = 0, oc = 0, k = 0;         // of one group
  int64_t dots = 0;                      // the last channels of one group, which are dot products
  int64_t panels = 0;                    // of the others, or one without columns; the last does the dot products too
  int64_t dot_weights = 0;               // where the weights of the dot products begin: behind the panels
  int64_t packed = 0;                    // floats of one group: panels, weights of the dot products
  int64_t together = 1;                  // panels that a tile covers
  int64_t block = 1;                     // tiles that share a panel while it is in cache, at most
  ConvTiles map;                         // of one group of one image
  std::vector<int64_t> cost;             // cost[i]: multiply-accumulates per output channel of the tiles before i,
                                         // and one for each, so that tiles without any are divided too
  std::vector<std::vector<Part>> parts;  // by thread
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// The channels that a tile meets at once: columns of a panel or two, then those of `dots`.
struct Channels {
  GemmB b;
  int64_t columns = 0;
  GemmIn dot_weights;
  int64_t dots = 0;
};

// The tiles at all places of `rows`.
void RunTiles(const GemmRows& rows, std::span<const GemmRun> runs, const Channels& channels,
              const GemmEpilogue& epilogue) {
  const int64_t columns = channels.columns;
  if (columns > 0) GemmTile(rows, runs, channels.b, columns, epilogue);
  if (channels.dots == 0) return;
  for (const GemmRow& at : rows.places) {
    DotTile({rows.a + at.a, rows.c + at.c + columns, rows.rows}, runs, channels.dot_weights, channels.dots,
            {epilogue.bias != nullptr ? epilogue.bias + columns : nullptr, epilogue.act, epilogue.accumulate});
  }
}

// The same phase by phase.
void RunPhases(const std::vector<ConvPhase>& sum, const GemmRows& rows, const Channels& channels,
               const GemmEpilogue& epilogue) {
  const int64_t all = channels.columns + channels.dots;
  for (const GemmRow& at : rows.places) {
    for (const GemmRow& guest : rows.rows.last(sum.front().without)) {
      float* const c = rows.c + at.c + guest.c;
      for (int64_t i = 0; i < all; ++i) c[i] = epilogue.bias != nullptr ? epilogue.bias[i] : 0;
    }
  }
  for (const ConvPhase& phase : sum) {
    const bool first = &phase == &sum.front();
    const bool last = &phase == &sum.back();
    RunTiles({rows.a, rows.c, rows.rows.first(rows.rows.size() - phase.without), rows.places}, phase.runs, channels,
             {first ? epilogue.bias : nullptr, last ? epilogue.act : 0, !first});
  }
}

void RunPart(const DirectPlan& plan, const Args& args, const Part& part) {
  const auto& [n, g, panels, tiles] = part;
  const Conv2d& p = plan.p;
  const float* src = args.at<float>(Conv2d::kSrc) + n * p.ih * p.iw * p.ic + g * plan.ic;
  float* dst = args.at<float>(Conv2d::kDst) + n * p.oh() * p.ow() * p.oc + g * plan.oc;
  const float* bias = p.bia != 0 ? args.at<float>(Conv2d::kBia) + g * plan.oc : nullptr;
  const float* packed = reinterpret_cast<const float*>(args.packed) + g * plan.packed;
  const GemmIn dot_weights = {packed + plan.dot_weights, plan.k};

  const int64_t count = tiles.end - tiles.begin;
  const int blocks = static_cast<int>((count + plan.block - 1) / plan.block);
  for (int i = 0; i < blocks; ++i) {
    const Range block = Share(count, blocks, i);
    for (int64_t j = panels.begin; j < panels.end; j += plan.together) {
      const int64_t column = j * kGemmNR;
      const int64_t end = std::min(j + plan.together, panels.end);
      const Channels channels = {.b = {packed + j * plan.k * kGemmNR, plan.k * kGemmNR, kGemmNR, true},
                                 .columns = std::min(end * kGemmNR, plan.oc - plan.dots) - column,
                                 .dot_weights = dot_weights,
                                 .dots = end == plan.panels ? plan.dots : 0};
      const GemmEpilogue epilogue = {bias != nullptr ? bias + column : nullptr, p.act, false};
      // Tiles of one form are one call.
      for (int64_t t = tiles.begin + block.begin; t < tiles.begin + block.end;) {
        const ConvForm form = plan.map.forms[t];
        const std::vector<ConvPhase>& sum = plan.map.sums[form.sum];
        int64_t end_of_form = t + 1;
        while (end_of_form < tiles.begin + block.end && plan.map.forms[end_of_form] == form) {
          ++end_of_form;
        }
        const std::span<const GemmRow> places = {&plan.map.places[t], static_cast<size_t>(end_of_form - t)};
        const GemmRows rows = {src, dst + column, plan.map.patterns[form.pattern], places};
        if (sum.size() == 1) {
          RunTiles(rows, sum.front().runs, channels, epilogue);
        } else {
          RunPhases(sum, rows, channels, epilogue);
        }
        t = end_of_form;
      }
    }
  }
}

void Run(const DirectPlan& plan, const Args& args, int thread) {
  for (const Part& part : plan.parts[thread]) RunPart(plan, args, part);
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

// The threads divide the panels of all groups.
std::vector<std::vector<Part>> SplitChannels(const DirectPlan& plan, int threads) {
  std::vector<std::vector<Part>> parts(threads);
  for (int thread = 0; thread < threads; ++thread) {
    const Range own = Share(plan.p.g * plan.panels, threads, thread);
    for (int64_t n = 0; n < plan.p.mb; ++n) {
      for (int64_t g = own.begin / plan.panels; g * plan.panels < own.end; ++g) {
        const int64_t first = g * plan.panels;
        const Range panels = {std::max(own.begin - first, int64_t{0}), std::min(own.end - first, plan.panels)};
        parts[thread].push_back({n, g, panels, {0, plan.map.count()}});
      }
    }
  }
  return parts;
}

// The threads divide the pixels of all images: a tile is for the thread in whose share of the cost it begins.
std::vector<std::vector<Part>> SplitPixels(const DirectPlan& plan, int threads) {
  const int64_t image = plan.cost.back();
  const auto first_tile = [&plan, image](int64_t cost) {
    return std::ranges::lower_bound(plan.cost, std::clamp(cost, int64_t{0}, image)) - plan.cost.begin();
  };
  std::vector<std::vector<Part>> parts(threads);
  for (int thread = 0; thread < threads; ++thread) {
    const Range own = Share(plan.p.mb * image, threads, thread);
    for (int64_t n = own.begin / image; n * image < own.end; ++n) {
      const Range tiles = {first_tile(own.begin - n * image), first_tile(own.end - n * image)};
      if (tiles.begin == tiles.end) continue;
      for (int64_t g = 0; g < plan.p.g; ++g) parts[thread].push_back({n, g, {0, plan.panels}, tiles});
    }
  }
  return parts;
}

// What the busiest thread has to do.
double Slowest(const DirectPlan& plan, const std::vector<std::vector<Part>>& parts) {
  double slowest = 0;
  for (const std::vector<Part>& thread : parts) {
    double cost = 0;
    for (const Part& part : thread) {
      cost += static_cast<double>(plan.cost[part.tiles.end] - plan.cost[part.tiles.begin]) *
              static_cast<double>(part.panels.end - part.panels.begin);
    }
    slowest = std::max(slowest, cost);
  }
  return slowest;
}

// Each thread reads all of one operand and its share of the other, so the larger one is divided, unless that leaves a
// thread with 5 % more to do.
std::vector<std::vector<Part>> Split(const DirectPlan& plan, int threads) {
  const Conv2d& p = plan.p;
  std::vector<std::vector<Part>> channels = SplitChannels(plan, threads);
  std::vector<std::vector<Part>> pixels = SplitPixels(plan, threads);
  const bool larger_weights = p.oc * plan.k > p.mb * p.ih * p.iw * p.ic;
  const double favour = larger_weights ? 1.05 : 1 / 1.05;
  return Slowest(plan, channels) <= favour * Slowest(plan, pixels) ? channels : pixels;
}

// Up to this length of a sum the wide tile, which reads inputs once for two panels and writes twice as much of a pixel
// at once, is better: by 3 % at k = 64, 8 % at 3x3 of 3 channels, 2 % at k = 512, and by nothing at 3x3 of 64. Dot
// products want the rows of the tall tile: 131 to 67 channels, 1x1, 7 %.
constexpr int64_t kWideK = 512;

// Floats of 64 bytes: packed weights of a group begin on them.
constexpr int64_t kPackedUnit = 16;

DirectPlan MakePlan(const Conv2d& p, int threads, const GemmShape& shape) {
  DirectPlan plan;
  plan.p = p;
  plan.nr = shape.nr;
  plan.ic = p.ic / p.g;
  plan.oc = p.oc / p.g;
  plan.k = p.kh * p.kw * plan.ic;
  const bool contiguous = p.dw == 1 && p.g == 1;
  plan.dots = DotColumns(plan.oc, plan.k, contiguous ? p.kw * plan.ic : plan.ic);
  plan.panels = std::max<int64_t>((plan.oc - plan.dots + shape.nr - 1) / shape.nr, 1);
  plan.dot_weights = PackedFloats(plan.oc - plan.dots, plan.k, shape.nr);
  const int64_t used = plan.dot_weights + plan.dots * plan.k;
  plan.packed = (used + kPackedUnit - 1) / kPackedUnit * kPackedUnit;
  const ConvMap map = {.rows = p.rows(),
                       .columns = p.columns(),
                       .ic = plan.ic,
                       .src_pitch = p.ic,
                       .dst_pitch = p.oc,
                       .contiguous = contiguous};
  const bool wide = shape.wide_mr > 0 && plan.panels > 1 && plan.k <= kWideK && plan.dots == 0;
  plan.together = wide ? 2 : 1;
  const int64_t mr = wide ? shape.wide_mr : GemmRowsPerTile(p.sw * p.ic, shape.mr);
  plan.map = MakeConvTiles(map, mr);
  for (size_t i = 0; i < plan.map.macs.size(); ++i) plan.cost.push_back(plan.map.macs[i] + static_cast<int64_t>(i));
  // The inputs that a panel meets before the next panel: within 256 KiB, so that they stay in L2 beside the panel.
  const int64_t inputs = std::min(p.sh, p.kh) * std::min(p.sw, p.kw) * plan.ic * static_cast<int64_t>(sizeof(float));
  plan.block = std::clamp<int64_t>((256 << 10) / (mr * inputs), 4, 64);
  plan.parts = Split(plan, threads);
  return plan;
}

void Pack(const DirectPlan& plan, const Args& args) {
  const float* weights = args.at<float>(Conv2d::kWei);
  float* packed = reinterpret_cast<float*>(args.packed);
  const int64_t columns = plan.oc - plan.dots;
  for (int64_t g = 0; g < plan.p.g; ++g, weights += plan.oc * plan.k, packed += plan.packed) {
    PackB({weights, plan.k}, columns, plan.k, plan.nr, packed);
    std::copy_n(weights + columns * plan.k, plan.dots * plan.k, packed + plan.dot_weights);
  }
}

Invocation Prepare(const Conv2d& p, const Context& context) {
  if (GroupedApplies(p)) return PrepareGrouped(p, context);
  const GemmShape shape = ChosenGemmShape();
  const int threads = ConvThreads(p, shape.nr, context.threads);
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  const auto plan = std::make_shared<const DirectPlan>(MakePlan(p, threads, shape));
  Invocation invocation;
  invocation.run = [plan, run, threads](const Args& args) {
    Parallel(threads, [&](int thread) { run(*plan, args, thread); });
  };
  invocation.pack = [plan](const Args& args) { Pack(*plan, args); };
  const int64_t rows = plan->together > 1 ? shape.wide_mr : shape.mr;
  invocation.impl = std::string(shape.isa) + " " + std::to_string(rows) + "x" +
                    std::to_string(plan->together * shape.nr) + (p.dw == 1 && p.g == 1 ? " K=kw*ic" : " K=ic");
  if (plan->dots > 0) invocation.impl += " + " + std::to_string(plan->dots) + " dot";
  invocation.impl += OnThreads(threads, context.threads);
  invocation.executed_flops = 2.0 * p.mb * p.oc * plan->map.macs.back();
  invocation.packed_bytes = p.g * plan->packed * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "direct",
    .summary = "register-tiled direct convolution, channels last, no im2col copy",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
