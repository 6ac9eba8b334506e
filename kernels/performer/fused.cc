// FAVOR+ by strips of a register tile's height whose features never leave L1.
//
// Sums over keys, and the largest exponent of each feature so far, run from block to block of keys as in an online
// softmax whose queries are the rows of w. A strip of queries then adds these maxima to its own exponents and meets the
// sums. Without causal all keys come first, each thread with some of them. With it the queries of a block take the sums
// over the blocks before it, and meet the keys of their own block by a masked matrix of scores; the features of those
// (64 KiB at m = 256) stay in L2.

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
  float *packed_k, *packed_v, *minus_half;
  float *key_features, *added;          // of a strip of features, or, causal, of all; key_pitch apart
  float *query_features, *denominator;  // of a strip of queries
  float* scores;                        // of such a strip against the keys of its block

  static int64_t KeyRows(const Performer& p, const GemmShape& tile) { return p.causal ? p.m : tile.mr; }
  static int64_t Floats(const Performer& p, const PerformerSizes& sizes, const GemmShape& tile) {
    return sizes.sums() + sizes.packed_k + sizes.packed_v + sizes.key_pitch + KeyRows(p, tile) * sizes.key_pitch +
           RoundUp(KeyRows(p, tile), 16) + tile.mr * sizes.feature_pitch + 16 +
           (p.causal ? tile.mr * sizes.key_pitch : 0);
  }
  PerformerScratch(const Performer& p, const PerformerSizes& sizes, const GemmShape& tile, float* base)
      : sums(base, sizes) {
    packed_k = base + sizes.sums();
    packed_v = packed_k + sizes.packed_k;
    minus_half = packed_v + sizes.packed_v;
    key_features = minus_half + sizes.key_pitch;
    added = key_features + KeyRows(p, tile) * sizes.key_pitch;
    query_features = added + RoundUp(KeyRows(p, tile), 16);
    denominator = query_features + tile.mr * sizes.feature_pitch;
    scores = denominator + 16;
  }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_PERFORMER_FUSED_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

static_assert(kGemmMR <= 16);  // denominators

KeySums SumsOf(const PerformerPlan& plan, const Args& args, size_t piece) {
  return {reinterpret_cast<float*>(args.workspace) + static_cast<int64_t>(piece) * plan.sizes.sums(), plan.sizes};
}

PerformerScratch ScratchOf(const PerformerPlan& plan, const Args& args, int thread) {
  float* const base = reinterpret_cast<float*>(args.workspace) + std::ssize(plan.pieces) * plan.sizes.sums();
  const int64_t floats = PerformerScratch::Floats(plan.problem, plan.sizes, plan.tile);
  return {plan.problem, plan.sizes, plan.tile, base + thread * floats};
}

const float* ScaledW(const Args& args) { return reinterpret_cast<const float*>(args.packed); }

// Calls fn(range) for strips of nearly equal height.
template <class Fn>
HWY_INLINE void ForStrips(int64_t rows, const Fn& fn) {
  const auto strips = static_cast<int>((rows + kGemmMR - 1) / kGemmMR);
  for (int strip = 0; strip < strips; ++strip) fn(Share(rows, strips, strip));
}

void RunPiece(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const PerformerPiece& piece,
              const KeySums& sums) {
  const Performer& p = plan.problem;
  Clear(plan.sizes, sums);
  for (int64_t key = piece.keys.begin; key < piece.keys.end; key += plan.sizes.keys) {
    const int64_t n = std::min(plan.sizes.keys, piece.keys.end - key);
    const int64_t first = (piece.head * p.t + key) * p.d;
    PackKeys(p, args.at<const float>(Performer::kK) + first, n, at.packed_k, at.minus_half);
    const GemmB v = Values(p, args.at<const float>(Performer::kV) + first, n, at.packed_v);
    ForStrips(p.m, [&](Range features) HWY_ATTR {
      KeyFeatures(p, ScaledW(args), at.packed_k, at.minus_half, n, features, sums,
                  {at.key_features, plan.sizes.key_pitch}, at.added);
      AddKeys(p, {at.key_features, plan.sizes.key_pitch}, at.added, v, n, features, sums);
    });
  }
}

void RunPieces(const PerformerPlan& plan, const Args& args, int thread) {
  const PerformerScratch at = ScratchOf(plan, args, thread);
  for (const size_t index : plan.pieces_of[static_cast<size_t>(thread)]) {
    RunPiece(plan, args, at, plan.pieces[index], SumsOf(plan, args, index));
  }
}

// The sums of all pieces together.
void Merge(const PerformerPlan& plan, const Args& args, const std::vector<size_t>& pieces, const KeySums& to) {
  const Performer& p = plan.problem;
  Clear(plan.sizes, to);
  for (const size_t piece : pieces) {
    const KeySums from = SumsOf(plan, args, piece);
    for (int64_t f = 0; f < p.m; ++f) {
      Raise(p, to, f, from.maximum[f]);
      const float factor = std::exp2(from.maximum[f] - to.maximum[f]);
      to.z[f] += factor * from.z[f];
      for (int64_t column = 0; column < p.d; column += kGemmNR) {
        const int64_t row = (column / kGemmNR * p.m + f) * kGemmNR;
        for (int64_t i = row; i < row + kGemmNR; ++i) to.values[i] += factor * from.values[i];
      }
    }
  }
}

// dst of n <= kGemmMR queries against the sums, not divided by the denominators yet.
void MeetSums(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const KeySums& sums,
              const float* q, int64_t n, float* dst) {
  const Performer& p = plan.problem;
  const int64_t pitch = plan.sizes.feature_pitch;
  QueryFeatures(p, ScaledW(args) + plan.sizes.scaled_w, q, n, sums, {at.query_features, pitch}, at.denominator);
  Gemm({at.query_features, pitch}, PackedB(sums.values, p.m, kGemmNR), {dst, p.d}, n, p.d, p.m, {});
}

// Adds to dst of the queries `rows` of a block, and to their denominators, what the keys of the block give: query i
// sees the keys [0, i], and v are their values.
void MeetOwnBlock(const PerformerPlan& plan, const PerformerScratch& at, const GemmB& v, Range rows, float* dst) {
  const Performer& p = plan.problem;
  const int64_t n = rows.end - rows.begin;
  const int64_t pitch = plan.sizes.key_pitch;
  const int64_t padded = (rows.end + kGemmNR - 1) / kGemmNR * kGemmNR;
  GemmB keys = RowMajorB({at.key_features, pitch}, kGemmNR);
  keys.padded = true;
  Gemm({at.query_features, plan.sizes.feature_pitch}, keys, {at.scores, pitch}, n, padded, p.m, {});
  for (int64_t i = 0; i < n; ++i) {
    float* const row = at.scores + i * pitch;
    const int64_t visible = rows.begin + i + 1;
    at.denominator[i] += RowSum(row, visible);
    std::fill(row + visible, row + rows.end, 0.0f);
  }
  Gemm({at.scores, pitch}, v, {dst, p.d}, n, p.d, rows.end, {.accumulate = true});
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
  const int64_t first = (span.head * plan.rows() + span.range.begin) * p.d;
  ForStrips(span.range.end - span.range.begin, [&](Range rows) HWY_ATTR {
    const int64_t n = rows.end - rows.begin;
    float* const dst = args.at<float>(Performer::kDst) + first + rows.begin * p.d;
    MeetSums(plan, args, at, sums, args.at<const float>(Performer::kQ) + first + rows.begin * p.d, n, dst);
    Divide(p, at.denominator, n, dst);
  });
}

void RunCausal(const PerformerPlan& plan, const Args& args, const PerformerScratch& at, const PerformerSpan& span) {
  const Performer& p = plan.problem;
  const int64_t first_seen = p.t - p.s;  // the key that query 0 sees last
  const int64_t pitch = plan.sizes.key_pitch;
  Merge(plan, args, span.before, at.sums);
  for (int64_t key = span.range.begin; key < span.range.end;) {
    const int64_t limit = key < first_seen ? std::min(first_seen, span.range.end) : span.range.end;
    const int64_t n = std::min(plan.sizes.keys, limit - key);
    const int64_t of_keys = (span.head * p.t + key) * p.d;
    PackKeys(p, args.at<const float>(Performer::kK) + of_keys, n, at.packed_k, at.minus_half);
    const GemmB v = Values(p, args.at<const float>(Performer::kV) + of_keys, n, at.packed_v);
    ForStrips(p.m, [&](Range features) HWY_ATTR {
      KeyFeatures(p, ScaledW(args), at.packed_k, at.minus_half, n, features, at.sums,
                  {at.key_features + features.begin * pitch, pitch}, at.added + features.begin);
    });
    for (int64_t head = 0; key >= first_seen && head < p.h / p.kvh; ++head) {
      const int64_t first = (span.head * plan.rows() + head * p.s + key - first_seen) * p.d;
      ForStrips(n, [&](Range rows) HWY_ATTR {
        float* const dst = args.at<float>(Performer::kDst) + first + rows.begin * p.d;
        MeetSums(plan, args, at, at.sums, args.at<const float>(Performer::kQ) + first + rows.begin * p.d,
                 rows.end - rows.begin, dst);
        MeetOwnBlock(plan, at, v, rows, dst);
        Divide(p, at.denominator, rows.end - rows.begin, dst);
      });
    }
    AddKeys(p, {at.key_features, pitch}, at.added, v, n, {0, p.m}, at.sums);
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
                         .summary = "strips whose features stay in cache; causal by prefix sums over blocks",
                         .isa_control = IsaControl::kHighway,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
