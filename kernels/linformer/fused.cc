// Linformer in two phases: all projections once for each KV head; then, strip by strip of a register tile's height,
//   S = q K^T        q already times log2(e) / sqrt(d), so that the softmax is one of powers of 2
//   P = 2^(S - rowmax S);  O = P V / rowsum P
// where the projected K and V of the head, packed, stay in L2 and the k scores of a strip in L1: nothing is online, for
// all k scores of a row are there at once.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/api/round.h"
#include "kernels/linformer/linformer.h"
#include "kernels/linformer/project.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linformer/fused.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/linformer/project-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/pack-inl.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_LINFORMER_FUSED_ONCE_
#define ROOFGAP_KERNELS_LINFORMER_FUSED_ONCE_

namespace roofgap {
namespace {

struct LinformerPlan {
  Linformer problem;
  int threads = 1;
  Projections projections{};
  int64_t pitch = 0;  // floats from a row of scores to the next
  // Floats of a thread's workspace: packed projected K, packed projected V (0: read in place, as its rows are whole
  // panels), q and scores of a strip, and what projecting needs.
  int64_t k_floats = 0, v_floats = 0, q_floats = 0, score_floats = 0;

  int64_t thread_floats() const { return k_floats + v_floats + q_floats + score_floats + projections.packed_values; }
  float* Workspace(const Args& args, int thread) const {
    return reinterpret_cast<float*>(args.workspace) + projections.floats() + thread * thread_floats();
  }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_LINFORMER_FUSED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

void RunProject(const LinformerPlan& plan, const Args& args, int thread) {
  float* const own = plan.Workspace(args, thread);
  ProjectShare(plan.problem, plan.projections, args, reinterpret_cast<float*>(args.workspace),
               own + plan.thread_floats() - plan.projections.packed_values, plan.threads, thread);
}

// A thread's workspace, and V of the head that is packed in it.
struct Scratch {
  float *k, *packed_v, *q, *scores;
  GemmB v;
};

void RunStrip(const LinformerPlan& plan, const Scratch& at, const float* q, float* dst, int64_t rows) {
  const Linformer& p = plan.problem;
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  ScaleRow(q, rows * p.d, scale, at.q);
  const int64_t padded = (p.k + kGemmNR - 1) / kGemmNR * kGemmNR;
  Gemm({at.q, p.d}, PackedB(at.k, p.d, kGemmNR), {at.scores, plan.pitch}, rows, padded, p.d, {});
  float max[kGemmMR], sum[kGemmMR];
  for (int64_t i = 0; i < rows; ++i) max[i] = RowMax(at.scores + i * plan.pitch, p.k);
  for (int64_t i = 0; i < rows; ++i) sum[i] = RowExp2(at.scores + i * plan.pitch, p.k, max[i]);
  Gemm({at.scores, plan.pitch}, at.v, {dst, p.d}, rows, p.d, p.k, {});
  for (int64_t i = 0; i < rows; ++i) ScaleRow(dst + i * p.d, p.d, 1 / sum[i], dst + i * p.d);
}

void RunAttend(const LinformerPlan& plan, const Args& args, int thread) {
  const Linformer& p = plan.problem;
  const float* const projected = reinterpret_cast<const float*>(args.workspace);
  Scratch at;
  at.k = plan.Workspace(args, thread);
  at.packed_v = at.k + plan.k_floats;
  at.q = at.packed_v + plan.v_floats;
  at.scores = at.q + plan.q_floats;
  const int64_t of_head = p.h / p.kvh * p.s;
  const Range share = Share(p.b * p.h * p.s, plan.threads, thread);
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t head = row / of_head;
    const int64_t rows = std::min(share.end, (head + 1) * of_head) - row;
    const float* const k = projected + 2 * head * plan.projections.of_matrix;
    const float* const v = projected + (2 * head + 1) * plan.projections.of_matrix;
    PackTransposed({k, p.d}, p.k, p.d, kGemmNR, at.k);
    if (plan.v_floats > 0) PackRows({v, p.d}, p.d, p.k, kGemmNR, at.packed_v);
    at.v = plan.v_floats > 0 ? PackedB(at.packed_v, p.k, kGemmNR) : RowMajorB({v, p.d}, kGemmNR);
    const auto strips = static_cast<int>((rows + kGemmMR - 1) / kGemmMR);
    for (int strip = 0; strip < strips; ++strip) {
      const Range own = Share(rows, strips, strip);
      const int64_t first = (row + own.begin) * p.d;
      RunStrip(plan, at, args.at<const float>(Linformer::kQ) + first, args.at<float>(Linformer::kDst) + first,
               own.end - own.begin);
    }
    row += rows;
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

HWY_EXPORT(RunProject);
HWY_EXPORT(RunAttend);

Invocation Prepare(const Linformer& p, const Context& context) {
  const GemmShape tile = ChosenGemmShape();
  LinformerPlan plan{.problem = p, .threads = context.threads};
  plan.projections = Projections(p, tile);
  // Rows a multiple of 4 KiB apart would fall into one set of L1: 16 floats more keep them out of it.
  plan.pitch = RoundUp(p.k, std::max<int64_t>(tile.nr, 16)) + 16;
  plan.k_floats = RoundUp(PackedFloats(p.k, p.d, tile.nr), 16);
  if (p.d % tile.nr != 0) plan.v_floats = RoundUp(PackedFloats(p.d, p.k, tile.nr), 16);
  plan.q_floats = RoundUp(tile.mr * p.d, 16);
  plan.score_floats = RoundUp(tile.mr * plan.pitch, 16);

  Invocation invocation;
  invocation.impl = std::string(tile.isa) + " tile " + std::to_string(tile.mr) + "x" + std::to_string(tile.nr);
  invocation.executed_flops = Count(p, context.dtype).flops;
  invocation.packed_bytes = sizeof(float) * static_cast<size_t>(2 * plan.projections.of_weights);
  invocation.workspace_bytes =
      sizeof(float) * static_cast<size_t>(plan.projections.floats() + context.threads * plan.thread_floats());
  invocation.pack = [p, projections = plan.projections](const Args& args) { PackProjections(p, projections, args); };
  invocation.run = [plan, project = &HWY_DYNAMIC_DISPATCH(RunProject),
                    attend = &HWY_DYNAMIC_DISPATCH(RunAttend)](const Args& args) {
    Parallel(plan.threads, [&](int thread) { project(plan, args, thread); });
    Parallel(plan.threads, [&](int thread) { attend(plan, args, thread); });
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered =
    Register<Linformer>({.name = "fused",
                         .summary = "projections once for each KV head, then strips whose scores never leave L1",
                         .isa_control = IsaControl::kHighway,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
