// Attention as textbooks write it: all s x t scores of a head are computed and stored, then turned into weights, then
// multiplied with V. Masked scores are computed too, and set to 0 by the softmax. On the register tile of all kernels.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/api/round.h"
#include "kernels/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/materialised.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/pack-inl.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_MATERIALISED_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_MATERIALISED_ONCE_

namespace roofgap {
namespace {

// Rows of weights that the second GEMM takes at once: 64 rows of 1024 keys are 256 KiB, which stay in L2 while each
// panel of V passes.
constexpr int64_t kRowBlock = 64;

struct MaterialisedPlan {
  Attention problem;
  int threads = 1;
  int64_t pitch = 0;  // floats from a row of scores to the next
  // Packed K and V of a KV head (V 0: read in place, as its rows are whole panels), one for each thread; or for each
  // KV head, where there are fewer of them than threads, packed by all threads before the rest.
  int64_t k_floats = 0, v_floats = 0;
  int64_t score_floats = 0;  // of a thread

  bool shared() const { return problem.b * problem.kvh < threads; }
  int64_t packs() const { return std::min<int64_t>(problem.b * problem.kvh, threads); }
  int64_t floats() const { return packs() * (k_floats + v_floats) + threads * score_floats; }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_MATERIALISED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

struct Packed {
  float *k, *v;
};

Packed PackedOf(const MaterialisedPlan& plan, const Args& args, int64_t pack) {
  float* const k = reinterpret_cast<float*>(args.workspace) + pack * (plan.k_floats + plan.v_floats);
  return {k, k + plan.k_floats};
}

// The share of one of `parts` in the packing of a KV head. K takes the scale and log2(e): the softmax is one of powers
// of 2.
void Pack(const MaterialisedPlan& plan, const Args& args, int64_t kv_head, const Packed& to, int parts, int part) {
  const Attention& p = plan.problem;
  const auto scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  const auto panels = [&](int64_t columns) {
    const Range own = Share((columns + kGemmNR - 1) / kGemmNR, parts, part);
    return Range{own.begin * kGemmNR, std::min(own.end * kGemmNR, columns)};
  };
  const int64_t first = kv_head * p.t * p.d;
  if (const Range keys = panels(p.t); keys.begin < keys.end) {
    PackTransposed({args.at<const float>(Attention::kK) + first + keys.begin * p.d, p.d}, keys.end - keys.begin, p.d,
                   kGemmNR, to.k + keys.begin * p.d, scale);
  }
  if (const Range columns = panels(p.d); plan.v_floats > 0 && columns.begin < columns.end) {
    PackRows({args.at<const float>(Attention::kV) + first + columns.begin, p.d}, columns.end - columns.begin, p.t,
             kGemmNR, to.v + columns.begin * p.t);
  }
}

void PackAll(const MaterialisedPlan& plan, const Args& args, int thread) {
  for (int64_t kv = 0; kv < plan.packs(); ++kv) Pack(plan, args, kv, PackedOf(plan, args, kv), plan.threads, thread);
}

// Rows [begin, end) of one query head.
void RunHead(const MaterialisedPlan& plan, const Args& args, int64_t head, Range range, const Packed& packed,
             float* scores) {
  const Attention& p = plan.problem;
  const int64_t rows = range.end - range.begin;
  const float* const in_place = args.at<const float>(Attention::kV) + head / (p.h / p.kvh) * p.t * p.d;
  const GemmB v = plan.v_floats > 0 ? PackedB(packed.v, p.t, kGemmNR) : RowMajorB({in_place, p.d}, kGemmNR);
  float* const dst = args.at<float>(Attention::kDst) + (head * p.s + range.begin) * p.d;

  const float* const q = args.at<const float>(Attention::kQ) + (head * p.s + range.begin) * p.d;
  const int64_t padded = (p.t + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({q, p.d}, PackedB(packed.k, p.d, kGemmNR), {scores, plan.pitch}, rows, padded, p.d, {});

  for (int64_t i = 0; i < rows; ++i) {
    float* const row = scores + i * plan.pitch;
    const int64_t visible = p.causal != 0 ? range.begin + i + p.t - p.s + 1 : p.t;
    const float sum = RowExp2(row, visible, RowMax(row, visible));
    ScaleRow(row, visible, 1 / sum, row);
    std::fill(row + visible, row + p.t, 0.0f);
  }
  for (int64_t i = 0; i < rows; i += kRowBlock) {
    Gemm({scores + i * plan.pitch, plan.pitch}, v, {dst + i * p.d, p.d}, std::min(kRowBlock, rows - i), p.d, p.t, {});
  }
}

void RunThread(const MaterialisedPlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  float* const scores = PackedOf(plan, args, plan.packs()).k + thread * plan.score_floats;
  const Range share = Share(p.b * p.h * p.s, plan.threads, thread);
  int64_t packed = -1;
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t head = row / p.s;
    const int64_t end = std::min(share.end, (head + 1) * p.s);
    const int64_t kv_head = head / (p.h / p.kvh);
    const Packed own = PackedOf(plan, args, plan.shared() ? kv_head : thread);
    if (!plan.shared() && packed != kv_head) Pack(plan, args, kv_head, own, 1, 0);
    packed = kv_head;
    RunHead(plan, args, head, {row - head * p.s, end - head * p.s}, own, scores);
    row = end;
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(PackAll);
HWY_EXPORT(RunThread);

Invocation Prepare(const Attention& p, const Context& context) {
  const GemmShape tile = ChosenGemmShape();
  MaterialisedPlan plan{.problem = p, .threads = context.threads};
  const int64_t rows = std::min(p.s, (p.b * p.h * p.s + context.threads - 1) / context.threads);  // at once, of a head
  // Rows a multiple of 4 KiB apart would fall into one set of L1: 16 floats more keep them out of it.
  plan.pitch = RoundUp(p.t, std::max<int64_t>(tile.nr, 16)) + 16;
  plan.k_floats = RoundUp(PackedFloats(p.t, p.d, tile.nr), 16);
  if (p.d % tile.nr != 0) plan.v_floats = RoundUp(PackedFloats(p.d, p.t, tile.nr), 16);
  plan.score_floats = RoundUp(rows * plan.pitch, 16);

  Invocation invocation;
  invocation.impl = tile.isa;
  invocation.executed_flops = 4.0 * static_cast<double>(p.b * p.h) * static_cast<double>(p.s) *
                              static_cast<double>(p.t) * static_cast<double>(p.d);
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(plan.floats());
  const auto pack = &HWY_DYNAMIC_DISPATCH(PackAll);
  const auto run = &HWY_DYNAMIC_DISPATCH(RunThread);
  invocation.run = [plan, pack, run](const Args& args) {
    if (plan.shared()) Parallel(plan.threads, [&](int thread) { pack(plan, args, thread); });
    Parallel(plan.threads, [&](int thread) { run(plan, args, thread); });
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered =
    Register<Attention>({.name = "materialised",
                         .summary = "all scores of a head stored; two GEMMs and a softmax between them",
                         .isa_control = IsaControl::kHighway,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
