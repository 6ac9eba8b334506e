// FAVOR+ by blocks whose features never leave L2. Sums over keys, and the largest exponent so far, run from block to
// block of keys; when that grows, the sums are scaled down. Without causal all keys come first, each thread with some
// of them, and then the queries. With it a block of queries takes the sums of the blocks before its own, and meets the
// keys of its own one by one, by a masked matrix of scores.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/performer/performer.h"
#include "kernels/performer/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/performer/fused.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/performer/features-inl.h"

#ifndef ROOFGAP_KERNELS_PERFORMER_FUSED_ONCE_
#define ROOFGAP_KERNELS_PERFORMER_FUSED_ONCE_

namespace roofgap {
namespace {

// A thread's workspace.
struct PerformerScratch {
  KeySums sums;
  float *packed_k, *packed_v;
  float *key_features, *half, *key_sums;  // [m][key_pitch], [keys], [m]
  float *query_features, *denominator;    // [rows][feature_pitch], [rows]
  float* scores;                          // causal: of a strip

  // With `base` null only counts.
  static int64_t Floats(const Performer& p, const PerformerSizes& sizes, const GemmShape& tile) {
    return sizes.sums() + sizes.packed_k + sizes.packed_v + p.m * sizes.key_pitch + sizes.key_pitch + sizes.z +
           sizes.rows * sizes.feature_pitch + PerformerSizes::RoundUp(sizes.rows, 16) +
           (p.causal ? tile.mr * sizes.key_pitch : 0);
  }
  PerformerScratch(const Performer& p, const PerformerSizes& sizes, float* base) : sums(base, sizes) {
    packed_k = base + sizes.sums();
    packed_v = packed_k + sizes.packed_k;
    key_features = packed_v + sizes.packed_v;
    half = key_features + p.m * sizes.key_pitch;
    key_sums = half + sizes.key_pitch;
    query_features = key_sums + sizes.z;
    denominator = query_features + sizes.rows * sizes.feature_pitch;
    scores = denominator + PerformerSizes::RoundUp(sizes.rows, 16);
  }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_PERFORMER_FUSED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

KeySums SumsOf(const PerformerPlan& plan, const Args& args, size_t piece) {
  return {reinterpret_cast<float*>(args.workspace) + static_cast<int64_t>(piece) * plan.sizes.sums(), plan.sizes};
}

PerformerScratch ScratchOf(const PerformerPlan& plan, const Args& args, int thread) {
  float* const base = reinterpret_cast<float*>(args.workspace) + std::ssize(plan.pieces) * plan.sizes.sums();
  return {plan.problem, plan.sizes, base + thread * PerformerScratch::Floats(plan.problem, plan.sizes, plan.tile)};
}

const float* Keys(const PerformerPlan& plan, const Args& args, size_t operand, int64_t head, int64_t key) {
  return args.at<const float>(operand) + (head * plan.problem.t + key) * plan.problem.d;
}

// The features of n keys under the maximum of the sums and of themselves, which becomes that of the sums.
void KeyFeatures(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const KeySums& sums,
                 const float* k, int64_t n) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.key_pitch;
  KeyExponents(p, reinterpret_cast<const float*>(args.packed), k, n, at.packed_k, {at.key_features, pitch}, at.half);
  Raise(plan.sizes, sums, std::max(*sums.maximum, BlockMax(at.key_features, pitch, p.m, at.half, n)));
  for (int64_t f = 0; f < p.m; ++f) {
    at.key_sums[f] = RowExp2Less(at.key_features + f * pitch, at.half, n, *sums.maximum);
  }
}

// Adds those keys, with their values, to the sums.
void AddKeys(const PerformerPlan& plan, const PerformerScratch& at, const KeySums& sums, const GemmB& v, int64_t n) {
  const Performer& p = plan.problem;
  for (int64_t f = 0; f < p.m; ++f) sums.z[f] += at.key_sums[f];
  AddValues(p.d, p.m, {at.key_features, plan.sizes.key_pitch}, p.m, v, n, sums.values);
}

void RunPieces(const PerformerPlan& plan, const Args& args, int thread) {
  const PerformerScratch at = ScratchOf(plan, args, thread);
  for (const size_t index : plan.pieces_of[static_cast<size_t>(thread)]) {
    const PerformerPiece& piece = plan.pieces[index];
    const KeySums sums = SumsOf(plan, args, index);
    Clear(plan.sizes, sums);
    for (int64_t key = piece.keys.begin; key < piece.keys.end; key += plan.sizes.keys) {
      const int64_t n = std::min(plan.sizes.keys, piece.keys.end - key);
      KeyFeatures(plan, args, at, sums, Keys(plan, args, Performer::kK, piece.head, key), n);
      AddKeys(plan, at, sums, Values(plan.problem, Keys(plan, args, Performer::kV, piece.head, key), n, at.packed_v),
              n);
    }
  }
}

// The sums of all pieces together.
void Merge(const PerformerPlan& plan, const Args& args, const std::vector<size_t>& pieces, const KeySums& to) {
  Clear(plan.sizes, to);
  for (const size_t piece : pieces) {
    const KeySums from = SumsOf(plan, args, piece);
    Raise(plan.sizes, to, std::max(*to.maximum, *from.maximum));
    const float factor = std::exp2(*from.maximum - *to.maximum);
    for (int64_t i = 0; i < plan.sizes.z + plan.sizes.values; ++i) to.z[i] += factor * from.z[i];
  }
}

// dst and denominator of n query rows against the sums; dst is not divided yet.
void Numerators(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const KeySums& sums,
                const float* q, int64_t n, float* dst) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.feature_pitch;
  QueryExponents(p, reinterpret_cast<const float*>(args.packed) + plan.sizes.scaled_w, q, n,
                 {at.query_features, pitch});
  for (int64_t i = 0; i < n; ++i) {
    float* const row = at.query_features + i * pitch;
    at.denominator[i] = RowExp2Dot(row, p.m, RowMax(row, p.m), sums.z);
  }
  Gemm({at.query_features, pitch}, PackedB(sums.values, p.m, kGemmNR), {dst, p.d}, n, p.d, p.m, {});
}

void Divide(const Performer& p, const float* denominator, int64_t n, float* dst) {
  for (int64_t i = 0; i < n; ++i) ScaleRow(dst + i * p.d, p.d, 1 / denominator[i], dst + i * p.d);
}

void RunRows(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const PerformerSpan& span) {
  const Performer& p = plan.problem;
  KeySums sums = at.sums;
  if (span.before.size() == 1) {
    sums = SumsOf(plan, args, span.before[0]);
  } else {
    Merge(plan, args, span.before, sums);
  }
  for (int64_t row = span.range.begin; row < span.range.end; row += plan.sizes.rows) {
    const int64_t n = std::min(plan.sizes.rows, span.range.end - row);
    const int64_t first = (span.head * plan.rows() + row) * p.d;
    float* const dst = args.at<float>(Performer::kDst) + first;
    Numerators(plan, args, at, sums, args.at<const float>(Performer::kQ) + first, n, dst);
    Divide(p, at.denominator, n, dst);
  }
}

void RunCausal(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const PerformerSpan& span) {
  const Performer& p = plan.problem;
  const int64_t first_seen = p.t - p.s;  // the key that query 0 sees last
  Merge(plan, args, span.before, at.sums);
  for (int64_t key = span.range.begin; key < span.range.end;) {
    const int64_t limit = key < first_seen ? std::min(first_seen, span.range.end) : span.range.end;
    const int64_t n = std::min(plan.sizes.keys, limit - key);
    KeyFeatures(plan, args, at, at.sums, Keys(plan, args, Performer::kK, span.head, key), n);
    const GemmB v = Values(p, Keys(plan, args, Performer::kV, span.head, key), n, at.packed_v);
    for (int64_t head = 0; key >= first_seen && head < p.h / p.kvh; ++head) {
      const int64_t first = (span.head * plan.rows() + head * p.s + key - first_seen) * p.d;
      float* const dst = args.at<float>(Performer::kDst) + first;
      Numerators(plan, args, at, at.sums, args.at<const float>(Performer::kQ) + first, n, dst);
      AddOwnBlock(p, {at.query_features, plan.sizes.feature_pitch}, {at.key_features, plan.sizes.key_pitch}, v, n,
                  at.scores, at.denominator, dst);
      Divide(p, at.denominator, n, dst);
    }
    AddKeys(plan, at, at.sums, v, n);
    key += n;
  }
}

void RunSpans(const PerformerPlan& plan, const Args& args, int thread) {
  const PerformerScratch at = ScratchOf(plan, args, thread);
  for (const PerformerSpan& span : plan.spans_of[static_cast<size_t>(thread)]) {
    plan.problem.causal ? RunCausal(plan, args, at, span) : RunRows(plan, args, at, span);
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

HWY_EXPORT(RunPieces);
HWY_EXPORT(RunSpans);

// Beyond what is counted: features and sums of keys of pieces that spans find again, and the pairs of causal blocks.
double ExecutedFlops(const PerformerPlan& plan) {
  const Performer& p = plan.problem;
  const auto m = static_cast<double>(p.m);
  const auto d = static_cast<double>(p.d);
  double flops = Count(p, DType::kF32).flops;
  if (!p.causal) return flops;
  for (const PerformerPiece& piece : plan.pieces) {
    flops += 2 * static_cast<double>(piece.keys.end - piece.keys.begin) * m * (2 * d + 1);
  }
  return flops + static_cast<double>(p.h / p.kvh) * 2 * (m + d) * CausalPairs(plan);
}

Invocation Prepare(const Performer& p, const Context& context) {
  PerformerPlan plan = PlanPerformer(p, context.threads, ChosenGemmShape());
  Invocation invocation;
  invocation.impl = std::string(plan.tile.isa) + " tile " + std::to_string(plan.tile.mr) + "x" +
                    std::to_string(plan.tile.nr) + " keys " + std::to_string(plan.sizes.keys);
  invocation.executed_flops = ExecutedFlops(plan);
  invocation.packed_bytes = sizeof(float) * static_cast<size_t>(plan.sizes.scaled_w + plan.sizes.packed_w);
  invocation.workspace_bytes =
      sizeof(float) * static_cast<size_t>(std::ssize(plan.pieces) * plan.sizes.sums() +
                                          context.threads * PerformerScratch::Floats(p, plan.sizes, plan.tile));
  invocation.pack = [p, sizes = plan.sizes, tile = plan.tile](const Args& args) {
    PackPerformer(p, sizes, tile, args);
  };
  invocation.run = [plan = std::move(plan), pieces = &HWY_DYNAMIC_DISPATCH(RunPieces),
                    spans = &HWY_DYNAMIC_DISPATCH(RunSpans)](const Args& args) {
    if (!plan.pieces.empty()) Parallel(plan.threads, [&](int thread) { pieces(plan, args, thread); });
    Parallel(plan.threads, [&](int thread) { spans(plan, args, thread); });
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered =
    Register<Performer>({.name = "fused",
                         .summary = "blocks of keys and queries whose features stay in L2; causal by prefix sums",
                         .isa_control = IsaControl::kHighway,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
