// Fully connected layers of a batch of a few: each weight is used at most a few times, so reading the weights is
// what costs. They are packed in panels of as many output channels as registers hold sums for, so that a thread reads
// all of its weights as one stream, the way a plain load loop does.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fc/gemv.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "hwy/highway.h"
// clang-format on
#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <utility>

#include "hwy/cache_control.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/fc/fc.h"
#include "kernels/fc/threads.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Sums that registers hold beside the weights and an input.
constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM;
constexpr int kMaxSums = kManyRegisters ? 25 : 12;

// Vectors of a panel at batch B. The wider, the fewer panels to end and the fewer inputs to load. (One vector, at a
// batch of 7 or 8 on 16 registers, takes more loads than multiply-adds: `gemm` is for those.)
template <int B>
constexpr int kVectors = std::clamp(kMaxSums / B, 1, 8);

// The hardware's prefetchers stop at every 4 KiB; this goes on a page ahead of the reading (1024 floats). From the
// last-level cache 96 became 102 % of what a load loop reaches (1 KiB ahead: 96 %, Zen 5).
constexpr int64_t kAhead = 1024;

// sum[i][v] += src[i][k] * the v-th vector of the panel's row k.
template <int B, int NV>
HWY_INLINE void Step(const float* HWY_RESTRICT src, int64_t ic, const float* HWY_RESTRICT wei, V (&sum)[B][NV]) {
  const D d;
  V w[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    if (v * kLanes % 16 == 0) hwy::Prefetch(wei + v * kLanes + kAhead);
    w[v] = hn::Load(d, wei + v * kLanes);
  }
#pragma GCC unroll 8
  for (int i = 0; i < B; ++i) {
    const V in = hn::Set(d, src[i * ic]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[i][v] = hn::MulAdd(in, w[v], sum[i][v]);
  }
}

// One panel of NV vectors, `columns` output channels from `column` on.
template <int B, int NV>
void Panel(const Fc& p, const Args& args, const float* HWY_RESTRICT wei, int64_t column, int64_t columns) {
  const D d;
  // Fewer than 8 sums cannot hide the latency of a multiply-add: narrow panels keep several over every kParts-th k.
  constexpr int kParts = (8 + B * NV - 1) / (B * NV);
  HWY_ALIGN float bias[NV * kLanes] = {};
  if (p.bia != 0) std::copy_n(args.at<float>(Fc::kBia) + column, columns, bias);
  V sum[kParts][B][NV];
#pragma GCC unroll 8
  for (int i = 0; i < B; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      sum[0][i][v] = hn::Load(d, bias + v * kLanes);
#pragma GCC unroll 8
      for (int part = 1; part < kParts; ++part) sum[part][i][v] = hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT src = args.at<float>(Fc::kSrc);
  const int64_t ic = p.ic;
  int64_t k = 0;
  for (; k + kParts <= ic; k += kParts) {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part, wei += NV * kLanes) Step<B, NV>(src + k + part, ic, wei, sum[part]);
  }
  for (; k != ic; ++k, wei += NV * kLanes) Step<B, NV>(src + k, ic, wei, sum[0]);
#pragma GCC unroll 8
  for (int part = 1; part < kParts; ++part) {
#pragma GCC unroll 8
    for (int i = 0; i < B; ++i) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[0][i][v] = hn::Add(sum[0][i][v], sum[part][i][v]);
    }
  }
  ActivateTile(d, p.act, sum[0]);
  for (int i = 0; i < B; ++i) {
    float* const dst = args.at<float>(Fc::kDst) + i * p.oc + column;
    HWY_ALIGN float out[NV * kLanes];
    const bool whole = columns == NV * kLanes;
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) hn::StoreU(sum[0][i][v], d, (whole ? dst : out) + v * kLanes);
    if (!whole) std::copy_n(out, columns, dst);
  }
}

using PanelFn = void (*)(const Fc&, const Args&, const float*, int64_t, int64_t);

template <int B, int... I>
constexpr std::array<PanelFn, sizeof...(I)> MakePanels(std::integer_sequence<int, I...>) {
  return {&Panel<B, I + 1>...};
}

// Those of batch B, by vectors - 1.
template <int B>
constexpr auto kPanels = MakePanels<B>(std::make_integer_sequence<int, kVectors<B>>());

// Calls body(columns of a panel, its vectors, the floats of weights before it) for the panels of the columns `own`.
template <class Body>
void ForPanels(const Fc& p, Range own, int64_t vectors, const Body& body) {
  for (int64_t column = own.begin; column < own.end; column += vectors * kLanes) {
    const Range columns = {column, std::min(column + vectors * kLanes, own.end)};
    body(columns, (columns.end - columns.begin + kLanes - 1) / kLanes, column * p.ic);
  }
}

template <int B>
void RunBatch(const Fc& p, const Args& args, Range own) {
  const float* const packed = reinterpret_cast<const float*>(args.packed);
  ForPanels(p, own, kVectors<B>, [&](Range columns, int64_t vectors, int64_t at) HWY_ATTR {
    // The common one directly: an indirect call that is not predicted costs 8 ns.
    const int64_t count = columns.end - columns.begin;
    if (vectors == kVectors<B>) {
      Panel<B, kVectors<B>>(p, args, packed + at, columns.begin, count);
    } else {
      kPanels<B>[vectors - 1](p, args, packed + at, columns.begin, count);
    }
  });
}

// Calls body(a batch size as a constant) for that of the problem.
template <int B = 1, class Body>
void ForBatch(int64_t mb, const Body& body) {
  if (mb == B) return body(std::integral_constant<int, B>());
  if constexpr (B < kMaxGemvBatch) ForBatch<B + 1>(mb, body);
}

void Run(const Fc& p, const Args& args, Range own) {
  ForBatch(p.mb, [&](auto batch) HWY_ATTR { RunBatch<batch>(p, args, own); });
}

void Pack(const Fc& p, const Args& args, Range own) {
  float* const packed = reinterpret_cast<float*>(args.packed);
  ForBatch(p.mb, [&](auto batch) HWY_ATTR {
    ForPanels(p, own, kVectors<batch>, [&](Range columns, int64_t vectors, int64_t at) HWY_ATTR {
      const GemmIn wei = {args.at<float>(Fc::kWei) + columns.begin * p.ic, p.ic};
      PackTransposed(wei, columns.end - columns.begin, p.ic, vectors * kLanes, packed + at);
    });
  });
}

std::string Plan() { return std::string(hwy::TargetName(HWY_TARGET)) + " weights in one stream"; }

int64_t Lanes() { return kLanes; }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(Plan);
HWY_EXPORT(Lanes);
HWY_EXPORT(Run);
HWY_EXPORT(Pack);

Support Supports(const Fc& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  if (p.mb > kMaxGemvBatch) return {false, "needs mb <= " + std::to_string(kMaxGemvBatch)};
  return {};
}

Invocation Prepare(const Fc& p, const Context& context) {
  const int64_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)();
  const int threads = FcThreads(p, ChosenGemmShape(), context.threads);
  // Threads share whole vectors of output channels.
  const auto own = [=](int thread) {
    const Range vectors = Share((p.oc + lanes - 1) / lanes, threads, thread);
    return Range{vectors.begin * lanes, std::min(vectors.end * lanes, p.oc)};
  };
  Invocation invocation;
  invocation.run = [=, run = &HWY_DYNAMIC_DISPATCH(Run)](const Args& args) {
    Parallel(threads, [&](int thread) { run(p, args, own(thread)); });
  };
  invocation.pack = [=, pack = &HWY_DYNAMIC_DISPATCH(Pack)](const Args& args) {
    Parallel(threads, [&](int thread) { pack(p, args, own(thread)); });
  };
  invocation.impl = HWY_DYNAMIC_DISPATCH(Plan)() + OnThreads(threads, context.threads);
  invocation.executed_flops = 2.0 * p.mb * p.ic * p.oc;
  invocation.packed_bytes = PackedFloats(p.oc, p.ic, lanes) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "gemv",
    .summary = "vector-matrix product, each thread's weights packed as one stream (mb <= 8)",
    .isa_control = IsaControl::kHighway,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
