// Depthwise convolution with channels in vector lanes, weights and several rows of outputs in registers
// (kernels/simd/dwconv.cc). Operands found in memory, not in a cache, are read in address order first, a block of rows
// at a time: the block itself reads them in an order that no hardware prefetcher follows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwconv2d/resident.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/dwconv-inl.h"
// clang-format on
#include <algorithm>
#include <bit>
#include <chrono>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwconv2d/dwconv2d.h"

#ifndef ROOFGAP_KERNELS_DWCONV2D_RESIDENT_CC_
#define ROOFGAP_KERNELS_DWCONV2D_RESIDENT_CC_
namespace roofgap {
namespace {

struct ResidentPlan {
  DwConv2d p{};
  DwConv conv;
  DwConvPlan kernel;
  int threads = 1;
  bool split_channels = false;  // threads divide the channels, not the rows
};

// A thread's part of a map.
struct Part {
  Range rows;  // of outputs
  Range channels;
};

// The rows of inputs that outputs `rows` read.
inline Range InputRows(const DwConv2d& p, Range rows) {
  const Window window = p.rows();
  const int64_t last_tap = (window.taps - 1) * window.dilation;
  const int64_t begin = rows.begin * window.stride - window.pad;
  const int64_t end = (rows.end - 1) * window.stride - window.pad + last_tap + 1;
  return {std::clamp<int64_t>(begin, 0, p.ih), std::clamp<int64_t>(end, 0, p.ih)};
}

// Whether `floats` from `from` on lie farther away than the last-level cache: by the time of three loads, each after
// the other. With the clock they take 30 ns from L2, 50 to 80 from L3, 1100 to 1500 from memory with page tables.
inline bool IsFar(const float* from, int64_t floats) {
  constexpr int kLoads = 3;
  constexpr auto kLimit = std::chrono::nanoseconds(200);
  constexpr int64_t kFewest = 4096;  // or not worth asking
  if (floats < kFewest) return false;
  uint32_t none = 0;
  asm volatile("" : "+r"(none));  // zero, but the compiler does not know: each address waits for the load before
  const auto start = std::chrono::steady_clock::now();
  int64_t at = floats / (2 * kLoads);
  for (int i = 0; i < kLoads; ++i) {
    const float value = *const_cast<const volatile float*>(from + at);
    at += floats / kLoads + (std::bit_cast<uint32_t>(value) & none);
  }
  asm volatile("" : : "r"(at) : "memory");
  return std::chrono::steady_clock::now() - start > kLimit;
}

// Loads one byte of each cache line. Prefetches would not do: 6272 lines from memory take 11 us by loads, 5 by
// prefetches, after which many are still missing.
inline void Touch(const float* from, int64_t floats) {
  constexpr int64_t kLine = 64;
  const auto* bytes = reinterpret_cast<const volatile char*>(from);
  for (int64_t at = 0; at < floats * static_cast<int64_t>(sizeof(float)); at += kLine) static_cast<void>(bytes[at]);
}

// `channels` of some pixels of c channels each.
inline void TouchPixels(const float* from, int64_t pixels, int64_t c, Range channels) {
  if (channels.end - channels.begin == c) return Touch(from, pixels * c);
  for (int64_t i = 0; i < pixels; ++i) Touch(from + i * c + channels.begin, channels.end - channels.begin);
}

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// As many rows at a time as the kernel takes, each after its operands were touched. Outputs too: a store that misses
// loads the line.
void RunFar(const ResidentPlan& plan, const DwConvData& data, float* dst, const Part& part) {
  const DwConv2d& p = plan.p;
  const int64_t count = part.rows.end - part.rows.begin;
  const int64_t blocks = (count + plan.kernel.height - 1) / plan.kernel.height;
  TouchPixels(data.wei, p.kh * p.kw, p.c, part.channels);
  int64_t touched = InputRows(p, part.rows).begin;
  for (int64_t b = 0; b < blocks; ++b) {
    const Range own = plan.kernel.slides ? Share(count, static_cast<int>(blocks), static_cast<int>(b))
                                         : Range{b * plan.kernel.height, std::min((b + 1) * plan.kernel.height, count)};
    const Range rows = {part.rows.begin + own.begin, part.rows.begin + own.end};
    float* const to = dst + own.begin * p.ow() * p.c;
    const int64_t end = InputRows(p, rows).end;
    TouchPixels(data.src + touched * p.iw * p.c, (end - touched) * p.iw, p.c, part.channels);
    TouchPixels(to, (rows.end - rows.begin) * p.ow(), p.c, part.channels);
    DwConvRows(plan.conv, data, to, rows, part.channels);
    touched = end;
  }
}

void RunMap(const ResidentPlan& plan, const Args& args, int64_t n, const Part& part) {
  const DwConv2d& p = plan.p;
  const DwConvData data = {
      .src = args.at<float>(DwConv2d::kSrc) + n * p.ih * p.iw * p.c,
      .wei = args.at<float>(DwConv2d::kWei),
      .bias = p.bia ? args.at<float>(DwConv2d::kBia) : nullptr,
  };
  float* dst = args.at<float>(DwConv2d::kDst) + (n * p.oh() + part.rows.begin) * p.ow() * p.c;
  const Range in = InputRows(p, part.rows);
  const int64_t row = p.iw * p.c;
  if (IsFar(data.src + in.begin * row, (in.end - in.begin) * row)) return RunFar(plan, data, dst, part);
  DwConvRows(plan.conv, data, dst, part.rows, part.channels);
}

void Run(const ResidentPlan& plan, const Args& args, int thread) {
  const DwConv2d& p = plan.p;
  if (plan.split_channels) {
    const Range vectors = Share(p.c / plan.kernel.lanes, plan.threads, thread);
    const Range channels = {vectors.begin * plan.kernel.lanes,
                            thread + 1 == plan.threads ? p.c : vectors.end * plan.kernel.lanes};
    for (int64_t n = 0; n < p.mb; ++n) RunMap(plan, args, n, {{0, p.oh()}, channels});
    return;
  }
  const int64_t blocks = (p.oh() + plan.kernel.rows - 1) / plan.kernel.rows;  // of one map
  const Range share = Share(p.mb * blocks, plan.threads, thread);
  for (int64_t n = share.begin / blocks; n * blocks < share.end; ++n) {
    const Range own = {std::max<int64_t>(share.begin - n * blocks, 0), std::min(share.end - n * blocks, blocks)};
    const Range rows = {own.begin * plan.kernel.rows, std::min(own.end * plan.kernel.rows, p.oh())};
    RunMap(plan, args, n, {rows, {0, p.c}});
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
    Parallel(plan.threads, [&](int thread) { run(plan, args, thread); });
  };
  invocation.impl = plan.kernel.Name();
  invocation.executed_flops = 2 * static_cast<double>(p.mb) * static_cast<double>(p.c) * plan.kernel.Macs(plan.conv);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "resident",
    .summary = "weights and several rows of outputs in registers, channels in lanes, no padded copy",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
