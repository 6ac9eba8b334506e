// Attention by blocks of keys with an online softmax: the s x t scores never exist at once (Dao et al., FlashAttention,
// 2022; Milakov and Gimelshein, Online normalizer calculation for softmax, 2018).
//
// The h / kvh query heads that share a KV head lie one after the other, so they are one matrix of h / kvh * s rows. Its
// rows are cut into strips of a register tile's height, and strips into groups. For each block of keys a group packs K
// once; then, strip by strip,
//   S = q K^T        q already times log2(e) / sqrt(d), so that the softmax is one of powers of 2
//   m' = max(m, rowmax S);  P = 2^(S - m');  l = l 2^(m - m') + rowsum P
//   O = O 2^(m - m') + P V
// and after the last block O is divided by l. O is dst itself.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/flash.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/pack-inl.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_FLASH_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_FLASH_ONCE_

namespace roofgap {
namespace {

// A block of keys and a group of rows: K, V, q and O of it take at most 128 KiB each, together half of a 1 MiB L2. At
// d = 64 that is 512 keys and 512 rows. Packing K costs about as much as the scores of 3 rows, so 0.6 % of the group's;
// reading and writing O once per block costs 1/128 of the loads of the two GEMMs.
constexpr int64_t kBlockFloats = 32768;

// However small d is, the scores of a strip (14 rows of 512: 28 KiB) are to stay in L1 between the two GEMMs.
constexpr int64_t kMaxKeys = 512;

struct FlashPlan {
  Attention problem;
  GemmShape tile;
  int64_t rows = 0;              // that share a KV head
  int64_t strips = 0;            // of those rows
  int64_t group = 0;             // strips in a group, at most
  int64_t block = 0;             // keys in a block: whole panels
  std::vector<int64_t> first{};  // thread i has the strips [first[i], first[i + 1]), counted over all KV heads
  // Floats of a thread's workspace: q, packed K, packed V (0: V is read in place, as its rows are whole panels), scores
  // of a strip, then m and l of each row.
  int64_t q_floats = 0, k_floats = 0, v_floats = 0, score_floats = 0, row_floats = 0;

  int64_t thread_floats() const { return q_floats + k_floats + v_floats + score_floats + 2 * row_floats; }
  Range Strip(int64_t strip) const { return Share(rows, static_cast<int>(strips), static_cast<int>(strip)); }
  // Keys that a row sees.
  int64_t Keys(int64_t row) const {
    const Attention& p = problem;
    return p.causal != 0 ? row % p.s + p.t - p.s + 1 : p.t;
  }
  // Keys that the longest row of a range sees: its last, unless the last row of a head lies before that one.
  int64_t Keys(Range range) const {
    const bool wraps = range.begin / problem.s != (range.end - 1) / problem.s;
    return wraps ? problem.t : Keys(range.end - 1);
  }
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
  float *scaled_q, *packed_k, *packed_v, *scores, *max, *sum;
};

// Turns the scores of a strip against the keys [key, key + width) into powers of 2 and brings the max, sum and output
// of its rows up to date. Row by row only within each pass: the maxima of all rows overlap, and a mispredicted
// rescaling does not throw away the powers that follow it.
void SoftmaxStep(const FlashPlan& plan, const Group& g, Range strip, int64_t key, int64_t width) {
  const int64_t d = plan.problem.d;
  const int64_t rows = strip.end - strip.begin;
  float* const max = g.max + (strip.begin - g.rows.begin);
  float* const sum = g.sum + (strip.begin - g.rows.begin);
  const bool first = key == 0;

  float new_max[kGemmMR], new_sum[kGemmMR];
  int64_t visible[kGemmMR];
  for (int64_t i = 0; i < rows; ++i) {
    visible[i] = std::clamp<int64_t>(plan.Keys(strip.begin + i) - key, 0, width);
    const float block_max = RowMax(g.scores + i * plan.block, visible[i]);
    new_max[i] = first ? block_max : std::max(max[i], block_max);
  }
  for (int64_t i = 0; i < rows; ++i) {
    float* const row = g.scores + i * plan.block;
    new_sum[i] = RowExp2(row, visible[i], new_max[i]);
    std::fill(row + visible[i], row + width, 0.0f);
  }
  for (int64_t i = 0; i < rows; ++i) {
    if (!first) {
      if (new_max[i] > max[i]) {
        const float factor = std::exp2(max[i] - new_max[i]);
        float* const out = g.dst + (strip.begin + i) * d;
        ScaleRow(out, d, factor, out);
        sum[i] *= factor;
      }
      new_sum[i] += sum[i];
    }
    max[i] = new_max[i];
    sum[i] = new_sum[i];
  }
}

// C (+)= A B for the rows of a strip, one panel of B after the other: row i of A begins at a.data + i * a.pitch.
void StripGemm(GemmIn a, const GemmB& b, GemmOut c, int64_t rows, int64_t n, int64_t k, bool accumulate) {
  GemmRow tile[kGemmMR];
  for (int64_t i = 0; i < rows; ++i) tile[i] = {i * a.pitch, i * c.pitch};
  const GemmRun run = {.a = 0, .b = 0, .k = k};
  GemmB panel = b;
  for (int64_t column = 0; column < n; column += kGemmNR, panel.data += b.panel) {
    GemmTile({a.data, c.data + column, {tile, static_cast<size_t>(rows)}}, {&run, 1}, panel,
             std::min(kGemmNR, n - column), {.accumulate = accumulate});
  }
}

// One strip against the keys [key, key + width), which are packed in g.packed_k; their values are v.
void StripStep(const FlashPlan& plan, const Group& g, const GemmB& v, Range strip, int64_t key, int64_t width) {
  const int64_t d = plan.problem.d;
  const int64_t rows = strip.end - strip.begin;
  const int64_t padded = (width + kGemmNR - 1) / kGemmNR * kGemmNR;
  StripGemm({g.scaled_q + (strip.begin - g.rows.begin) * d, d}, PackedB(g.packed_k, d, kGemmNR), {g.scores, plan.block},
            rows, padded, d, false);
  SoftmaxStep(plan, g, strip, key, width);
  StripGemm({g.scores, plan.block}, v, {g.dst + strip.begin * d, d}, rows, d, width, key != 0);
}

void RunGroup(const FlashPlan& plan, const Group& g) {
  const Attention& p = plan.problem;
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  ScaleRow(g.q + g.rows.begin * p.d, (g.rows.end - g.rows.begin) * p.d, scale, g.scaled_q);

  const int64_t keys = plan.Keys(g.rows);
  for (int64_t key = 0; key < keys; key += plan.block) {
    const int64_t block = std::min(plan.block, keys - key);
    PackTransposed({g.k + key * p.d, p.d}, block, p.d, kGemmNR, g.packed_k);
    const GemmIn values = {g.v + key * p.d, p.d};
    if (plan.v_floats > 0) PackRows(values, p.d, block, kGemmNR, g.packed_v);
    const GemmB v = plan.v_floats > 0 ? PackedB(g.packed_v, block, kGemmNR) : RowMajorB(values, kGemmNR);
    for (int64_t strip = g.begin_strip; strip < g.end_strip; ++strip) {
      const Range rows = plan.Strip(strip);
      const int64_t width = std::min(block, plan.Keys(rows) - key);
      if (width > 0) StripStep(plan, g, v, rows, key, width);
    }
  }
  for (int64_t row = g.rows.begin; row < g.rows.end; ++row) {
    ScaleRow(g.dst + row * p.d, p.d, 1 / g.sum[row - g.rows.begin], g.dst + row * p.d);
  }
}

void RunThread(const FlashPlan& plan, const Args& args, int thread) {
  const Attention& p = plan.problem;
  Group g;
  g.scaled_q = reinterpret_cast<float*>(args.workspace) + thread * plan.thread_floats();
  g.packed_k = g.scaled_q + plan.q_floats;
  g.packed_v = g.packed_k + plan.k_floats;
  g.scores = g.packed_v + plan.v_floats;
  g.max = g.scores + plan.score_floats;
  g.sum = g.max + plan.row_floats;

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

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunThread);

// Workspace regions begin on cache lines.
int64_t RoundToLine(int64_t floats) { return (floats + 15) / 16 * 16; }

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

FlashPlan MakePlan(const Attention& p, int threads, const GemmShape& tile) {
  FlashPlan plan{.problem = p, .tile = tile};
  plan.rows = p.h / p.kvh * p.s;
  // So many strips of each KV head that threads can have equal numbers of them.
  const int64_t multiple = threads / std::gcd<int64_t>(threads, p.b * p.kvh);
  plan.strips = std::min(DivideUp(DivideUp(plan.rows, tile.mr), multiple) * multiple, plan.rows);
  plan.group = std::clamp<int64_t>(kBlockFloats / (p.d * tile.mr), 1, plan.strips);
  // Blocks of nearly equal size, in whole panels.
  const int64_t most = std::clamp<int64_t>(kBlockFloats / p.d, tile.nr, kMaxKeys);
  plan.block = DivideUp(DivideUp(p.t, DivideUp(p.t, most)), tile.nr) * tile.nr;
  const int64_t strip_rows = DivideUp(plan.rows, plan.strips);
  const int64_t group_rows = std::min(plan.group * strip_rows, plan.rows);
  plan.row_floats = RoundToLine(group_rows);
  plan.q_floats = RoundToLine(group_rows * p.d);
  plan.k_floats = RoundToLine(PackedFloats(plan.block, p.d, tile.nr));
  if (p.d % tile.nr != 0) plan.v_floats = RoundToLine(PackedFloats(p.d, plan.block, tile.nr));
  plan.score_floats = RoundToLine(strip_rows * plan.block);
  return plan;
}

// Multiply-accumulates of a strip, per key dimension: what threads are balanced by.
double Cost(const FlashPlan& plan, int64_t strip) {
  const Range rows = plan.Strip(strip);
  return static_cast<double>(rows.end - rows.begin) * static_cast<double>(plan.Keys(rows));
}

// Contiguous shares: a strip goes to the thread in whose share of the cost its middle lies.
std::vector<int64_t> Balance(const FlashPlan& plan, int threads, double head_cost) {
  const int64_t heads = plan.problem.b * plan.problem.kvh;
  const double share = head_cost * static_cast<double>(heads) / threads;
  std::vector<int64_t> first{0};
  double done = 0;
  for (int64_t strip = 0; strip < heads * plan.strips; ++strip) {
    const double cost = Cost(plan, strip % plan.strips);
    while (done + cost / 2 > share * static_cast<double>(first.size()) && std::ssize(first) < threads) {
      first.push_back(strip);
    }
    done += cost;
  }
  first.resize(static_cast<size_t>(threads) + 1, heads * plan.strips);
  return first;
}

Invocation Prepare(const Attention& p, const Context& context) {
  FlashPlan plan = MakePlan(p, context.threads, ChosenGemmShape());
  double head_cost = 0;
  for (int64_t strip = 0; strip < plan.strips; ++strip) head_cost += Cost(plan, strip);
  plan.first = Balance(plan, context.threads, head_cost);

  Invocation invocation;
  invocation.impl = std::string(plan.tile.isa) + " tile " + std::to_string(plan.tile.mr) + "x" +
                    std::to_string(plan.tile.nr) + " keys " + std::to_string(plan.block);
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
