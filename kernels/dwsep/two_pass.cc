// Depthwise convolution of everything into the workspace, then the 1x1 convolution of everything from there.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/two_pass.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/row_gemm-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/dwsep/pointwise.h"

#ifndef ROOFGAP_KERNELS_DWSEP_TWO_PASS_CC_
#define ROOFGAP_KERNELS_DWSEP_TWO_PASS_CC_
namespace roofgap {
namespace {

struct TwoPassPlan {
  DwSep p{};
  DwConv conv;
  DwConvPlan depthwise;
  int64_t panel = 0;  // output channels of a panel of packed weights
  int threads = 1;
  bool split_oc = false;  // threads divide the output channels of the pointwise half, not the pixels
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void RunDepthwise(const TwoPassPlan& plan, const Args& args, int thread) {
  const DwSep& p = plan.p;
  const int64_t blocks = (p.oh() + plan.depthwise.rows - 1) / plan.depthwise.rows;  // of one map
  const Range share = Share(p.mb * blocks, plan.threads, thread);
  for (int64_t n = share.begin / blocks; n * blocks < share.end; ++n) {
    const int64_t first = std::max<int64_t>(share.begin - n * blocks, 0);
    const int64_t last = std::min(share.end - n * blocks, blocks);
    const Range rows = {first * plan.depthwise.rows, std::min(last * plan.depthwise.rows, p.oh())};
    const DwConvData data = {
        .src = args.at<float>(DwSep::kSrc) + n * p.ih * p.iw * p.ic,
        .wei = args.at<float>(DwSep::kDwWei),
        .bias = p.bia ? args.at<float>(DwSep::kDwBia) : nullptr,
    };
    float* mid = reinterpret_cast<float*>(args.workspace) + (n * p.oh() + rows.begin) * p.ow() * p.ic;
    DwConvRows(plan.conv, data, mid, rows, {0, p.ic});
  }
}

void RunPointwise(const TwoPassPlan& plan, const Args& args, int thread) {
  const DwSep& p = plan.p;
  const int64_t count = p.mb * p.oh() * p.ow();
  Range pixels = {0, count};
  Range oc = {0, p.oc};
  if (plan.split_oc) {
    oc = ChannelsOf(p, plan.panel, Share(PanelsOf(p, plan.panel), plan.threads, thread));
  } else {
    pixels = Share(count, plan.threads, thread);
  }
  if (oc.begin >= oc.end) return;
  // A block of pixels, 256 KiB, stays in L2 for all panels of weights.
  const int64_t block = std::max<int64_t>((256 << 10) / sizeof(float) / p.ic, 1);
  const float* const mid = reinterpret_cast<const float*>(args.workspace);
  for (int64_t first = pixels.begin; first < pixels.end; first += block) {
    const Range part = {first, std::min(first + block, pixels.end)};
    Gemm(PointwiseGemm(p, plan.panel, args, mid + first * p.ic, part, oc));
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

HWY_EXPORT(RunDepthwise);
HWY_EXPORT(RunPointwise);

Invocation Prepare(const DwSep& p, const Context& context) {
  TwoPassPlan plan;
  plan.p = p;
  plan.conv = {.c = p.ic, .rows = p.rows(), .columns = p.columns(), .act = p.act};
  plan.depthwise = ChosenDwConvPlan(plan.conv);
  plan.panel = ChosenRowGemmPanel(p.oc);
  plan.threads = context.threads;
  // Each thread reads all of one operand and its share of the other: divide the larger one.
  const int64_t pixels = p.mb * p.oh() * p.ow();
  plan.split_oc = p.oc > pixels && p.oc >= plan.threads * plan.panel;
  const auto depthwise = &HWY_DYNAMIC_DISPATCH(RunDepthwise);
  const auto pointwise = &HWY_DYNAMIC_DISPATCH(RunPointwise);
  Invocation invocation;
  invocation.run = [plan, depthwise, pointwise](const Args& args) {
    Parallel(plan.threads, [&](int thread) { depthwise(plan, args, thread); });
    Parallel(plan.threads, [&](int thread) { pointwise(plan, args, thread); });
  };
  invocation.pack = [plan](const Args& args) { PackPointwise(plan.p, plan.panel, args); };
  invocation.impl = plan.depthwise.Name() + ", " + PanelsName(plan.panel);
  const auto channels = static_cast<double>(p.mb * p.ic);
  invocation.executed_flops =
      2 * channels *
      (plan.depthwise.Macs(plan.conv) + static_cast<double>(p.oh() * p.ow()) * static_cast<double>(p.oc));
  invocation.packed_bytes = PackedPointwiseBytes(p, plan.panel);
  invocation.workspace_bytes = static_cast<size_t>(pixels * p.ic) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "two_pass",
    .summary = "depthwise into a full-size workspace, then the pointwise GEMM",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
