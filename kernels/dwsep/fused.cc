// Both halves by bands of output rows: the depthwise result of a band stays in cache until the pointwise half has read
// it, and is never stored in memory.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/fused.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwsep/dwsep.h"

#ifndef ROOFGAP_KERNELS_DWSEP_FUSED_CC_
#define ROOFGAP_KERNELS_DWSEP_FUSED_CC_
namespace roofgap {
namespace {

struct FusedPlan {
  DwSep p{};
  DwConv conv;
  DwConvPlan depthwise;
  GemmShape pointwise;
  int threads = 1;
  int64_t band = 1;        // output rows
  int64_t mid_floats = 0;  // of one band; one for each thread
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void RunBand(const FusedPlan& plan, const Args& args, int64_t n, Range rows, float* mid) {
  const DwSep& p = plan.p;
  const DwConvData data = {
      .src = args.at<float>(DwSep::kSrc) + n * p.ih * p.iw * p.ic,
      .wei = args.at<float>(DwSep::kDwWei),
      .bias = p.bia ? args.at<float>(DwSep::kDwBia) : nullptr,
  };
  DwConvRows(plan.conv, data, mid, rows, {0, p.ic});
  const float* wei = reinterpret_cast<const float*>(args.packed);
  float* dst = args.at<float>(DwSep::kDst) + (n * p.oh() + rows.begin) * p.ow() * p.oc;
  const float* bias = p.bia ? args.at<float>(DwSep::kPwBia) : nullptr;
  Gemm({mid, p.ic}, PackedB(wei, p.ic, kGemmNR), {dst, p.oc}, (rows.end - rows.begin) * p.ow(), p.oc, p.ic,
       {.bias = bias, .act = p.act, .accumulate = false});
}

void Run(const FusedPlan& plan, const Args& args, int thread) {
  const DwSep& p = plan.p;
  float* mid = reinterpret_cast<float*>(args.workspace) + thread * plan.mid_floats;
  // Single rows of all maps: pairs, as the depthwise half computes them, would make 14 rows 8 and 6 on two threads, and
  // a row left over costs only that half, the lesser one.
  const Range share = Share(p.mb * p.oh(), plan.threads, thread);
  for (int64_t n = share.begin / p.oh(); n * p.oh() < share.end; ++n) {
    const int64_t begin = std::max<int64_t>(share.begin - n * p.oh(), 0);
    const int64_t end = std::min(share.end - n * p.oh(), p.oh());
    for (int64_t oh = begin; oh < end; oh += plan.band) {
      RunBand(plan, args, n, {oh, std::min(oh + plan.band, end)}, mid);
    }
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

// The largest band, in units of the rows computed together, whose depthwise result takes 128 KiB or less: a part of
// any L2, with room for a panel of weights and the rows that stream through.
int64_t BandRows(const DwSep& p, int64_t unit) {
  constexpr int64_t kBytes = 128 << 10;
  const int64_t unit_bytes = unit * p.ow() * p.ic * static_cast<int64_t>(sizeof(float));
  return std::max<int64_t>(kBytes / unit_bytes, 1) * unit;
}

Invocation Prepare(const DwSep& p, const Context& context) {
  FusedPlan plan;
  plan.p = p;
  plan.conv = {.c = p.ic, .rows = p.rows(), .columns = p.columns(), .act = p.act};
  plan.depthwise = ChosenDwConvPlan(plan.conv);
  plan.pointwise = ChosenGemmShape();
  plan.threads = context.threads;
  plan.band = std::min(BandRows(p, plan.depthwise.rows), p.oh());
  plan.mid_floats = (plan.band * p.ow() * p.ic + 15) / 16 * 16;  // so that no two threads share a cache line
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  Invocation invocation;
  invocation.run = [plan, run](const Args& args) {
    Parallel(plan.threads, [&](int thread) { run(plan, args, thread); });
  };
  invocation.pack = [plan](const Args& args) {
    PackB({args.at<float>(DwSep::kPwWei), plan.p.ic}, plan.p.oc, plan.p.ic, plan.pointwise.nr,
          reinterpret_cast<float*>(args.packed));
  };
  invocation.impl = plan.depthwise.Name() + ", " + std::to_string(plan.pointwise.mr) + "x" +
                    std::to_string(plan.pointwise.nr) + ", bands of " + std::to_string(plan.band) + " rows";
  const auto channels = static_cast<double>(p.mb * p.ic);
  invocation.executed_flops =
      2 * channels *
      (plan.depthwise.Macs(plan.conv) + static_cast<double>(p.oh() * p.ow()) * static_cast<double>(p.oc));
  invocation.packed_bytes = static_cast<size_t>(PackedFloats(p.oc, p.ic, plan.pointwise.nr)) * sizeof(float);
  invocation.workspace_bytes = static_cast<size_t>(plan.threads * plan.mid_floats) * sizeof(float);
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
