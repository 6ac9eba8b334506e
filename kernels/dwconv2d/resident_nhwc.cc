// Depthwise convolution with channels in vector lanes, weights and several rows of outputs in registers
// (kernels/simd/dwconv.cc). Operands found in memory, not in a cache, are read in address order first, a block of rows
// at a time: the block itself reads them in an order that no hardware prefetcher follows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwconv2d/resident_nhwc.cc"
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

#ifndef ROOFGAP_KERNELS_DWCONV2D_RESIDENT_NHWC_CC_
#define ROOFGAP_KERNELS_DWCONV2D_RESIDENT_NHWC_CC_
namespace roofgap {
namespace {

struct ResidentPlan {
  DwConv2d p{};
  DwConv conv;
  DwConvPlan kernel;
  int threads = 1;
  // Threads divide the channels, not the rows; not of operands in memory, which are read in address order.
  bool split_channels = false;
};

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// As many rows at a time as the kernel takes, each after its operands were touched. Outputs too: a store that misses
// loads the line.
void RowsFromMemory(const ResidentPlan& plan, const DwConvData& data, float* dst, Range rows) {
  const DwConv2d& p = plan.p;
  const int64_t count = rows.end - rows.begin;
  const int64_t blocks = (count + plan.kernel.height - 1) / plan.kernel.height;
  Touch({data.wei, p.kh * p.kw * p.c});
  int64_t touched = p.rows().InputsOf(rows).begin;
  for (int64_t b = 0; b < blocks; ++b) {
    const Range own = plan.kernel.Strip(count, plan.kernel.height, b);
    const Range block = {rows.begin + own.begin, rows.begin + own.end};
    float* const to = dst + own.begin * p.ow() * p.c;
    const int64_t end = p.rows().InputsOf(block).end;
    Touch({data.src + touched * p.iw * p.c, (end - touched) * p.iw * p.c},
          {to, (block.end - block.begin) * p.ow() * p.c});
    DwConvRows(plan.conv, data, to, block, {0, p.c});
    touched = end;
  }
}

void RunMap(const ResidentPlan& plan, const Args& args, int64_t n, Range rows, Range channels, bool far) {
  const DwConv2d& p = plan.p;
  const DwConvData data = {
      .src = args.at<float>(DwConv2d::kSrc) + n * p.ih * p.iw * p.c,
      .wei = args.at<float>(DwConv2d::kWei),
      .bias = p.bia ? args.at<float>(DwConv2d::kBia) : nullptr,
  };
  float* dst = args.at<float>(DwConv2d::kDst) + (n * p.oh() + rows.begin) * p.ow() * p.c;
  far ? RowsFromMemory(plan, data, dst, rows) : DwConvRows(plan.conv, data, dst, rows, channels);
}

void Run(const ResidentPlan& plan, const Args& args, bool far, int thread) {
  const DwConv2d& p = plan.p;
  if (plan.split_channels && !far) {
    const Range vectors = Share(p.c / plan.kernel.lanes, plan.threads, thread);
    const Range channels = {vectors.begin * plan.kernel.lanes,
                            thread + 1 == plan.threads ? p.c : vectors.end * plan.kernel.lanes};
    for (int64_t n = 0; n < p.mb; ++n) RunMap(plan, args, n, {0, p.oh()}, channels, false);
    return;
  }
  const int64_t blocks = (p.oh() + plan.kernel.rows - 1) / plan.kernel.rows;  // of one map
  const Range share = Share(p.mb * blocks, plan.threads, thread);
  for (int64_t n = share.begin / blocks; n * blocks < share.end; ++n) {
    const Range own = {std::max<int64_t>(share.begin - n * blocks, 0), std::min(share.end - n * blocks, blocks)};
    const Range rows = {own.begin * plan.kernel.rows, std::min(own.end * plan.kernel.rows, p.oh())};
    RunMap(plan, args, n, rows, {0, p.c}, far);
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

// Whether the busiest thread has less to do when channels are divided, not rows. Blocks of rows divide unevenly where
// they are few (7 rows in pairs are 4 and 3); strips of channels as narrow as a few vectors do not pay, nor do large
// maps: half of the channels of pixels 1 KiB apart use half the sets of L2 (c256ih28kh3sh2ph1: 10 us, by rows 7 to 8).
bool SplitChannels(const ResidentPlan& plan) {
  const DwConv2d& p = plan.p;
  const auto busiest = [&](int64_t count) { return (count + plan.threads - 1) / plan.threads; };
  constexpr int64_t kLargeFloats = (1 << 19) / 4;
  const int64_t rows = p.mb * p.oh();
  const int64_t blocks = p.mb * ((p.oh() + plan.kernel.rows - 1) / plan.kernel.rows);
  const int64_t vectors = p.c / plan.kernel.lanes;
  if (blocks >= 8 * plan.threads || vectors < 4 * plan.threads) return false;
  if (p.c * (p.ih * p.iw + p.oh() * p.ow()) > kLargeFloats) return false;
  return busiest(vectors) * rows < busiest(blocks) * plan.kernel.rows * vectors;
}

Invocation Prepare(const DwConv2d& p, const Context& context) {
  ResidentPlan plan;
  plan.p = p;
  plan.conv = {.c = p.c, .rows = p.rows(), .columns = p.columns(), .act = p.act};
  plan.kernel = ChosenDwConvPlan(plan.conv);
  plan.threads = context.threads;
  plan.split_channels = SplitChannels(plan);
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  Invocation invocation;
  invocation.run = [plan, run](const Args& args) {
    const DwConv2d& of = plan.p;
    // The first thread's rows, or its first channel of all pixels.
    const int64_t own = of.mb * of.ih * of.iw * of.c / (plan.split_channels ? 1 : plan.threads);
    const bool far = IsFar(args.at<float>(DwConv2d::kSrc), own, of.c);
    Parallel(plan.threads, [&](int thread) { run(plan, args, far, thread); });
  };
  invocation.impl = plan.kernel.Name();
  invocation.executed_flops = 2 * static_cast<double>(p.mb) * static_cast<double>(p.c) * plan.kernel.Macs(plan.conv);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "resident_nhwc",
    .summary = "resident's kernel on channels-last activations, in place",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
