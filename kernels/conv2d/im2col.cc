// The textbook way: the inputs of each output pixel are copied into a row of a column matrix, kh * kw times as large as
// the input, which one GEMM multiplies with the weights. What the copy costs is the point: its bytes are the workspace.
// A 1x1 convolution without stride or padding is that GEMM already, and nothing is copied.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/im2col.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>
#include <string>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/threads.h"

#ifndef ROOFGAP_KERNELS_CONV2D_IM2COL_CC_
#define ROOFGAP_KERNELS_CONV2D_IM2COL_CC_
namespace roofgap {
namespace {

struct Im2colPlan {
  explicit Im2colPlan(const Conv2d& problem)
      : p(problem), ic(p.ic / p.g), oc(p.oc / p.g), k(p.kh * p.kw * ic), pixels(p.oh() * p.ow()) {
    copies = p.kh != 1 || p.kw != 1 || p.sh != 1 || p.sw != 1 || p.ph != 0 || p.pw != 0;
  }

  Conv2d p;
  int64_t ic, oc, k;  // of one group; k rows of weights
  int64_t pixels;     // of one output map
  bool copies;
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Image n, group g: the rows `pixels` of the column matrix times the panels `panels` of the weights.
void Multiply(const Im2colPlan& plan, const Args& args, int64_t n, int64_t g, Range pixels, Range panels) {
  const Conv2d& p = plan.p;
  GemmIn a = {reinterpret_cast<const float*>(args.workspace) + g * plan.pixels * plan.k, plan.k};
  if (!plan.copies) a = {args.at<float>(Conv2d::kSrc) + n * plan.pixels * p.ic + g * plan.ic, p.ic};
  a.data += pixels.begin * a.pitch;
  const int64_t column = panels.begin * kGemmNR;
  const int64_t columns = std::min(panels.end * kGemmNR, plan.oc) - column;
  const int64_t group = PackedFloats(plan.oc, plan.k, kGemmNR);
  const float* packed = reinterpret_cast<const float*>(args.packed) + g * group + column * plan.k;
  float* dst = args.at<float>(Conv2d::kDst) + (n * plan.pixels + pixels.begin) * p.oc + g * plan.oc + column;
  const float* bias = p.bia != 0 ? args.at<float>(Conv2d::kBia) + g * plan.oc + column : nullptr;
  Gemm(a, PackedB(packed, plan.k, kGemmNR), {dst, p.oc}, pixels.end - pixels.begin, columns, plan.k,
       {bias, p.act, false});
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Multiply);

// One kernel row of one output pixel: taps kw of group g at input row ih, or zeros where it lies outside. Returns the
// end of what it wrote.
float* CopyRow(const Im2colPlan& plan, const float* map, int64_t g, int64_t ih, int64_t ow, float* to) {
  const Conv2d& p = plan.p;
  if (ih < 0 || ih >= p.ih) return std::fill_n(to, p.kw * plan.ic, 0.0f);
  const int64_t first = ow * p.sw - p.pw;
  const float* row = map + ih * p.iw * p.ic + g * plan.ic;
  if (p.g == 1 && p.dw == 1 && first >= 0 && first + p.kw <= p.iw) {
    return std::copy_n(row + first * p.ic, p.kw * p.ic, to);
  }
  for (int64_t kw = 0; kw < p.kw; ++kw) {
    const int64_t iw = first + kw * p.dw;
    to = iw < 0 || iw >= p.iw ? std::fill_n(to, plan.ic, 0.0f) : std::copy_n(row + iw * p.ic, plan.ic, to);
  }
  return to;
}

// Fills the rows `pixels` of image n's column matrices, [g][pixel][kh][kw][ic].
void FillColumns(const Im2colPlan& plan, const Args& args, int64_t n, Range pixels) {
  const Conv2d& p = plan.p;
  const float* map = args.at<float>(Conv2d::kSrc) + n * p.ih * p.iw * p.ic;
  for (int64_t g = 0; g < p.g; ++g) {
    float* to = reinterpret_cast<float*>(args.workspace) + (g * plan.pixels + pixels.begin) * plan.k;
    for (int64_t pixel = pixels.begin; pixel < pixels.end; ++pixel) {
      const int64_t oh = pixel / p.ow();
      for (int64_t kh = 0; kh < p.kh; ++kh) {
        to = CopyRow(plan, map, g, oh * p.sh - p.ph + kh * p.dh, pixel % p.ow(), to);
      }
    }
  }
}

Invocation Prepare(const Conv2d& p, const Context& context) {
  const GemmShape shape = ChosenGemmShape();
  const auto multiply = &HWY_DYNAMIC_DISPATCH(Multiply);
  const Im2colPlan plan(p);
  const int threads = ConvThreads(p, shape.nr, context.threads);
  const int64_t panels = (plan.oc + shape.nr - 1) / shape.nr;
  // Each thread reads all of one operand of the GEMM and its share of the other: the larger one is divided.
  const bool split_oc = plan.oc > plan.pixels && panels >= threads;
  Invocation invocation;
  invocation.run = [=](const Args& args) {
    for (int64_t n = 0; n < p.mb; ++n) {
      if (plan.copies) {
        Parallel(threads, [&](int thread) { FillColumns(plan, args, n, Share(plan.pixels, threads, thread)); });
      }
      Parallel(threads, [&](int thread) {
        const Range pixels = split_oc ? Range{0, plan.pixels} : Share(plan.pixels, threads, thread);
        const Range own = split_oc ? Share(panels, threads, thread) : Range{0, panels};
        if (pixels.begin == pixels.end) return;
        for (int64_t g = 0; g < p.g; ++g) multiply(plan, args, n, g, pixels, own);
      });
    }
  };
  const int64_t group = PackedFloats(plan.oc, plan.k, shape.nr);
  invocation.pack = [=](const Args& args) {
    PackGroups(args.at<float>(Conv2d::kWei), p.g, plan.oc, plan.k, shape.nr, reinterpret_cast<float*>(args.packed));
  };
  invocation.impl =
      shape.Name() + (plan.copies ? " columns of one image" : " no columns: 1x1") + OnThreads(threads, context.threads);
  invocation.executed_flops = 2.0 * p.mb * p.oc * plan.pixels * plan.k;
  invocation.packed_bytes = p.g * group * sizeof(float);
  invocation.workspace_bytes = plan.copies ? p.g * plan.pixels * plan.k * sizeof(float) : 0;
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "im2col",
    .summary = "inputs copied into a column matrix of one image, then one matrix product",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
