// FAVOR+ stage by stage, each for everything before the next begins: keys packed, the features of all keys, their sums
// with the values, the features of all queries, the outputs. All b (h s + kvh t) m features are stored. The same GEMM
// and row passes as `fused`. Not causal: that would store m x (d + 1) sums for every key.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/performer/performer.h"
#include "kernels/performer/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/performer/layered.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/performer/features-inl.h"

#ifndef ROOFGAP_KERNELS_PERFORMER_LAYERED_ONCE_
#define ROOFGAP_KERNELS_PERFORMER_LAYERED_ONCE_

namespace roofgap {
namespace {

struct LayeredPlan {
  Performer problem;
  GemmShape tile;
  int threads = 1;
  PerformerSizes sizes{};  // of one block of all keys

  int64_t heads() const { return problem.b * problem.kvh; }
  // Of a KV head: its sums, packed keys and values, -|k|^2, features and what they add up to; then the features and
  // denominators of all queries.
  int64_t head_floats() const {
    return sizes.sums() + sizes.packed_k + sizes.packed_v + sizes.key_pitch + problem.m * sizes.key_pitch +
           sizes.per_feature;
  }
  int64_t queries() const { return problem.b * problem.h * problem.s; }
  int64_t floats() const { return heads() * head_floats() + queries() * sizes.feature_pitch + RoundUp(queries(), 16); }
};

struct LayeredHead {
  KeySums sums;
  float *packed_k, *packed_v, *minus_half, *features, *added;
  const float *k, *v;
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_PERFORMER_LAYERED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

LayeredHead HeadOf(const LayeredPlan& plan, const Args& args, int64_t head) {
  const Performer& p = plan.problem;
  float* const base = reinterpret_cast<float*>(args.workspace) + head * plan.head_floats();
  LayeredHead at;
  at.sums = {base, plan.sizes};
  at.packed_k = base + plan.sizes.sums();
  at.packed_v = at.packed_k + plan.sizes.packed_k;
  at.minus_half = at.packed_v + plan.sizes.packed_v;
  at.features = at.minus_half + plan.sizes.key_pitch;
  at.added = at.features + p.m * plan.sizes.key_pitch;
  at.k = args.at<const float>(Performer::kK) + head * p.t * p.d;
  at.v = args.at<const float>(Performer::kV) + head * p.t * p.d;
  return at;
}

float* QueryFeaturesOf(const LayeredPlan& plan, const Args& args) {
  return reinterpret_cast<float*>(args.workspace) + plan.heads() * plan.head_floats();
}
float* DenominatorsOf(const LayeredPlan& plan, const Args& args) {
  return QueryFeaturesOf(plan, args) + plan.queries() * plan.sizes.feature_pitch;
}

void RunPack(const LayeredPlan& plan, const Args& args, int thread) {
  const Performer& p = plan.problem;
  const Range share = Share(plan.heads(), plan.threads, thread);
  for (int64_t head = share.begin; head < share.end; ++head) {
    const LayeredHead at = HeadOf(plan, args, head);
    PackKeys(p, at.k, p.t, at.packed_k, at.minus_half);
    Values(p, at.v, p.t, at.packed_v);
    Clear(plan.sizes, at.sums);
  }
}

// Calls fn(head, features) for strips of the thread's share of all features of all heads.
template <class Fn>
HWY_INLINE void ForOwnFeatures(const LayeredPlan& plan, int thread, const Fn& fn) {
  const int64_t m = plan.problem.m;
  ForHeads(Share(plan.heads() * m, plan.threads, thread), m, [&](int64_t head, Range features) HWY_ATTR {
    for (int64_t f = features.begin; f < features.end; f += kGemmMR) {
      fn(head, Range{f, std::min(f + kGemmMR, features.end)});
    }
  });
}

void RunKeyFeatures(const LayeredPlan& plan, const Args& args, int thread) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.key_pitch;
  ForOwnFeatures(plan, thread, [&](int64_t head, Range features) HWY_ATTR {
    const LayeredHead at = HeadOf(plan, args, head);
    KeyFeatures(p, reinterpret_cast<const float*>(args.packed), at.packed_k, at.minus_half, p.t, features, at.sums,
                {at.features + features.begin * pitch, pitch}, at.added + features.begin);
  });
}

void RunSums(const LayeredPlan& plan, const Args& args, int thread) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.key_pitch;
  ForOwnFeatures(plan, thread, [&](int64_t head, Range features) HWY_ATTR {
    const LayeredHead at = HeadOf(plan, args, head);
    const GemmB v = plan.sizes.packed_v > 0 ? PackedB(at.packed_v, p.t, kGemmNR) : RowMajorB({at.v, p.d}, kGemmNR);
    AddKeys(p, {at.features + features.begin * pitch, pitch}, at.added + features.begin, v, p.t, features, at.sums);
  });
}

// Calls fn(head, first, n) for strips of the thread's share of all query rows, `first` counted over all heads.
template <class Fn>
HWY_INLINE void ForOwnQueries(const LayeredPlan& plan, int thread, const Fn& fn) {
  const int64_t of_head = plan.queries() / plan.heads();
  ForHeads(Share(plan.queries(), plan.threads, thread), of_head, [&](int64_t head, Range rows) HWY_ATTR {
    for (int64_t row = rows.begin; row < rows.end; row += kGemmMR) {
      fn(head, head * of_head + row, std::min(kGemmMR, rows.end - row));
    }
  });
}

void RunQueryFeatures(const LayeredPlan& plan, const Args& args, int thread) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.feature_pitch;
  const float* const packed_w = reinterpret_cast<const float*>(args.packed) + plan.sizes.scaled_w;
  ForOwnQueries(plan, thread, [&](int64_t head, int64_t first, int64_t n) HWY_ATTR {
    QueryFeatures(p, packed_w, args.at<const float>(Performer::kQ) + first * p.d, n, HeadOf(plan, args, head).sums,
                  {QueryFeaturesOf(plan, args) + first * pitch, pitch}, DenominatorsOf(plan, args) + first);
  });
}

void RunOutputs(const LayeredPlan& plan, const Args& args, int thread) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.feature_pitch;
  ForOwnQueries(plan, thread, [&](int64_t head, int64_t first, int64_t n) HWY_ATTR {
    float* const dst = args.at<float>(Performer::kDst) + first * p.d;
    Gemm({QueryFeaturesOf(plan, args) + first * pitch, pitch},
         PackedB(HeadOf(plan, args, head).sums.values, p.m, kGemmNR), {dst, p.d}, n, p.d, p.m, {});
    for (int64_t i = 0; i < n; ++i) {
      ScaleRow(dst + i * p.d, p.d, 1 / DenominatorsOf(plan, args)[first + i], dst + i * p.d);
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

HWY_EXPORT(RunPack);
HWY_EXPORT(RunKeyFeatures);
HWY_EXPORT(RunSums);
HWY_EXPORT(RunQueryFeatures);
HWY_EXPORT(RunOutputs);

Support Supports(const Performer& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  if (p.causal) return {false, "not causal"};
  return {};
}

Invocation Prepare(const Performer& p, const Context& context) {
  const GemmShape tile = ChosenGemmShape();
  const LayeredPlan plan{.problem = p, .tile = tile, .threads = context.threads, .sizes = PerformerSizes(p, tile, p.t)};
  Invocation invocation;
  invocation.impl = std::string(tile.isa) + " tile " + std::to_string(tile.mr) + "x" + std::to_string(tile.nr);
  invocation.executed_flops = Count(p, context.dtype).flops;
  invocation.packed_bytes = sizeof(float) * static_cast<size_t>(plan.sizes.scaled_w + plan.sizes.packed_w);
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(plan.floats());
  invocation.pack = [p, sizes = plan.sizes, tile](const Args& args) { PackPerformer(p, sizes, tile, args); };
  using Stage = void (*)(const LayeredPlan&, const Args&, int);
  const std::array<Stage, 5> stages = {&HWY_DYNAMIC_DISPATCH(RunPack), &HWY_DYNAMIC_DISPATCH(RunKeyFeatures),
                                       &HWY_DYNAMIC_DISPATCH(RunSums), &HWY_DYNAMIC_DISPATCH(RunQueryFeatures),
                                       &HWY_DYNAMIC_DISPATCH(RunOutputs)};
  invocation.run = [plan, stages](const Args& args) {
    for (const Stage stage : stages) {
      Parallel(plan.threads, [&](int thread) { stage(plan, args, thread); });
    }
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Performer>({.name = "layered",
                                                               .summary = "stage by stage, all features stored",
                                                               .isa_control = IsaControl::kHighway,
                                                               .supports = Supports,
                                                               .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
