// Fully connected layers of a batch of a few: each weight is used at most kMaxBatch times, so reading the weights is
// what costs. They are read in place and once, as several rows at a time: as many streams for the prefetchers.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fc/gemv.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "hwy/highway.h"
// clang-format on
#include <algorithm>
#include <string>

#include "hwy/cache_control.h"
#include "kernels/api/activation.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/fc/fc.h"

#ifndef ROOFGAP_KERNELS_FC_GEMV_CC_
#define ROOFGAP_KERNELS_FC_GEMV_CC_
namespace roofgap {
namespace {

constexpr int64_t kMaxBatch = 4;

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

const char* Target() { return hwy::TargetName(HWY_TARGET); }

// Streams of weights. Each row times each input has its own accumulator: at least 8, to hide the latency of a
// multiply-add, and no more than leaves registers for the operands. At batch 2, 8 streams gave 79 GB/s and 4 gave 90.
constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM;
template <int B>
constexpr int kStreams = B == 1                     ? 8
                         : B == 2 || kManyRegisters ? 4
                                                    : 2;

// Prefetched ahead of each stream: 1 KiB. From the last-level cache 82 became 98 GB/s (Zen 5).
constexpr int64_t kAhead = 256;

// sum[r][i] += src[i] * wei[r], one vector each.
template <int R, int B>
HWY_INLINE void Step(const float* HWY_RESTRICT src, const float* HWY_RESTRICT wei, int64_t ic, V (&sum)[R][B]) {
  const D d;
  V in[B];
#pragma GCC unroll 4
  for (int i = 0; i < B; ++i) in[i] = hn::LoadU(d, src + i * ic);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const V w = hn::LoadU(d, wei + r * ic);
#pragma GCC unroll 4
    for (int i = 0; i < B; ++i) sum[r][i] = hn::MulAdd(in[i], w, sum[r][i]);
  }
}

// sums[r][i] = src[i] . wei[r], for R rows of weights and B inputs, all of ic floats, ic apart.
template <int R, int B>
void Dot(const float* HWY_RESTRICT src, const float* HWY_RESTRICT wei, int64_t ic, float (&sums)[R][B]) {
  const D d;
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(d));
  constexpr int64_t kLine = 16;
  V sum[R][B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int i = 0; i < B; ++i) sum[r][i] = hn::Zero(d);
  }
  int64_t k = 0;
  for (; k + kLine <= ic; k += kLine) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) hwy::Prefetch(wei + r * ic + k + kAhead);
#pragma GCC unroll 16
    for (int64_t part = 0; part < kLine; part += kLanes) Step<R, B>(src + k + part, wei + k + part, ic, sum);
  }
  for (; k + kLanes <= ic; k += kLanes) Step<R, B>(src + k, wei + k, ic, sum);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int i = 0; i < B; ++i) sums[r][i] = hn::GetLane(hn::SumOfLanes(d, sum[r][i]));
  }
  for (; k < ic; ++k) {
    for (int r = 0; r < R; ++r) {
      for (int i = 0; i < B; ++i) sums[r][i] += src[i * ic + k] * wei[r * ic + k];
    }
  }
}

template <int R, int B>
void Rows(const Fc& p, const Args& args, int64_t oc) {
  float sums[R][B];
  Dot<R, B>(args.at<float>(Fc::kSrc), args.at<float>(Fc::kWei) + oc * p.ic, p.ic, sums);
  const float* bias = args.at<float>(Fc::kBia);
  float* dst = args.at<float>(Fc::kDst);
  for (int r = 0; r < R; ++r) {
    const float add = p.bia != 0 ? bias[oc + r] : 0;
    for (int i = 0; i < B; ++i) dst[i * p.oc + oc + r] = static_cast<float>(Activate(p.act, sums[r][i] + add));
  }
}

template <int B>
void RunBatch(const Fc& p, const Args& args, Range oc) {
  int64_t o = oc.begin;
  for (; o + kStreams<B> <= oc.end; o += kStreams<B>) Rows<kStreams<B>, B>(p, args, o);
  for (; o < oc.end; ++o) Rows<1, B>(p, args, o);
}

void Run(const Fc& p, const Args& args, Range oc) {
  switch (p.mb) {
    case 1: return RunBatch<1>(p, args, oc);
    case 2: return RunBatch<2>(p, args, oc);
    case 3: return RunBatch<3>(p, args, oc);
    case 4: return RunBatch<4>(p, args, oc);
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

HWY_EXPORT(Target);
HWY_EXPORT(Run);

Support Supports(const Fc& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  if (p.mb > kMaxBatch) return {false, "needs mb <= " + std::to_string(kMaxBatch)};
  return {};
}

Invocation Prepare(const Fc& p, const Context& context) {
  const auto run = &HWY_DYNAMIC_DISPATCH(Run);
  Invocation invocation;
  invocation.run = [p, run, threads = context.threads](const Args& args) {
    Parallel(threads, [&](int thread) { run(p, args, Share(p.oc, threads, thread)); });
  };
  invocation.impl = std::string(HWY_DYNAMIC_DISPATCH(Target)()) + " dot, weights in place";
  invocation.executed_flops = 2.0 * p.mb * p.ic * p.oc;
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "gemv",
    .summary = "dot products of several weight rows at once, weights read once and in place (mb <= 4)",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
