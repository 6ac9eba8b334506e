// Attention for the few query rows of a decoding step, where every key and value is used once or a few times only and
// the time is that of reading them: K is not packed, and a KV head may be split among threads (Dao et al.,
// Flash-Decoding, 2023).
//
// The keys of all KV heads, one after the other, are dealt to the threads in equal shares. The part of a head in a
// share is a piece; it yields its maximum m, sum l and output o as in `flash`. A head's pieces are then merged:
//   M = max m,  dst = sum 2^(m - M) o / sum 2^(m - M) l
//
// All query rows of a KV head pass over a chunk of keys at once: scores, softmax, then values. A row of d floats is
// read as whole vectors, of which the last one overlaps the one before it where d asks for it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/flash_decode.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/attention/stream-inl.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_

namespace roofgap {
namespace {

// Query rows that share a KV head.
constexpr int64_t kMaxRows = 64;

// A vector of the widest instruction set must fit into a row.
constexpr int64_t kMinD = 16;

// A chunk has so many scores (32 KiB), and keys within these bounds: the more, the fewer corrections of the maximum.
constexpr int64_t kChunkScores = 8192, kMinChunk = 128, kMaxChunk = 1024;

// Keys (or values) that several groups of rows or columns take one after the other: 16 KiB of L1.
constexpr int64_t kBlockFloats = 4096;

struct Piece {
  int64_t head;  // KV head
  Range keys;
};

struct DecodePlan {
  Attention problem;
  int threads = 1;
  float scale = 0;          // log2(e) / sqrt(d)
  int64_t rows = 0;         // that share a KV head
  int64_t pitch = 0;        // floats of a row of q or o in whole vectors
  int64_t chunk = 0;        // keys
  int64_t score_pitch = 0;  // floats from a row of scores to the next
  std::vector<Piece> pieces{};
  std::vector<size_t> of_thread{};  // thread i has the pieces [of_thread[i], of_thread[i + 1])
  std::vector<size_t> of_head{};    // head i consists of the pieces [of_head[i], of_head[i + 1])

  bool split(size_t head) const { return of_head[head + 1] - of_head[head] > 1; }
  // Floats of a piece's result: o, then m and l of each row; and of a thread's scratch: q and scores.
  int64_t piece_floats() const { return rows * pitch + (2 * rows + 15) / 16 * 16; }
  int64_t scratch_floats() const { return rows * (pitch + score_pitch); }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

float Exp2One(float x) { return hn::GetLane(Exp2(D(), hn::Set(D(), x))); }

// Where a piece lies and what it has to itself.
struct PieceData {
  const float *k, *v;
  Rows q, scores, o;  // q scaled
  float *max, *sum;
};

// Calls body(first row, the number of rows as a constant, whether they are the first) for all rows, in groups.
template <class Body>
HWY_INLINE void ForGroups(int64_t rows, const Body& body) {
  const int groups = static_cast<int>((rows + kGroup - 1) / kGroup);
  for (int group = 0; group < groups; ++group) {
    const Range share = Share(rows, groups, group);
    const auto call = [&](auto first) HWY_ATTR {
      // Direct branches: an indirect call that is not predicted costs 8 ns.
      switch (share.end - share.begin) {
        case 1: return body(share.begin, std::integral_constant<int, 1>(), first);
        case 2: return body(share.begin, std::integral_constant<int, 2>(), first);
        case 3: return body(share.begin, std::integral_constant<int, std::min(3, kGroup)>(), first);
        default: return body(share.begin, std::integral_constant<int, kGroup>(), first);
      }
    };
    group == 0 ? call(std::true_type()) : call(std::false_type());
  }
}

// Turns the scores of `width` keys from `key` on into weights, and brings max, sum and o up to date.
HWY_INLINE void SoftmaxStep(const DecodePlan& plan, const PieceData& w, int64_t key, int64_t width) {
  const Attention& p = plan.problem;
  for (int64_t r = 0; r < plan.rows; ++r) {
    float* const row = w.scores.data + r * w.scores.pitch;
    const int64_t all = p.causal != 0 ? r % p.s + p.t - p.s + 1 : p.t;
    const int64_t visible = std::clamp<int64_t>(all - key, 0, width);
    const float max = std::max(w.max[r], RowMax(row, visible));
    if (max > w.max[r]) {
      const float factor = Exp2One(w.max[r] - max);
      ScaleRow(w.o.data + r * w.o.pitch, plan.pitch, factor, w.o.data + r * w.o.pitch);
      w.sum[r] *= factor;
      w.max[r] = max;
    }
    w.sum[r] += RowExp2(row, visible, max);
    for (int64_t i = visible; i < width; ++i) row[i] = 0;
  }
}

HWY_INLINE void RunPiece(const DecodePlan& plan, Range keys, const PieceData& w) {
  const int64_t d = plan.problem.d;
  for (int64_t i = 0; i < plan.rows * plan.pitch; i += kLanes) hn::Store(hn::Zero(D()), D(), w.o.data + i);
  for (int64_t r = 0; r < plan.rows; ++r) {
    w.max[r] = -std::numeric_limits<float>::infinity();
    w.sum[r] = 0;
  }
  const auto row = [](Rows all, int64_t r, int64_t column) {
    return Rows{all.data + r * all.pitch + column, all.pitch};
  };
  for (int64_t key = keys.begin; key < keys.end; key += plan.chunk) {
    const int64_t width = std::min(plan.chunk, keys.end - key);
    const int64_t many = std::max<int64_t>(kBlockFloats / d / 4 * 4, 4);
    const int64_t k_block = plan.rows <= kGroup ? width : many;
    for (int64_t at = 0; at < width; at += k_block) {
      ForGroups(plan.rows, [&](int64_t r, auto count, auto first) HWY_ATTR {
        Scores<count(), first()>(row(w.q, r, 0), w.k + (key + at) * d, std::min(k_block, width - at), d,
                                 row(w.scores, r, at));
      });
    }
    SoftmaxStep(plan, w, key, width);
    const int64_t v_block = plan.rows <= kGroup && Vectors(d) <= 4 ? width : many;
    for (int64_t at = 0; at < width; at += v_block) {
      ForGroups(plan.rows, [&](int64_t r, auto count, auto first) HWY_ATTR {
        AddValues<count(), kColumnVectors<count()>, first()>(row(w.scores, r, at), w.v + (key + at) * d,
                                                             std::min(v_block, width - at), d, 0, row(w.o, r, 0));
      });
    }
  }
}

// Merges the pieces of a KV head, in the memory of the first, and writes its rows of dst.
void Merge(const DecodePlan& plan, const Args& args, size_t head) {
  const int64_t d = plan.problem.d;
  const int64_t stats = plan.rows * plan.pitch;
  const auto result = [&](size_t piece) {
    return reinterpret_cast<float*>(args.workspace) + static_cast<int64_t>(piece) * plan.piece_floats();
  };
  const size_t begin = plan.of_head[head], end = plan.of_head[head + 1];
  float* dst = args.at<float>(Attention::kDst) + static_cast<int64_t>(head) * plan.rows * d;
  for (int64_t r = 0; r < plan.rows; ++r, dst += d) {
    float max = -std::numeric_limits<float>::infinity();
    for (size_t i = begin; i < end; ++i) max = std::max(max, result(i)[stats + r]);
    float* const total = result(begin) + r * plan.pitch;
    float sum = 0;
    for (size_t i = begin; i < end; ++i) {
      const float factor = Exp2One(result(i)[stats + r] - max);
      sum += factor * result(i)[stats + plan.rows + r];
      for (int64_t column = 0; column < plan.pitch; column += kLanes) {
        const V part = hn::Mul(hn::Set(D(), factor), hn::LoadU(D(), result(i) + r * plan.pitch + column));
        hn::StoreU(i == begin ? part : hn::Add(part, hn::LoadU(D(), total + column)), D(), total + column);
      }
    }
    for (int64_t v = 0; v < Vectors(d); ++v) {
      hn::StoreU(hn::Mul(hn::Set(D(), 1 / sum), hn::LoadU(D(), total + v * kLanes)), D(), dst + Column(v, d));
    }
  }
}

// q in whole vectors, times log2(e) / sqrt(d); the lanes of the last one that the one before it holds too are 0.
HWY_INLINE void ScaleQ(const DecodePlan& plan, const float* q, float* scaled) {
  const int64_t d = plan.problem.d;
  for (int64_t r = 0; r < plan.rows; ++r, q += d, scaled += plan.pitch) {
    const int64_t whole = d / kLanes * kLanes;
    ScaleRow(q, whole, plan.scale, scaled);
    if (whole == d) continue;
    const int64_t overlap = kLanes - (d - whole);
    std::fill_n(scaled + whole, overlap, 0.0f);
    for (int64_t i = 0; i < d - whole; ++i) scaled[whole + overlap + i] = plan.scale * q[whole + i];
  }
}

void RunThread(const DecodePlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  float* const results = reinterpret_cast<float*>(args.workspace);
  float* const scratch = results + std::ssize(plan.pieces) * plan.piece_floats() + thread * plan.scratch_floats();
  const size_t index = static_cast<size_t>(thread);
  for (size_t i = plan.of_thread[index]; i < plan.of_thread[index + 1]; ++i) {
    const Piece& piece = plan.pieces[i];
    ScaleQ(plan, args.at<const float>(Attention::kQ) + piece.head * plan.rows * p.d, scratch);
    float* const o = results + static_cast<int64_t>(i) * plan.piece_floats();
    float* const max = o + plan.rows * plan.pitch;
    RunPiece(plan, piece.keys,
             {.k = args.at<const float>(Attention::kK) + piece.head * p.t * p.d,
              .v = args.at<const float>(Attention::kV) + piece.head * p.t * p.d,
              .q = {scratch, plan.pitch},
              .scores = {scratch + plan.rows * plan.pitch, plan.score_pitch},
              .o = {o, plan.pitch},
              .max = max,
              .sum = max + plan.rows});
    const size_t head = static_cast<size_t>(piece.head);
    if (!plan.split(head)) Merge(plan, args, head);
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

HWY_EXPORT(TargetName);
HWY_EXPORT(RunThread);
HWY_EXPORT(Merge);

DecodePlan MakePlan(const Attention& p, int threads) {
  DecodePlan plan{.problem = p, .threads = threads};
  plan.scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  plan.rows = p.h / p.kvh * p.s;
  plan.pitch = (p.d + kMinD - 1) / kMinD * kMinD;
  plan.chunk = std::clamp(kChunkScores / plan.rows / 16 * 16, kMinChunk, kMaxChunk);
  plan.score_pitch = plan.chunk + 16;
  const int64_t heads = p.b * p.kvh;
  plan.of_thread.push_back(0);
  for (int thread = 0; thread < threads; ++thread) {
    const Range share = Share(heads * p.t, threads, thread);
    for (int64_t key = share.begin; key < share.end;) {
      const int64_t head = key / p.t;
      const int64_t end = std::min(share.end, (head + 1) * p.t);
      if (plan.pieces.empty() || plan.pieces.back().head != head) plan.of_head.push_back(plan.pieces.size());
      plan.pieces.push_back({head, {key - head * p.t, end - head * p.t}});
      key = end;
    }
    plan.of_thread.push_back(plan.pieces.size());
  }
  plan.of_head.push_back(plan.pieces.size());
  return plan;
}

Support Supports(const Attention& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  if (p.h / p.kvh * p.s > kMaxRows) return {false, "needs h / kvh * s <= " + std::to_string(kMaxRows)};
  if (p.d < kMinD) return {false, "needs d >= " + std::to_string(kMinD)};
  return {};
}

Invocation Prepare(const Attention& p, const Context& context) {
  DecodePlan plan = MakePlan(p, context.threads);
  Invocation invocation;
  invocation.impl = HWY_DYNAMIC_DISPATCH(TargetName)();
  invocation.executed_flops = 4.0 * static_cast<double>(p.b * p.h) * static_cast<double>(p.s) *
                              static_cast<double>(p.t) * static_cast<double>(p.d);
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(std::ssize(plan.pieces) * plan.piece_floats() +
                                                                   plan.threads * plan.scratch_floats());
  invocation.run = [plan = std::move(plan), run = &HWY_DYNAMIC_DISPATCH(RunThread),
                    merge = &HWY_DYNAMIC_DISPATCH(Merge)](const Args& args) {
    Parallel(plan.threads, [&](int thread) { run(plan, args, thread); });
    for (size_t head = 0; head + 1 < plan.of_head.size(); ++head) {
      if (plan.split(head)) merge(plan, args, head);
    }
  };
  return invocation;
}

[[maybe_unused]] const bool kRegistered =
    Register<Attention>({.name = "flash_decode",
                         .summary = "for few query rows: K and V streamed once, keys split among threads",
                         .isa_control = IsaControl::kHighway,
                         .supports = Supports,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
