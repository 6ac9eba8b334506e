// Attention by blocks of keys with an online softmax: the s x t scores never exist at once (Dao et al., FlashAttention,
// 2022; Milakov and Gimelshein, Online normalizer calculation for softmax, 2018).
//
// The h / kvh query heads that share a KV head lie one after the other, so they are one matrix of h / kvh * s rows. Its
// rows are cut into strips of a register tile's height, and strips into groups. For each block of keys a group packs K
// once; then, strip by strip,
//   S = q K^T        K packed times log2(e) / sqrt(d), so that the softmax is one of powers of 2
//   m' = max(m, rowmax S);  P = 2^(S - m');  l = l 2^(m - m') + rowsum P
//   O = O 2^(m - m') + P V, with the last block divided by l
// O is dst itself.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/api/round.h"
#include "kernels/attention/attention.h"
#include "kernels/attention/visible.h"
#include "kernels/simd/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/flash.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/attention_tile-inl.h"
#include "kernels/simd/pack-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_FLASH_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_FLASH_ONCE_

namespace roofgap {
namespace {

// A block of keys and a group of rows: K (as it is and packed) and V of it and K and V of the next block take at most
// 128 KiB each, q and O 192 KiB, together about an L2 of 1 MiB. At d = 64 that is 512 keys and 768 rows.
constexpr int64_t kBlockFloats = 32768, kGroupFloats = 49152;

constexpr float kLowest = -std::numeric_limits<float>::infinity();

// What a strip's online softmax remembers of the blocks behind it, row by row.
struct StripState {
  static constexpr int kRows = 16;  // of a strip, at most; whole vectors of every target
  alignas(64) float max[kRows], sum[kRows];
};

// The strips of an instruction set: `rows` at most, panels of `panel` keys, blocks of `keys` at most.
struct StripShape {
  int64_t rows, panel, keys, score_floats;
  const char* isa;
};

struct FlashPlan {
  Attention problem;
  StripShape tile;
  int64_t rows = 0;              // that share a KV head
  int64_t strips = 0;            // of those rows
  int64_t group = 0;             // strips in a group, at most
  int64_t block = 0;             // keys in a block: whole panels
  std::vector<int64_t> first{};  // thread i has the strips [first[i], first[i + 1]), counted over all KV heads
  // Floats of a thread's workspace: packed K, packed V (0: V is read in place, as its rows are whole vectors),
  // scores of a strip, then the states of a group's strips.
  int64_t k_floats = 0, v_floats = 0, score_floats = 0, state_floats = 0;

  int64_t thread_floats() const { return k_floats + v_floats + score_floats + state_floats; }
  Range Strip(int64_t strip) const { return Share(rows, static_cast<int>(strips), static_cast<int>(strip)); }
  int64_t Keys(int64_t row) const { return VisibleKeys(problem, row); }
  int64_t Keys(Range range) const { return VisibleKeys(problem, range); }
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_FLASH_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Where a group works: its rows, counted in its KV head, the operands of that head, and the thread's workspace.
struct Group {
  int64_t begin_strip, end_strip;
  Range rows;
  const float *q, *k, *v;
  float* dst;
  float *packed_k, *packed_v, *scores;
  StripState* states;
};

// A block of keys, packed, and its values.
struct Block {
  int64_t key, keys;
  const float* k;
  attention::Values v;
  int64_t next_key;  // of the block that comes next
};

// What the softmax of a strip of scores needs before its products with V.
struct Softmax {
  alignas(64) float keep[StripState::kRows], gain[StripState::kRows];
  alignas(64) float sums[StripState::kRows * kLanes];
};

// Brings the maxima up to date and rescales the sums. Of row i `visible[i]` scores count, those behind them become
// -infinity as far as column `width`, and maxima[i] are the largest of its first `whole`, lane by lane.
void BeginSoftmax(float* scores, int64_t rows, const int64_t* visible, int64_t whole, int64_t width,
                  const float* maxima, StripState& state, Softmax& softmax) {
  const hn::ScalableTag<float> d;
  const auto lowest = hn::Set(d, kLowest);
  alignas(64) float old[StripState::kRows];
  std::copy_n(state.max, StripState::kRows, old);
  for (int64_t i = 0; i < rows; ++i) {
    float* const row = scores + i * attention::kScorePitch;
    auto max = hn::Max(hn::Load(d, maxima + i * kLanes), hn::Set(d, old[i]));
    for (int64_t j = whole; j < width; j += kLanes) {
      const auto counts = hn::FirstN(d, static_cast<size_t>(std::max<int64_t>(visible[i] - j, 0)));
      const auto seen = hn::IfThenElse(counts, hn::Load(d, row + j), lowest);
      hn::Store(seen, d, row + j);
      max = hn::Max(max, seen);
    }
    state.max[i] = hn::GetLane(hn::MaxOfLanes(d, max));
    hn::Store(hn::Zero(d), d, softmax.sums + i * kLanes);
  }
  for (int64_t i = 0; i < StripState::kRows; i += kLanes) {
    const auto keep = Exp2(d, hn::Sub(hn::Load(d, old + i), hn::Load(d, state.max + i)));
    hn::Store(keep, d, softmax.keep + i);
    hn::Store(hn::Mul(keep, hn::Load(d, state.sum + i)), d, state.sum + i);
    hn::Store(hn::Set(d, 1), d, softmax.gain + i);
  }
}

// A strip's share of the keys or values (`from`) of the next block, to be fetched in `steps` steps.
tile::Stream Ahead(const FlashPlan& plan, const Group& g, const Block& block, const float* from, int64_t strip,
                   int64_t steps) {
  const int64_t floats = plan.block * plan.problem.d;
  const int64_t share = floats / (g.end_strip - g.begin_strip);
  return {from + block.next_key * plan.problem.d + share * (strip - g.begin_strip), share / steps + 1};
}

// A strip of MR rows against the `width` first keys of a block.
template <int MR>
void StripStep(const FlashPlan& plan, const Group& g, const Block& block, int64_t index, Range strip, int64_t width) {
  StripState& state = g.states[index - g.begin_strip];
  const int64_t d = plan.problem.d;
  int64_t visible[MR];
  int64_t whole = width;
  for (int64_t i = 0; i < MR; ++i) {
    visible[i] = std::clamp<int64_t>(plan.Keys(strip.begin + i) - block.key, 0, width);
    whole = std::min(whole, visible[i]);
  }
  whole -= whole % attention::kPanel;
  // The next strip's queries, else half the time from beyond L2.
  for (int64_t i = strip.end * d; i < (strip.end + MR) * d; i += 16) __builtin_prefetch(g.q + i, 0, 2);
  alignas(64) float maxima[2 * MR * kLanes];
  std::fill_n(maxima, MR * kLanes, kLowest);

  attention::Scores<MR>({g.q + strip.begin * d, d}, block.k, d, width, whole, g.scores, maxima,
                        Ahead(plan, g, block, g.k, index, DivideUp(width, attention::kPanel) * d));
  Softmax softmax;
  BeginSoftmax(g.scores, MR, visible, whole, width, maxima, state, softmax);
  attention::Weigh<MR>({.powers = {g.scores, state.max, softmax.sums},
                        .keys = width,
                        .v = block.v,
                        .out = g.dst + strip.begin * d,
                        .d = d,
                        .first = block.key == 0,
                        .scale = {softmax.keep, softmax.gain, state.sum, block.key + width == plan.Keys(strip)}},
                       Ahead(plan, g, block, g.v, index, DivideUp(d, attention::kPanel) * width));
}

template <int MR = attention::kRows>
HWY_INLINE void AnyStripStep(const FlashPlan& plan, const Group& g, const Block& block, int64_t index, Range strip,
                             int64_t width) {
  if constexpr (MR > 1) {
    if (strip.end - strip.begin < MR) return AnyStripStep<MR - 1>(plan, g, block, index, strip, width);
  }
  StripStep<MR>(plan, g, block, index, strip, width);
}

void RunGroup(const FlashPlan& plan, const Group& g) {
  const Attention& p = plan.problem;
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  for (int64_t i = 0; i < g.end_strip - g.begin_strip; ++i) {
    std::fill_n(g.states[i].max, StripState::kRows, kLowest);
    std::fill_n(g.states[i].sum, StripState::kRows, 0.0f);
  }

  const int64_t keys = plan.Keys(g.rows);
  for (int64_t key = 0; key < keys; key += plan.block) {
    Block block = {key, std::min(plan.block, keys - key), g.packed_k, {{g.v + key * p.d, p.d}, attention::kPanel}, 0};
    block.next_key = key + plan.block < keys ? key + plan.block : g.end_strip < plan.strips ? 0 : p.t;
    PackTransposed({g.k + key * p.d, p.d}, block.keys, p.d, attention::kPanel, g.packed_k, scale);
    if (plan.v_floats > 0) {
      PackRows({block.v.rows.data, p.d}, p.d, block.keys, attention::kPanel, g.packed_v);
      block.v = {{g.packed_v, attention::kPanel}, block.keys * attention::kPanel};
    }
    for (int64_t strip = g.begin_strip; strip < g.end_strip; ++strip) {
      const Range rows = plan.Strip(strip);
      const int64_t width = std::min(block.keys, plan.Keys(rows) - key);
      if (width > 0) AnyStripStep(plan, g, block, strip, rows, width);
    }
  }
}

void RunThread(const FlashPlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  Group g;
  g.packed_k = reinterpret_cast<float*>(args.workspace) + thread * plan.thread_floats();
  g.packed_v = g.packed_k + plan.k_floats;
  g.scores = g.packed_v + plan.v_floats;
  g.states = reinterpret_cast<StripState*>(g.scores + plan.score_floats);

  const size_t index = static_cast<size_t>(thread);
  for (int64_t strip = plan.first[index]; strip < plan.first[index + 1];) {
    const int64_t head = strip / plan.strips;
    const int64_t left = std::min(plan.first[index + 1], (head + 1) * plan.strips) - strip;
    const int64_t groups = (left + plan.group - 1) / plan.group;
    const int64_t take = (left + groups - 1) / groups;
    g.begin_strip = strip - head * plan.strips;
    g.end_strip = g.begin_strip + take;
    g.rows = {plan.Strip(g.begin_strip).begin, plan.Strip(g.end_strip - 1).end};
    g.q = args.at<const float>(Attention::kQ) + head * plan.rows * p.d;
    g.dst = args.at<float>(Attention::kDst) + head * plan.rows * p.d;
    g.k = args.at<const float>(Attention::kK) + head * p.t * p.d;
    g.v = args.at<const float>(Attention::kV) + head * p.t * p.d;
    RunGroup(plan, g);
    strip += take;
  }
}

static_assert(attention::kRows <= StripState::kRows && StripState::kRows % kLanes == 0);

StripShape Shape() {
  return {attention::kRows, attention::kPanel, attention::kMaxKeys, attention::kRows * attention::kScorePitch,
          hwy::TargetName(HWY_TARGET)};
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
HWY_EXPORT(Shape);

FlashPlan MakePlan(const Attention& p, int threads, const StripShape& tile) {
  FlashPlan plan{.problem = p, .tile = tile};
  plan.rows = p.h / p.kvh * p.s;
  // So many strips of each KV head that threads can have equal numbers of them.
  const int64_t multiple = threads / std::gcd<int64_t>(threads, p.b * p.kvh);
  plan.strips = std::min(DivideUp(DivideUp(plan.rows, tile.rows), multiple) * multiple, plan.rows);
  plan.group = std::clamp<int64_t>(kGroupFloats / (p.d * tile.rows), 1, plan.strips);
  // Blocks of nearly equal size, in whole panels.
  const int64_t most = std::clamp<int64_t>(kBlockFloats / p.d, tile.panel, tile.keys);
  plan.block = DivideUp(DivideUp(p.t, DivideUp(p.t, most)), tile.panel) * tile.panel;
  plan.state_floats = plan.group * static_cast<int64_t>(sizeof(StripState) / sizeof(float));
  plan.k_floats = RoundToLine(PackedFloats(plan.block, p.d, tile.panel));
  if (p.d % (tile.panel / 2) != 0) plan.v_floats = RoundToLine(PackedFloats(p.d, plan.block, tile.panel));
  plan.score_floats = tile.score_floats;
  return plan;
}

// Multiply-accumulates of the strips of a KV head, per key dimension: what threads are balanced by.
std::vector<double> Costs(const FlashPlan& plan) {
  std::vector<double> costs;
  for (int64_t strip = 0; strip < plan.strips; ++strip) {
    const Range rows = plan.Strip(strip);
    costs.push_back(static_cast<double>(rows.end - rows.begin) * static_cast<double>(plan.Keys(rows)));
  }
  return costs;
}

Invocation Prepare(const Attention& p, const Context& context) {
  FlashPlan plan = MakePlan(p, context.threads, HWY_DYNAMIC_DISPATCH(Shape)());
  const std::vector<double> costs = Costs(plan);
  const double head_cost = std::accumulate(costs.begin(), costs.end(), 0.0);
  plan.first = ShareByCost(p.b * p.kvh, costs, context.threads);

  Invocation invocation;
  invocation.impl = std::string(plan.tile.isa) + " tile " + std::to_string(plan.tile.rows) + "x" +
                    std::to_string(plan.tile.panel) + " keys " + std::to_string(plan.block);
  invocation.executed_flops = 4.0 * static_cast<double>(p.b * p.kvh) * static_cast<double>(p.d) * head_cost;
  invocation.workspace_bytes = sizeof(float) * static_cast<size_t>(context.threads * plan.thread_floats());
  invocation.run = [plan = std::move(plan), fn = &HWY_DYNAMIC_DISPATCH(RunThread), threads = context.threads](
                       const Args& args) { Parallel(threads, [&](int thread) { fn(plan, args, thread); }); };
  return invocation;
}

[[maybe_unused]] const bool kRegistered =
    Register<Attention>({.name = "flash",
                         .summary = "blocks of keys, online softmax; the scores are never stored",
                         .isa_control = IsaControl::kHighway,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
