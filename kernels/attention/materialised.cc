// Attention as textbooks write it: all s x t scores of a head are computed and stored, then turned into weights, then
// multiplied with V. Masked scores are computed too, and set to 0 by the softmax. The same GEMM as `flash`.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
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
  int64_t rows = 0;   // of one head that a thread holds at once, at most
  int64_t pitch = 0;  // floats from a row of scores to the next
  // Floats of a thread's workspace: q, packed K, packed V (0: read in place, as its rows are whole panels), scores.
  int64_t q_floats = 0, k_floats = 0, v_floats = 0, score_floats = 0;

  int64_t thread_floats() const { return q_floats + k_floats + v_floats + score_floats; }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_MATERIALISED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// A thread's workspace.
struct Scratch {
  float *q, *k, *v, *scores;
};

// Rows [begin, end) of one query head; K and, where it is packed, V of its KV head lie in `to` already.
void RunHead(const MaterialisedPlan& plan, const Args& args, int64_t head, Range range, const Scratch& to) {
  const Attention& p = plan.problem;
  const int64_t rows = range.end - range.begin;
  const float* const in_place = args.at<const float>(Attention::kV) + head / (p.h / p.kvh) * p.t * p.d;
  const GemmB v = plan.v_floats > 0 ? PackedB(to.v, p.t, kGemmNR) : RowMajorB({in_place, p.d}, kGemmNR);
  float* const dst = args.at<float>(Attention::kDst) + (head * p.s + range.begin) * p.d;

  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  ScaleRow(args.at<const float>(Attention::kQ) + (head * p.s + range.begin) * p.d, rows * p.d, scale, to.q);
  const int64_t padded = (p.t + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({to.q, p.d}, PackedB(to.k, p.d, kGemmNR), {to.scores, plan.pitch}, rows, padded, p.d, {});

  for (int64_t i = 0; i < rows; ++i) {
    float* const row = to.scores + i * plan.pitch;
    const int64_t visible = p.causal != 0 ? range.begin + i + p.t - p.s + 1 : p.t;
    const float sum = RowExp2(row, visible, RowMax(row, visible));
    ScaleRow(row, visible, 1 / sum, row);
    std::fill(row + visible, row + p.t, 0.0f);
  }
  for (int64_t i = 0; i < rows; i += kRowBlock) {
    Gemm({to.scores + i * plan.pitch, plan.pitch}, v, {dst + i * p.d, p.d}, std::min(kRowBlock, rows - i), p.d, p.t,
         {});
  }
}

void RunThread(const MaterialisedPlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  Scratch to;
  to.q = reinterpret_cast<float*>(args.workspace) + thread * plan.thread_floats();
  to.k = to.q + plan.q_floats;
  to.v = to.k + plan.k_floats;
  to.scores = to.v + plan.v_floats;
  const Range share = Share(p.b * p.h * p.s, plan.threads, thread);
  int64_t packed = -1;
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t head = row / p.s;
    const int64_t end = std::min(share.end, (head + 1) * p.s);
    const int64_t kv_head = head / (p.h / p.kvh);
    if (packed != kv_head) {
      const int64_t first = kv_head * p.t * p.d;
      PackTransposed({args.at<const float>(Attention::kK) + first, p.d}, p.t, p.d, kGemmNR, to.k);
      if (plan.v_floats > 0) PackRows({args.at<const float>(Attention::kV) + first, p.d}, p.d, p.t, kGemmNR, to.v);
      packed = kv_head;
    }
    RunHead(plan, args, head, {row - head * p.s, end - head * p.s}, to);
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

HWY_EXPORT(RunThread);

int64_t RoundUp(int64_t floats, int64_t to) { return (floats + to - 1) / to * to; }

Invocation Prepare(const Attention& p, const Context& context) {
  const GemmShape tile = ChosenGemmShape();
  MaterialisedPlan plan{.problem = p, .threads = context.threads};
  plan.rows = std::min(p.s, (p.b * p.h * p.s + context.threads - 1) / context.threads);
  // Rows a multiple of 4 KiB apart would fall into one set of L1: 16 floats more keep them out of it.
  plan.pitch = RoundUp(p.t, std::max<int64_t>(tile.nr, 16)) + 16;
  plan.q_floats = RoundUp(plan.rows * p.d, 16);
  plan.k_floats = RoundUp(PackedFloats(p.t, p.d, tile.nr), 16);
  if (p.d % tile.nr != 0) plan.v_floats = RoundUp(PackedFloats(p.d, p.t, tile.nr), 16);
  plan.score_floats = RoundUp(plan.rows * plan.pitch, 16);

  Invocation invocation;
  invocation.impl = tile.isa;
  invocation.executed_flops = 4.0 * static_cast<double>(p.b * p.h) * static_cast<double>(p.s) *
                              static_cast<double>(p.t) * static_cast<double>(p.d);
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(context.threads * plan.thread_floats());
  invocation.run = [plan, fn = &HWY_DYNAMIC_DISPATCH(RunThread)](const Args& args) {
    Parallel(plan.threads, [&](int thread) { fn(plan, args, thread); });
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
