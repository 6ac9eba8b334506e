#ifndef ROOFGAP_KERNELS_PERFORMER_PLAN_H_
#define ROOFGAP_KERNELS_PERFORMER_PLAN_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/api/operands.h"
#include "kernels/api/parallel.h"
#include "kernels/api/round.h"
#include "kernels/performer/performer.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// What the variants of performer share: the packed weights, the sums over keys, and the sizes of blocks.

// Exponents are in bits: w . x times ExponentScale less |x|^2 times HalfScale.
inline float ExponentScale(const Performer& p) {
  return static_cast<float>(1.4426950408889634 / std::sqrt(std::sqrt(static_cast<double>(p.d))));
}
inline float HalfScale(const Performer& p) {
  return static_cast<float>(1.4426950408889634 / (2 * std::sqrt(static_cast<double>(p.d))));
}

// Keys whose features are found at once, in whole panels. The features of a strip (14 rows of 512: 28 KiB) stay in L1,
// the keys and values in L2. Causal: each query meets all keys of its block, 64 / d of the work on the sums over keys;
// with fewer than 64 loading and storing these sums shows.
inline int64_t PerformerKeys(const Performer& p, const GemmShape& tile) {
  const auto divide_up = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  const int64_t most = p.causal ? 64 : std::clamp<int64_t>(32768 / p.d, tile.nr, 512);
  return divide_up(divide_up(p.t, divide_up(p.t, most)), tile.nr) * tile.nr;
}

// Sizes in floats; regions begin on cache lines.
struct PerformerSizes {
  int64_t keys = 0;           // in a block
  int64_t key_pitch = 0;      // from a feature of a block's keys to the next feature
  int64_t feature_pitch = 0;  // from the features of a query to those of the next

  int64_t scaled_w = 0;  // packed: w times ExponentScale, [m][d]; then its panels for the queries
  int64_t packed_w = 0;
  int64_t per_feature = 0;  // sums over keys: a number for each feature, for whole panels of features
  int64_t values = 0;       // and [m][d] in panels
  int64_t packed_k = 0;     // a block of keys
  int64_t packed_v = 0;     // 0: values are read in place, as their rows are whole panels

  PerformerSizes() = default;
  PerformerSizes(const Performer& p, const GemmShape& tile, int64_t keys_at_once) : keys(keys_at_once) {
    const int64_t whole = std::max<int64_t>(tile.nr, 16);
    // Not a multiple of 4 KiB, which would fall into one set of L1.
    key_pitch = RoundUp(keys, whole) + 16;
    feature_pitch = RoundUp(p.m, whole) + 16;
    scaled_w = RoundUp(p.m * p.d, 16);
    packed_w = RoundUp(PackedFloats(p.m, p.d, tile.nr), 16);
    per_feature = RoundUp(p.m, whole);
    values = RoundUp(PackedFloats(p.d, p.m, tile.nr), 16);
    packed_k = RoundUp(PackedFloats(keys, p.d, tile.nr), 16);
    if (p.d % tile.nr != 0) packed_v = RoundUp(PackedFloats(p.d, keys, tile.nr), 16);
  }

  int64_t sums() const { return 2 * per_feature + values; }
};

// The sums over some keys of a head, of PerformerSizes::sums() floats. Those of feature f are of exponents less
// maximum[f], the largest of these keys; queries have it added, so that every sum is from 1 to the number of keys.
struct KeySums {
  float* maximum = nullptr;  // [m], in bits
  float* z = nullptr;        // [m], sums of phi
  float* values = nullptr;   // sums of phi v, in panels of columns of d: [m][nr] each

  KeySums() = default;
  KeySums(float* at, const PerformerSizes& sizes)
      : maximum(at), z(at + sizes.per_feature), values(at + 2 * sizes.per_feature) {}
};

inline void PackPerformer(const Performer& p, const PerformerSizes& sizes, const GemmShape& tile, const Args& args) {
  float* const scaled = reinterpret_cast<float*>(args.packed);
  const float* const w = args.at<const float>(Performer::kW);
  const float scale = ExponentScale(p);
  std::transform(w, w + p.m * p.d, scaled, [scale](float element) { return scale * element; });
  PackB({scaled, p.d}, p.m, p.d, tile.nr, scaled + sizes.scaled_w);
}

// How `fused` divides its work. First, pieces: threads find the sums over some keys of a head. Then, spans: what a
// thread does on its own, given the sums of the pieces before it: query rows, or, causal, keys from one position on
// with the query rows that see them last.
struct PerformerPiece {
  int64_t head;  // KV head
  Range keys;
};

struct PerformerSpan {
  int64_t head;
  Range range;                 // of the rows of the head's h / kvh query heads; causal: of its keys
  std::vector<size_t> before;  // pieces
};

struct PerformerPlan {
  Performer problem;
  GemmShape tile;
  PerformerSizes sizes{};
  int threads = 1;
  std::vector<PerformerPiece> pieces{};
  std::vector<std::vector<size_t>> pieces_of{};        // each thread
  std::vector<std::vector<PerformerSpan>> spans_of{};  // each thread

  // Query rows that share a KV head.
  int64_t rows() const { return problem.h / problem.kvh * problem.s; }
};

// Calls fn(head, range) for the parts of a range that lie in one head of `of_head` items.
template <class Fn>
void ForHeads(Range all, int64_t of_head, const Fn& fn) {
  for (int64_t at = all.begin; at < all.end;) {
    const int64_t head = at / of_head;
    const int64_t end = std::min(all.end, (head + 1) * of_head);
    fn(head, Range{at - head * of_head, end - head * of_head});
    at = end;
  }
}

inline void AddPiece(PerformerPlan& plan, int thread, int64_t head, Range keys) {
  plan.pieces_of[static_cast<size_t>(thread)].push_back(plan.pieces.size());
  plan.pieces.push_back({head, keys});
}

inline void PlanAllKeysFirst(PerformerPlan& plan) {
  const Performer& p = plan.problem;
  const int64_t heads = p.b * p.kvh;
  for (int thread = 0; thread < plan.threads; ++thread) {
    ForHeads(Share(heads * p.t, plan.threads, thread), p.t,
             [&](int64_t head, Range keys) { AddPiece(plan, thread, head, keys); });
  }
  for (int thread = 0; thread < plan.threads; ++thread) {
    ForHeads(Share(heads * plan.rows(), plan.threads, thread), plan.rows(), [&](int64_t head, Range rows) {
      PerformerSpan span{head, rows, {}};
      for (size_t i = 0; i < plan.pieces.size(); ++i) {
        if (plan.pieces[i].head == head) span.before.push_back(i);
      }
      plan.spans_of[static_cast<size_t>(thread)].push_back(std::move(span));
    });
  }
}

// Keys up to the one at which `part` of the work of all heads is done, counted over all heads. A key costs its feature
// and its sums; a query row as much, and half of it again for the keys of its block.
inline int64_t CausalPosition(const Performer& p, double part) {
  const double per_row = 2.5 * static_cast<double>(p.h / p.kvh);
  const auto before = static_cast<double>(p.t - p.s);  // keys before the first query's
  const double of_head = 2 * static_cast<double>(p.t) + per_row * static_cast<double>(p.s);
  const double work = part * of_head * static_cast<double>(p.b * p.kvh);
  const double head = std::floor(work / of_head + 1e-9);
  const double rest = std::max(work - head * of_head, 0.0);
  const double keys = rest < 2 * before ? rest / 2 : before + (rest - 2 * before) / (2 + per_row);
  return static_cast<int64_t>(head) * p.t + std::llround(keys);
}

// Threads take keys in turn. What a thread that begins within a head must know of the keys before, all threads find
// together: it costs the keys' features twice, and no more.
inline void PlanCausal(PerformerPlan& plan) {
  const Performer& p = plan.problem;
  int64_t begin = 0;
  int64_t known = 0;  // keys up to here are in pieces, or of heads that no thread begins within
  for (int thread = 0; thread < plan.threads; ++thread) {
    const int64_t end = CausalPosition(p, static_cast<double>(thread + 1) / plan.threads);
    ForHeads({begin, end}, p.t, [&](int64_t head, Range keys) {
      if (keys.begin > 0) {
        const int64_t from = std::max(known - head * p.t, int64_t{0});
        for (int other = 0; other < plan.threads && from < keys.begin; ++other) {
          const Range share = Share(keys.begin - from, plan.threads, other);
          if (share.begin < share.end) AddPiece(plan, other, head, {from + share.begin, from + share.end});
        }
        known = head * p.t + keys.begin;
      }
      PerformerSpan span{head, keys, {}};
      for (size_t i = 0; i < plan.pieces.size(); ++i) {
        if (plan.pieces[i].head == head && plan.pieces[i].keys.end <= keys.begin) span.before.push_back(i);
      }
      plan.spans_of[static_cast<size_t>(thread)].push_back(std::move(span));
    });
    begin = end;
  }
}

// Pairs of a query and a key that MeetOwnBlock multiplies, for one query head of each KV head: for n queries in strips
// of a tile's rows, each strip with the keys up to its last query.
inline double PairsOfBlock(int64_t n, int64_t tile_rows) {
  const auto strips = static_cast<int>((n + tile_rows - 1) / tile_rows);
  double pairs = 0;
  for (int strip = 0; strip < strips; ++strip) {
    const Range rows = Share(n, strips, strip);
    pairs += static_cast<double>(rows.end - rows.begin) * static_cast<double>(rows.end);
  }
  return pairs;
}

inline double CausalPairs(const PerformerPlan& plan) {
  const Performer& p = plan.problem;
  double pairs = 0;
  for (const auto& spans : plan.spans_of) {
    for (const PerformerSpan& span : spans) {
      const int64_t queries = span.range.end - std::max(span.range.begin, p.t - p.s);
      if (queries <= 0) continue;
      pairs += static_cast<double>(queries / plan.sizes.keys) * PairsOfBlock(plan.sizes.keys, plan.tile.mr) +
               PairsOfBlock(queries % plan.sizes.keys, plan.tile.mr);
    }
  }
  return pairs;
}

inline PerformerPlan PlanPerformer(const Performer& p, int threads, const GemmShape& tile) {
  PerformerPlan plan{
      .problem = p, .tile = tile, .sizes = PerformerSizes(p, tile, PerformerKeys(p, tile)), .threads = threads};
  plan.pieces_of.resize(static_cast<size_t>(threads));
  plan.spans_of.resize(static_cast<size_t>(threads));
  p.causal ? PlanCausal(plan) : PlanAllKeysFirst(plan);
  return plan;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_PERFORMER_PLAN_H_
