// Attention for the few query rows of a decoding step, where every key and value is used once or a few times only and
// the time is that of reading them: K is not packed, and a KV head may be split among threads (Dao et al.,
// Flash-Decoding, 2023).
//
// The keys of all KV heads, one after the other, are dealt to the threads in equal shares. The part of a head in a
// share is a piece; it yields its maximum m, sum l and output o as in `flash`. A head's pieces are then merged:
//   M = max m,  dst = sum 2^(m - M) o / sum 2^(m - M) l
//
// A row of d floats is read as whole vectors, of which the last one overlaps the one before it where d asks for it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/flash_decode.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_

namespace roofgap {
namespace {

// Query rows that share a KV head. From 5 on, `flash` gains more from its register tile than it loses by packing.
constexpr int64_t kMaxRows = 4;

// A vector of the widest instruction set must fit into a row.
constexpr int64_t kMinD = 16;

// Keys between two corrections of the running maximum: their values (32 KiB at d = 64) stay near L1 where d takes more
// than one pass over them.
constexpr int64_t kChunkKeys = 128;

struct Piece {
  int64_t head;  // KV head
  Range keys;
};

struct DecodePlan {
  Attention problem;
  int64_t rows = 0;   // that share a KV head
  int64_t pitch = 0;  // floats of a row of q or o in whole vectors
  std::vector<Piece> pieces{};
  std::vector<size_t> of_thread{};  // thread i has the pieces [of_thread[i], of_thread[i + 1])
  std::vector<size_t> of_head{};    // head i consists of the pieces [of_head[i], of_head[i + 1])

  bool split() const { return pieces.size() + 1 > of_head.size(); }
  // Floats of a piece's result: o, then m and l of each row; and of a thread's scratch: q and scores.
  int64_t piece_floats() const { return rows * pitch + 16; }
  int64_t scratch_floats() const { return rows * (pitch + kChunkKeys); }
};

static_assert(2 * kMaxRows <= 16);

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_FLASH_DECODE_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Vectors of V that are accumulated at once: four where there are 32 registers.
constexpr int kColumnVectors = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 4 : 2;

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

int64_t Vectors(int64_t d) { return (d + kLanes - 1) / kLanes; }
int64_t Column(int64_t vector, int64_t d) { return std::min(vector * kLanes, d - kLanes); }

#if HWY_TARGET != HWY_SCALAR
// The sum of the 128-bit blocks.
template <class DN>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> AddBlocks(DN, hn::Vec<DN> v) {
  if constexpr (hn::MaxLanes(DN()) == 4) {
    return v;
  } else {
    const hn::Half<DN> half;
    return AddBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
#endif

// to[i] = the sum of the lanes of v[i].
HWY_INLINE void StoreSums(const V (&v)[4], float* to) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 4; ++i) to[i] = hn::GetLane(v[i]);
#else
  const D d;
  const hn::Repartition<uint64_t, D> d64;
  const V sum01 = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const V sum23 = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto low = hn::InterleaveLower(d64, hn::BitCast(d64, sum01), hn::BitCast(d64, sum23));
  const auto high = hn::InterleaveUpper(d64, hn::BitCast(d64, sum01), hn::BitCast(d64, sum23));
  hn::StoreU(AddBlocks(d, hn::Add(hn::BitCast(d, low), hn::BitCast(d, high))), hn::FixedTag<float, 4>(), to);
#endif
}

// scores[r][j] = q[r] . k[j] for `keys` rows of k; up to three more are written, copies of the last.
template <int R>
HWY_INLINE void Scores(const float* q, int64_t pitch, const float* k, int64_t keys, int64_t d, float* scores) {
  for (int64_t key = 0; key < keys; key += 4) {
    const float* row[4];
    for (int64_t i = 0; i < 4; ++i) row[i] = k + std::min(key + i, keys - 1) * d;
    V sum[R][4];
    for (int r = 0; r < R; ++r) {
      for (int i = 0; i < 4; ++i) sum[r][i] = hn::Zero(D());
    }
    for (int64_t v = 0; v < Vectors(d); ++v) {
      const int64_t column = Column(v, d);
      V kv[4];
      for (int i = 0; i < 4; ++i) kv[i] = hn::LoadU(D(), row[i] + column);
      for (int r = 0; r < R; ++r) {
        const V qv = hn::LoadU(D(), q + r * pitch + v * kLanes);
        for (int i = 0; i < 4; ++i) sum[r][i] = hn::MulAdd(qv, kv[i], sum[r][i]);
      }
    }
    for (int r = 0; r < R; ++r) StoreSums(sum[r], scores + r * kChunkKeys + key);
  }
}

// o[r] = factor[r] o[r] + sum over j of weights[r][j] v[j], for NV vectors of columns from `vector` on.
template <int R, int NV>
HWY_INLINE void AddValues(const float* weights, const float* v, int64_t keys, int64_t d, int64_t vector,
                          const float* factor, float* o, int64_t pitch) {
  // Enough independent sums to hide the latency of a multiply-add, whatever R is.
  constexpr int kChains = 4 / R;
  V sum[kChains][R][NV];
  int64_t column[NV];
  for (int n = 0; n < NV; ++n) column[n] = Column(vector + n, d);
  for (int c = 0; c < kChains; ++c) {
    for (int r = 0; r < R; ++r) {
      for (int n = 0; n < NV; ++n) sum[c][r][n] = hn::Zero(D());
    }
  }
  const auto add = [&](int c, int64_t key) HWY_ATTR {
    for (int n = 0; n < NV; ++n) {
      const V value = hn::LoadU(D(), v + key * d + column[n]);
      for (int r = 0; r < R; ++r) {
        sum[c][r][n] = hn::MulAdd(hn::Set(D(), weights[r * kChunkKeys + key]), value, sum[c][r][n]);
      }
    }
  };
  int64_t key = 0;
  for (; key + kChains <= keys; key += kChains) {
    for (int c = 0; c < kChains; ++c) add(c, key + c);
  }
  for (; key < keys; ++key) add(0, key);
  for (int r = 0; r < R; ++r) {
    for (int n = 0; n < NV; ++n) {
      float* const at = o + r * pitch + (vector + n) * kLanes;
      V total = sum[0][r][n];
      for (int c = 1; c < kChains; ++c) total = hn::Add(total, sum[c][r][n]);
      hn::StoreU(hn::MulAdd(hn::Set(D(), factor[r]), hn::LoadU(D(), at), total), D(), at);
    }
  }
}

// Where a piece lies and what it has to itself.
struct PieceData {
  const float *k, *v;
  const float* q;  // [rows][pitch], scaled
  float *scores, *o, *max, *sum;
};

template <int R>
void RunPiece(const DecodePlan& plan, Range keys, const PieceData& w) {
  const Attention& p = plan.problem;
  std::fill_n(w.o, R * plan.pitch, 0.0f);
  std::fill_n(w.max, R, -std::numeric_limits<float>::infinity());
  std::fill_n(w.sum, R, 0.0f);
  for (int64_t key = keys.begin; key < keys.end; key += kChunkKeys) {
    const int64_t width = std::min(kChunkKeys, keys.end - key);
    Scores<R>(w.q, plan.pitch, w.k + key * p.d, width, p.d, w.scores);
    float factor[R];
    for (int r = 0; r < R; ++r) {
      float* const row = w.scores + r * kChunkKeys;
      const int64_t all = p.causal != 0 ? r % p.s + p.t - p.s + 1 : p.t;
      const int64_t visible = std::clamp<int64_t>(all - key, 0, width);
      const float max = std::max(w.max[r], RowMax(row, visible));
      factor[r] = max > w.max[r] ? std::exp2(w.max[r] - max) : 1.0f;
      w.sum[r] = w.sum[r] * factor[r] + RowExp2(row, visible, max);
      w.max[r] = max;
      std::fill(row + visible, row + width, 0.0f);
    }
    int64_t vector = 0;
    for (; vector + kColumnVectors <= Vectors(p.d); vector += kColumnVectors) {
      AddValues<R, kColumnVectors>(w.scores, w.v + key * p.d, width, p.d, vector, factor, w.o, plan.pitch);
    }
    for (; vector < Vectors(p.d); ++vector) {
      AddValues<R, 1>(w.scores, w.v + key * p.d, width, p.d, vector, factor, w.o, plan.pitch);
    }
  }
}

// Merges the pieces of a KV head into its rows of dst.
void Merge(const DecodePlan& plan, const Args& args, size_t head, const float* results) {
  const int64_t d = plan.problem.d;
  const int64_t stats = plan.rows * plan.pitch;
  const auto result = [&](size_t piece) { return results + static_cast<int64_t>(piece) * plan.piece_floats(); };
  const size_t begin = plan.of_head[head], end = plan.of_head[head + 1];
  float* dst = args.at<float>(Attention::kDst) + static_cast<int64_t>(head) * plan.rows * d;
  for (int64_t r = 0; r < plan.rows; ++r, dst += d) {
    float max = -std::numeric_limits<float>::infinity();
    for (size_t i = begin; i < end; ++i) max = std::max(max, result(i)[stats + r]);
    float sum = 0;
    for (size_t i = begin; i < end; ++i) {
      sum += std::exp2(result(i)[stats + r] - max) * result(i)[stats + plan.rows + r];
    }
    for (int64_t v = 0; v < Vectors(d); ++v) {
      V total = hn::Zero(D());
      for (size_t i = begin; i < end; ++i) {
        const V factor = hn::Set(D(), std::exp2(result(i)[stats + r] - max) / sum);
        total = hn::MulAdd(factor, hn::LoadU(D(), result(i) + r * plan.pitch + v * kLanes), total);
      }
      hn::StoreU(total, D(), dst + Column(v, d));
    }
  }
}

// q in whole vectors, times log2(e) / sqrt(d); the lanes of the last one that the one before it holds too are 0.
void ScaleQ(const DecodePlan& plan, const float* q, float* scaled) {
  const int64_t d = plan.problem.d;
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(d)));
  for (int64_t r = 0; r < plan.rows; ++r, q += d, scaled += plan.pitch) {
    const int64_t whole = d / kLanes * kLanes;
    ScaleRow(q, whole, scale, scaled);
    if (whole == d) continue;
    const int64_t overlap = kLanes - (d - whole);
    std::fill_n(scaled + whole, overlap, 0.0f);
    for (int64_t i = 0; i < d - whole; ++i) scaled[whole + overlap + i] = scale * q[whole + i];
  }
}

void RunThread(const DecodePlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  float* const results = reinterpret_cast<float*>(args.workspace);
  float* const scratch = results + std::ssize(plan.pieces) * plan.piece_floats() + thread * plan.scratch_floats();
  constexpr decltype(&RunPiece<1>) kRunPiece[] = {&RunPiece<1>, &RunPiece<2>, &RunPiece<3>, &RunPiece<4>};
  const size_t index = static_cast<size_t>(thread);
  for (size_t i = plan.of_thread[index]; i < plan.of_thread[index + 1]; ++i) {
    const Piece& piece = plan.pieces[i];
    ScaleQ(plan, args.at<const float>(Attention::kQ) + piece.head * plan.rows * p.d, scratch);
    float* const o = results + static_cast<int64_t>(i) * plan.piece_floats();
    float* const max = o + plan.rows * plan.pitch;
    kRunPiece[plan.rows - 1](plan, piece.keys,
                             {.k = args.at<const float>(Attention::kK) + piece.head * p.t * p.d,
                              .v = args.at<const float>(Attention::kV) + piece.head * p.t * p.d,
                              .q = scratch,
                              .scores = scratch + plan.rows * plan.pitch,
                              .o = o,
                              .max = max,
                              .sum = max + plan.rows});
    if (!plan.split()) Merge(plan, args, static_cast<size_t>(piece.head), results);
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
  DecodePlan plan{.problem = p};
  plan.rows = p.h / p.kvh * p.s;
  plan.pitch = (p.d + kMinD - 1) / kMinD * kMinD;
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
                                                                   context.threads * plan.scratch_floats());
  invocation.run = [plan = std::move(plan), run = &HWY_DYNAMIC_DISPATCH(RunThread),
                    merge = &HWY_DYNAMIC_DISPATCH(Merge), threads = context.threads](const Args& args) {
    Parallel(threads, [&](int thread) { run(plan, args, thread); });
    if (!plan.split()) return;
    for (size_t head = 0; head + 1 < plan.of_head.size(); ++head) {
      merge(plan, args, head, reinterpret_cast<const float*>(args.workspace));
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
