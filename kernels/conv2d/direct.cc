// Direct convolution on the register-tile GEMM, without an im2col copy. Channels last, the kw * ic inputs of a pixel
// under one kernel row are contiguous, so a pixel is a row of A and each kernel row (each tap, when dilated or grouped)
// is one run of k; the sum stays in registers over all of them.
//
// Borders: pixels that see the same taps form a class with its own, shorter runs. Taps on padding are never multiplied.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/direct.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/conv2d/conv2d.h"

#ifndef ROOFGAP_KERNELS_CONV2D_DIRECT_CC_
#define ROOFGAP_KERNELS_CONV2D_DIRECT_CC_
namespace roofgap {
namespace {

// Consecutive outputs [begin, end) of one axis that see the same taps [lo, hi).
struct Band {
  int64_t begin, end;
  int64_t lo, hi;
  int64_t size() const { return end - begin; }
};

// A class of pixels: its runs, and the first of its taps relative to the input pixel at (oh * sh, ow * sw).
struct PixelClass {
  Band rows, columns;
  std::vector<GemmRun> runs;
};

// `count` pixels of the class `of`, which are numbered row by row, that one tile computes.
struct PixelTile {
  size_t of;
  int64_t first, count;
};

// Panels of one group for tiles of one image.
struct Part {
  int64_t n, g;
  Range panels, tiles;
};

struct DirectPlan {
  Conv2d p{};
  int64_t nr = 0;                 // columns of a panel
  int64_t ic = 0, oc = 0, k = 0;  // of one group
  int64_t panels = 0;             // of one group
  int64_t block = 1;              // tiles that share a panel while it is in cache
  std::vector<PixelClass> classes;
  std::vector<PixelTile> tiles;          // of one image
  std::vector<int64_t> cost;             // cost[i]: multiply-accumulates per output channel of the tiles before i
  std::vector<std::vector<Part>> parts;  // by thread
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// The rows of a tile: where each pixel's window begins in src (maybe outside; the runs start inside) and its output.
void FillRows(const DirectPlan& plan, const PixelTile& tile, const float* src, float* dst, GemmRow* rows) {
  const Conv2d& p = plan.p;
  const PixelClass& of = plan.classes[tile.of];
  const int64_t width = of.columns.size();
  int64_t oh = of.rows.begin + tile.first / width;
  int64_t ow = of.columns.begin + tile.first % width;
  for (int64_t i = 0; i < tile.count; ++i) {
    const int64_t pixel = (oh * p.sh - p.ph) * p.iw + ow * p.sw - p.pw;
    rows[i] = {src + pixel * p.ic, dst + (oh * p.ow() + ow) * p.oc};
    if (++ow == of.columns.end) {
      ow = of.columns.begin;
      ++oh;
    }
  }
}

void RunPart(const DirectPlan& plan, const Args& args, const Part& part) {
  const auto& [n, g, panel, tile] = part;
  const Conv2d& p = plan.p;
  const float* src = args.at<float>(Conv2d::kSrc) + n * p.ih * p.iw * p.ic + g * plan.ic;
  float* dst = args.at<float>(Conv2d::kDst) + n * p.oh() * p.ow() * p.oc + g * plan.oc;
  const float* bias = p.bia != 0 ? args.at<float>(Conv2d::kBia) + g * plan.oc : nullptr;
  const float* packed = reinterpret_cast<const float*>(args.packed) + g * plan.panels * plan.k * kGemmNR;

  constexpr int64_t kMaxBlock = 16;
  GemmRow rows[kMaxBlock][kGemmMR];
  for (int64_t begin = tile.begin; begin < tile.end; begin += plan.block) {
    const int64_t count = std::min(plan.block, tile.end - begin);
    for (int64_t t = 0; t < count; ++t) {
      FillRows(plan, plan.tiles[begin + t], src, dst + panel.begin * kGemmNR, rows[t]);
    }
    for (int64_t j = panel.begin; j < panel.end; ++j) {
      const int64_t column = j * kGemmNR;
      const GemmB b = {packed + j * plan.k * kGemmNR, 0, kGemmNR, true};
      const GemmEpilogue epilogue = {bias != nullptr ? bias + column : nullptr, p.act, false};
      const int64_t columns = std::min(kGemmNR, plan.oc - column);
      for (int64_t t = 0; t < count; ++t) {
        const PixelTile& pixels = plan.tiles[begin + t];
        GemmTile({rows[t], static_cast<size_t>(pixels.count)}, plan.classes[pixels.of].runs, b, columns, epilogue);
        for (int64_t i = 0; i < pixels.count; ++i) rows[t][i].c += kGemmNR;
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

// The bands of an axis: `out` outputs, stride s, padding p, `taps` taps with distance d over `in` inputs.
std::vector<Band> Bands(int64_t in, int64_t out, int64_t s, int64_t p, int64_t taps, int64_t d) {
  std::vector<Band> bands;
  for (int64_t o = 0; o < out; ++o) {
    const int64_t origin = o * s - p;
    const int64_t lo = std::min(taps, origin < 0 ? (-origin + d - 1) / d : 0);
    const int64_t hi = std::max(lo, origin < in ? std::min(taps, (in - origin + d - 1) / d) : 0);
    if (!bands.empty() && bands.back().lo == lo && bands.back().hi == hi) {
      ++bands.back().end;
    } else {
      bands.push_back({o, o + 1, lo, hi});
    }
  }
  return bands;
}

std::vector<GemmRun> Runs(const DirectPlan& plan, const Band& rows, const Band& columns) {
  const Conv2d& p = plan.p;
  std::vector<GemmRun> runs;
  const bool contiguous = p.dw == 1 && p.g == 1;
  const int64_t taps = contiguous ? columns.hi - columns.lo : 1;
  if (columns.lo == columns.hi) return runs;
  for (int64_t kh = rows.lo; kh < rows.hi; ++kh) {
    for (int64_t kw = columns.lo; kw < columns.hi; kw += taps) {
      runs.push_back(
          {.a = (kh * p.dh * p.iw + kw * p.dw) * p.ic, .b = (kh * p.kw + kw) * plan.ic, .k = taps * plan.ic});
    }
  }
  return runs;
}

// The threads divide the panels of all groups.
std::vector<std::vector<Part>> SplitChannels(const DirectPlan& plan, int threads) {
  std::vector<std::vector<Part>> parts(threads);
  for (int thread = 0; thread < threads; ++thread) {
    const Range own = Share(plan.p.g * plan.panels, threads, thread);
    for (int64_t n = 0; n < plan.p.mb; ++n) {
      for (int64_t g = own.begin / plan.panels; g * plan.panels < own.end; ++g) {
        const int64_t first = g * plan.panels;
        const Range panels = {std::max(own.begin - first, int64_t{0}), std::min(own.end - first, plan.panels)};
        parts[thread].push_back({n, g, panels, {0, static_cast<int64_t>(plan.tiles.size())}});
      }
    }
  }
  return parts;
}

// The threads divide the pixels of all images: a tile is for the thread in whose share of the cost it begins.
std::vector<std::vector<Part>> SplitPixels(const DirectPlan& plan, int threads) {
  const int64_t image = plan.cost.back();
  const auto first_tile = [&plan, image](int64_t cost) {
    return std::lower_bound(plan.cost.begin(), plan.cost.end(), std::clamp(cost, int64_t{0}, image)) -
           plan.cost.begin();
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

DirectPlan MakePlan(const Conv2d& p, int threads, const GemmShape& shape) {
  DirectPlan plan;
  plan.p = p;
  plan.nr = shape.nr;
  plan.ic = p.ic / p.g;
  plan.oc = p.oc / p.g;
  plan.k = p.kh * p.kw * plan.ic;
  plan.panels = (plan.oc + shape.nr - 1) / shape.nr;
  for (const Band& rows : Bands(p.ih, p.oh(), p.sh, p.ph, p.kh, p.dh)) {
    for (const Band& columns : Bands(p.iw, p.ow(), p.sw, p.pw, p.kw, p.dw)) {
      plan.classes.push_back({rows, columns, Runs(plan, rows, columns)});
    }
  }
  const int64_t mr = GemmRowsPerTile(p.sw * p.ic, shape.mr);
  plan.cost.push_back(0);
  for (size_t i = 0; i < plan.classes.size(); ++i) {
    const PixelClass& of = plan.classes[i];
    const int64_t pixels = of.rows.size() * of.columns.size();
    const int64_t tiles = (pixels + mr - 1) / mr;
    int64_t k = 0;
    for (const GemmRun& run : of.runs) k += run.k;
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t first = pixels * t / tiles;
      const int64_t count = pixels * (t + 1) / tiles - first;
      plan.tiles.push_back({i, first, count});
      plan.cost.push_back(plan.cost.back() + count * std::max<int64_t>(k, 1));
    }
  }
  // The rows that a panel meets before the next panel: within 256 KiB, so that they stay in L2 beside the panel.
  plan.block = std::clamp<int64_t>((256 << 10) / (mr * plan.ic * 4), 4, 16);
  plan.parts = Split(plan, threads);
  return plan;
}

Invocation Prepare(const Conv2d& p, const Context& context) {
  const GemmShape shape = ChosenGemmShape();
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  const auto plan = std::make_shared<const DirectPlan>(MakePlan(p, context.threads, shape));
  const int64_t group = PackedFloats(plan->oc, plan->k, plan->nr);
  Invocation invocation;
  invocation.run = [plan, run, threads = context.threads](const Args& args) {
    Parallel(threads, [&](int thread) { run(*plan, args, thread); });
  };
  invocation.pack = [plan](const Args& args) {
    PackGroups(args.at<float>(Conv2d::kWei), plan->p.g, plan->oc, plan->k, plan->nr,
               reinterpret_cast<float*>(args.packed));
  };
  invocation.impl = shape.Name() + (p.dw == 1 && p.g == 1 ? " K=kw*ic" : " K=ic");
  for (const PixelClass& of : plan->classes) {
    for (const GemmRun& r : of.runs) {
      invocation.executed_flops += 2.0 * p.mb * p.oc * of.rows.size() * of.columns.size() * r.k;
    }
  }
  invocation.packed_bytes = p.g * group * sizeof(float);
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
