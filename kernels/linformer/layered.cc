// Linformer stage by stage, each for everything before the next begins: both projections, all b h s k scores, their
// softmax, the weighted sums. The same GEMM as `fused`; what differs is what is stored.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/api/round.h"
#include "kernels/linformer/linformer.h"
#include "kernels/linformer/project.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linformer/layered.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/linformer/project-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/pack-inl.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_LINFORMER_LAYERED_ONCE_
#define ROOFGAP_KERNELS_LINFORMER_LAYERED_ONCE_

namespace roofgap {
namespace {

// Rows of scores that meet V at once: 64 rows of 1024 scores are 256 KiB, which stay in L2 while each panel passes.
constexpr int64_t kRowBlock = 64;

struct LayeredPlan {
  Linformer problem;
  int threads = 1;
  Projections projections{};
  int64_t pitch = 0;  // floats from a row of scores to the next
  // Floats of the scores, and of a thread's own: a packed projection, q of a block, and what projecting needs.
  int64_t score_floats = 0, packed_floats = 0, q_floats = 0;

  int64_t thread_floats() const { return packed_floats + q_floats + projections.packed_values; }
  float* Projected(const Args& args) const { return reinterpret_cast<float*>(args.workspace); }
  float* Scores(const Args& args) const { return Projected(args) + projections.floats(); }
  float* Own(const Args& args, int thread) const { return Scores(args) + score_floats + thread * thread_floats(); }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_LINFORMER_LAYERED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Calls fn(head, rows) for the parts of the thread's share of all query rows that lie in one KV head.
template <class Fn>
HWY_INLINE void ForOwnRows(const LayeredPlan& plan, int thread, const Fn& fn) {
  const Linformer& p = plan.problem;
  const int64_t of_head = p.h / p.kvh * p.s;
  const Range share = Share(p.b * p.h * p.s, plan.threads, thread);
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t head = row / of_head;
    const int64_t end = std::min(share.end, (head + 1) * of_head);
    fn(head, Range{row, end});
    row = end;
  }
}

void RunProject(const LayeredPlan& plan, const Args& args, int thread) {
  ProjectShare(plan.problem, plan.projections, args, plan.Projected(args),
               plan.Own(args, thread) + plan.packed_floats + plan.q_floats, plan.threads, thread);
}

void RunScores(const LayeredPlan& plan, const Args& args, int thread) {
  const Linformer& p = plan.problem;
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  const int64_t padded = (p.k + kGemmNR - 1) / kGemmNR * kGemmNR;
  float* const packed = plan.Own(args, thread);
  float* const q = packed + plan.packed_floats;
  ForOwnRows(plan, thread, [&](int64_t head, Range rows) HWY_ATTR {
    PackTransposed({plan.Projected(args) + 2 * head * plan.projections.of_matrix, p.d}, p.k, p.d, kGemmNR, packed);
    for (int64_t row = rows.begin; row < rows.end; row += kRowBlock) {
      const int64_t count = std::min(kRowBlock, rows.end - row);
      ScaleRow(args.at<const float>(Linformer::kQ) + row * p.d, count * p.d, scale, q);
      Gemm({q, p.d}, PackedB(packed, p.d, kGemmNR), {plan.Scores(args) + row * plan.pitch, plan.pitch}, count, padded,
           p.d, {});
    }
  });
}

void RunSoftmax(const LayeredPlan& plan, const Args& args, int thread) {
  const Linformer& p = plan.problem;
  const Range share = Share(p.b * p.h * p.s, plan.threads, thread);
  for (int64_t i = share.begin; i < share.end; ++i) {
    float* const row = plan.Scores(args) + i * plan.pitch;
    const float sum = RowExp2(row, p.k, RowMax(row, p.k));
    ScaleRow(row, p.k, 1 / sum, row);
  }
}

void RunSums(const LayeredPlan& plan, const Args& args, int thread) {
  const Linformer& p = plan.problem;
  float* const packed = plan.Own(args, thread);
  ForOwnRows(plan, thread, [&](int64_t head, Range rows) HWY_ATTR {
    const GemmIn values = {plan.Projected(args) + (2 * head + 1) * plan.projections.of_matrix, p.d};
    if (plan.projections.packs_values()) PackRows(values, p.d, p.k, kGemmNR, packed);
    const GemmB v = plan.projections.packs_values() ? PackedB(packed, p.k, kGemmNR) : RowMajorB(values, kGemmNR);
    for (int64_t row = rows.begin; row < rows.end; row += kRowBlock) {
      Gemm({plan.Scores(args) + row * plan.pitch, plan.pitch}, v, {args.at<float>(Linformer::kDst) + row * p.d, p.d},
           std::min(kRowBlock, rows.end - row), p.d, p.k, {});
    }
  });
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunProject);
HWY_EXPORT(RunScores);
HWY_EXPORT(RunSoftmax);
HWY_EXPORT(RunSums);

Invocation Prepare(const Linformer& p, const Context& context) {
  const GemmShape tile = ChosenGemmShape();
  LayeredPlan plan{.problem = p, .threads = context.threads};
  plan.projections = Projections(p, tile);
  // Rows a multiple of 4 KiB apart would fall into one set of L1: 16 floats more keep them out of it.
  plan.pitch = RoundUp(p.k, std::max<int64_t>(tile.nr, 16)) + 16;
  plan.score_floats = p.b * p.h * p.s * plan.pitch;
  plan.packed_floats = RoundUp(std::max(PackedFloats(p.k, p.d, tile.nr), PackedFloats(p.d, p.k, tile.nr)), 16);
  plan.q_floats = RoundUp(kRowBlock * p.d, 16);

  Invocation invocation;
  invocation.impl = std::string(tile.isa) + " tile " + std::to_string(tile.mr) + "x" + std::to_string(tile.nr);
  invocation.executed_flops = Count(p, context.dtype).flops;
  invocation.packed_bytes = sizeof(float) * static_cast<size_t>(2 * plan.projections.of_weights);
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(plan.projections.floats() + plan.score_floats +
                                                                   context.threads * plan.thread_floats());
  using Stage = void (*)(const LayeredPlan&, const Args&, int);
  const std::array<Stage, 4> stages = {&HWY_DYNAMIC_DISPATCH(RunProject), &HWY_DYNAMIC_DISPATCH(RunScores),
                                       &HWY_DYNAMIC_DISPATCH(RunSoftmax), &HWY_DYNAMIC_DISPATCH(RunSums)};
  invocation.pack = [p, projections = plan.projections](const Args& args) { PackProjections(p, projections, args); };
  invocation.run = [plan, stages](const Args& args) {
    for (const Stage stage : stages) {
      Parallel(plan.threads, [&](int thread) { stage(plan, args, thread); });
    }
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Linformer>({.name = "layered",
                                                               .summary = "stage by stage, all s x k scores stored",
                                                               .isa_control = IsaControl::kHighway,
                                                               .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
