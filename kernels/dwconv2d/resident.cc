// Depthwise convolution with channels in vector lanes, weights and several rows of outputs in registers
// (kernels/simd/dwconv.cc), on activations in its own layout: each vector of channels is a map of its own,
// [mb][vectors][ih][iw][lanes]. It reads and writes whole rows in address order, whatever the number of channels, where
// channels-last pixels (resident_nhwc) of 128, 256, 512 ... channels share sets of the L1 cache. As for oneDNN's
// layouts, what it costs a network that has it nowhere else is in reorder_ns.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwconv2d/resident.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dwconv-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwconv2d/dwconv2d.h"
#include "kernels/simd/far.h"

#ifndef ROOFGAP_KERNELS_DWCONV2D_RESIDENT_CC_
#define ROOFGAP_KERNELS_DWCONV2D_RESIDENT_CC_
namespace roofgap {
namespace {

struct ResidentPlan {
  DwConv2d p{};
  DwConv conv;
  DwConvPlan kernel;
  int threads = 1;

  int64_t vectors() const { return (p.c + kernel.lanes - 1) / kernel.lanes; }
  int64_t src_map() const { return p.ih * p.iw * kernel.lanes; }  // floats of a vector's map
  int64_t dst_map() const { return p.oh() * p.ow() * kernel.lanes; }
  float* src(const Args& args) const { return reinterpret_cast<float*>(args.workspace); }
  float* dst(const Args& args) const { return src(args) + p.mb * vectors() * src_map(); }
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Of some vectors' maps of image n.
struct Part {
  int64_t n;
  Range vectors;
  Range rows;  // of outputs
};

void RunPart(const ResidentPlan& plan, const Args& args, const Part& part) {
  const DwConv2d& p = plan.p;
  const DwConvData data = {
      .src = plan.src(args) + part.n * plan.vectors() * plan.src_map(),
      .wei = args.at<float>(DwConv2d::kWei),
      .bias = p.bia ? args.at<float>(DwConv2d::kBia) : nullptr,
  };
  float* dst = plan.dst(args) + part.n * plan.vectors() * plan.dst_map() + part.rows.begin * p.ow() * plan.kernel.lanes;
  // Sliding takes one vector after the other; blocks take all in turn, each from another map. Small maps stay in L1.
  constexpr int64_t kSmallFloats = 4096;
  const bool together = plan.kernel.slides || plan.src_map() <= kSmallFloats;
  const int64_t step = together ? part.vectors.end - part.vectors.begin : 1;
  for (int64_t v = part.vectors.begin; v < part.vectors.end; v += step) {
    const Range channels = {v * plan.kernel.lanes, std::min((v + step) * plan.kernel.lanes, p.c)};
    DwConvRows(plan.conv, data, dst, part.rows, channels);
  }
}

// 128 KiB at a time, each after it was touched, outputs too: a store that misses loads the line. By 16 KiB, a map or
// less of 14x14, c672ih14kh5ph2 has 0.86 of onednn_best, not 1.14.
void RunFromMemory(const ResidentPlan& plan, const Args& args, const Part& part) {
  const DwConv2d& p = plan.p;
  constexpr int64_t kFloats = 1 << 15;
  const int64_t lanes = plan.kernel.lanes;
  const int64_t map_floats = plan.src_map() + plan.dst_map();
  const float* src = plan.src(args) + part.n * plan.vectors() * plan.src_map();
  const float* dst = plan.dst(args) + part.n * plan.vectors() * plan.dst_map();
  TouchPixels(args.at<float>(DwConv2d::kWei), p.kh * p.kw, p.c,
              {part.vectors.begin * lanes, std::min(part.vectors.end * lanes, p.c)});
  if (map_floats <= kFloats && part.rows.end - part.rows.begin == p.oh()) {
    const int64_t step = kFloats / map_floats;
    for (int64_t v = part.vectors.begin; v < part.vectors.end; v += step) {
      const Range vectors = {v, std::min(v + step, part.vectors.end)};
      const int64_t count = vectors.end - v;
      Touch({src + v * plan.src_map(), count * plan.src_map()}, {dst + v * plan.dst_map(), count * plan.dst_map()});
      RunPart(plan, args, {part.n, vectors, part.rows});
    }
    return;
  }
  const int64_t count = part.rows.end - part.rows.begin;
  const int64_t height = std::max(kFloats * p.oh() / map_floats / plan.kernel.height, int64_t{1}) * plan.kernel.height;
  const int64_t strips = (count + height - 1) / height;
  for (int64_t v = part.vectors.begin; v < part.vectors.end; ++v) {
    int64_t touched = p.rows().InputsOf(part.rows).begin;
    for (int64_t s = 0; s < strips; ++s) {
      const Range own = plan.kernel.Strip(count, height, s);
      const Range rows = {part.rows.begin + own.begin, part.rows.begin + own.end};
      const int64_t end = p.rows().InputsOf(rows).end;
      Touch({src + v * plan.src_map() + touched * p.iw * lanes, (end - touched) * p.iw * lanes},
            {dst + v * plan.dst_map() + rows.begin * p.ow() * lanes, (own.end - own.begin) * p.ow() * lanes});
      RunPart(plan, args, {part.n, {v, v + 1}, rows});
      touched = end;
    }
  }
}

void Run(const ResidentPlan& plan, const Args& args, bool far, int thread) {
  const DwConv2d& p = plan.p;
  const int64_t vectors = plan.vectors();
  // Whole maps where they are many, else strips of rows.
  const int64_t height = p.mb * vectors >= 8 * plan.threads ? p.oh() : plan.kernel.height;
  const int64_t strips = (p.oh() + height - 1) / height;
  Range share = Share(p.mb * vectors * strips, plan.threads, thread);
  while (share.begin < share.end) {
    const int64_t map = share.begin / strips;
    const int64_t strip = share.begin % strips;
    const int64_t v = map % vectors;
    const int64_t left = share.end - share.begin;
    Part part;
    if (strips > 1) {
      const int64_t last = std::min(strip + left, strips);
      part = {map / vectors,
              {v, v + 1},
              {plan.kernel.Strip(p.oh(), height, strip).begin, plan.kernel.Strip(p.oh(), height, last - 1).end}};
      share.begin += last - strip;
    } else {
      part = {map / vectors, {v, std::min(v + left, vectors)}, {0, p.oh()}};
      share.begin += part.vectors.end - v;
    }
    far ? RunFromMemory(plan, args, part) : RunPart(plan, args, part);
  }
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

DwConv ConvOf(const DwConv2d& p) {
  return {.c = p.c, .rows = p.rows(), .columns = p.columns(), .act = p.act, .blocked = true};
}

Support Supports(const DwConv2d& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  const int64_t lanes = ChosenDwConvPlan(ConvOf(p)).lanes;
  if (p.c < lanes) return {false, "needs c >= " + std::to_string(lanes) + ", the lanes of a vector"};
  return {};
}

// Brings maps of `pixels` pixels from channels-last into the variant's layout, or back.
template <bool kBack, class Float>
void Reorder(const ResidentPlan& plan, int64_t pixels, Float* last, float* own) {
  const int64_t vectors = plan.vectors();
  const int64_t lanes = plan.kernel.lanes;
  Parallel(plan.threads, [&](int thread) {
    const Range maps = Share(plan.p.mb * vectors, plan.threads, thread);
    for (int64_t map = maps.begin; map < maps.end; ++map) {
      const int64_t at = map % vectors * lanes;
      const int64_t c = std::min(at, plan.p.c - lanes);
      // Back, channels that the last vector repeats are left to the one before.
      const int64_t first = kBack ? at - c : 0;
      Float* pixel = last + map / vectors * pixels * plan.p.c + c + first;
      float* vector = own + map * pixels * lanes + first;
      for (int64_t i = 0; i < pixels; ++i, pixel += plan.p.c, vector += lanes) {
        if constexpr (kBack) {
          std::copy_n(vector, lanes - first, pixel);
        } else {
          std::copy_n(pixel, lanes, vector);
        }
      }
    }
  });
}

Invocation Prepare(const DwConv2d& p, const Context& context) {
  ResidentPlan plan;
  plan.p = p;
  plan.conv = ConvOf(p);
  plan.kernel = ChosenDwConvPlan(plan.conv);
  plan.threads = context.threads;
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  Invocation invocation;
  invocation.run = [plan, run](const Args& args) {
    const int64_t own = plan.p.mb * plan.vectors() * plan.src_map() / plan.threads;
    const bool far = IsFar(plan.src(args), own, plan.kernel.lanes);
    Parallel(plan.threads, [&](int thread) { run(plan, args, far, thread); });
  };
  invocation.reorder_in = [plan](const Args& args) {
    Reorder<false>(plan, plan.p.ih * plan.p.iw, args.at<const float>(DwConv2d::kSrc), plan.src(args));
  };
  invocation.reorder_out = [plan](const Args& args) {
    Reorder<true>(plan, plan.p.oh() * plan.p.ow(), args.at<float>(DwConv2d::kDst), plan.dst(args));
  };
  const int64_t lanes = plan.kernel.lanes;
  invocation.impl = plan.kernel.Name() + ", maps of " + std::to_string(lanes) + (lanes == 1 ? " channel" : " channels");
  invocation.executed_flops = 2 * static_cast<double>(p.mb * p.c) * plan.kernel.Macs(plan.conv);
  invocation.workspace_bytes =
      sizeof(float) * static_cast<size_t>(p.mb * plan.vectors() * (plan.src_map() + plan.dst_map()));
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "resident",
    .summary = "weights and several rows of outputs in registers, each vector of channels a map of its own",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
