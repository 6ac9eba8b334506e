// The tiles and the online softmax of `flash`, with oneDNN's matmul for the two products of each tile and our powers of
// 2 between them: what the idea gives without a register tile of one's own.
//
// The rows that share a KV head are cut into blocks, dealt to the threads, on which the library runs one-threaded
// matmuls over views of K and V where they lie. The scores of a tile, rows of a block by keys, stay in L2. How large
// tiles are is found by a trial on a problem of the same kind of at most kTrialLength rows and keys.

#include <oneapi/dnnl/dnnl.hpp>
// oneDNN's header first: foreach_target.h includes this file again.

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/api/round.h"
#include "kernels/api/trial.h"
#include "kernels/attention/attention.h"
#include "kernels/attention/visible.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/onednn_flash.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "hwy/highway.h"
#include "kernels/simd/softmax-inl.h"

#ifndef ROOFGAP_KERNELS_ATTENTION_ONEDNN_FLASH_ONCE_
#define ROOFGAP_KERNELS_ATTENTION_ONEDNN_FLASH_ONCE_

namespace roofgap {
namespace {

// A block of rows against a block of keys. All pointers are to the first row of the block.
struct SoftmaxTile {
  float* scores;
  int64_t pitch;         // floats from a row of scores to the next
  const int64_t* count;  // keys of the tile that a row sees
  int64_t rows, keys, d;
  bool first;              // nothing has been summed yet
  float *out, *max, *sum;  // of each row
};

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_ONEDNN_FLASH_ONCE_

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Turns scores into powers of 2 and brings max, sum and out of each row up to date.
void SoftmaxStep(const SoftmaxTile& t) {
  for (int64_t i = 0; i < t.rows; ++i) {
    float* const row = t.scores + i * t.pitch;
    const float block_max = RowMax(row, t.count[i]);
    const float max = t.first ? block_max : std::max(t.max[i], block_max);
    const float sum = RowExp2(row, t.count[i], max);
    if (t.first) {
      t.sum[i] = sum;
    } else {
      const float factor = max > t.max[i] ? std::exp2(t.max[i] - max) : 1;
      if (factor != 1) ScaleRow(t.out + i * t.d, t.d, factor, t.out + i * t.d);
      t.sum[i] = t.sum[i] * factor + sum;
    }
    t.max[i] = max;
    for (int64_t j = t.count[i]; j < t.keys; ++j) row[j] = 0;
  }
}

void Scale(const float* from, int64_t n, float factor, float* to) { ScaleRow(from, n, factor, to); }

// Divides row i by sum[i].
void Normalise(float* out, int64_t rows, int64_t d, const float* sum) {
  for (int64_t i = 0; i < rows; ++i) ScaleRow(out + i * d, d, 1 / sum[i], out + i * d);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(SoftmaxStep);
HWY_EXPORT(Scale);
HWY_EXPORT(Normalise);

using onednn::memory;
using onednn::Place;
using onednn::Step;

constexpr int64_t kTrialLength = 1024;

struct Tile {
  int64_t rows, keys;
};

constexpr Tile kTiles[] = {{64, 128},  {64, 256},  {128, 128}, {128, 256},
                           {128, 512}, {256, 256}, {256, 512}, {512, 512}};

constexpr int64_t kMostRows = 512;

// Floats from a row of `keys` scores to the next. The softmax writes whole vectors. 2.6 has its good matmul only for
// rows without gaps: blocks of keys are multiples of 16, but for the last.
int64_t Pitch(int64_t keys) { return RoundToLine(keys); }

// `count` things in blocks of `size`, of which the last one may be shorter.
struct Blocks {
  int64_t count, size;

  int64_t number() const { return DivideUp(count, size); }
  Range at(int64_t i) const { return {i * size, std::min((i + 1) * size, count)}; }
  bool short_end() const { return count % size != 0; }
  bool is_short(Range block) const { return block.end - block.begin < size; }
};

// As equal as whole multiples of `unit` allow, none larger than `most` (at least a unit).
Blocks Equal(int64_t count, int64_t most, int64_t unit) {
  return {count, std::min(count, DivideUp(DivideUp(count, DivideUp(count, most)), unit) * unit)};
}

// The products of a tile; `more` adds to what is there.
struct Products {
  Step scores, first, more;
};

struct Plan {
  Attention problem;
  Blocks rows, keys;  // of a KV head
  int threads = 1;
  std::vector<int64_t> first{};  // thread i has the blocks [first[i], first[i + 1]), counted over all KV heads
  size_t scratchpad_bytes = 0;   // of the library, for any of the products
  std::string names{};           // of its implementations
  // A thread's own: [short rows][short keys].
  std::vector<std::vector<std::vector<Products>>> products{};

  int64_t q_floats() const { return RoundToLine(rows.size * problem.d); }
  int64_t score_floats() const { return rows.size * Pitch(keys.size); }
  size_t thread_bytes() const {
    return sizeof(float) * static_cast<size_t>(q_floats() + score_floats() + 2 * RoundToLine(rows.size)) +
           (scratchpad_bytes + 63) / 64 * 64;
  }
  int64_t Keys(int64_t row) const { return VisibleKeys(problem, row); }
  int64_t Keys(Range block) const { return VisibleKeys(problem, block); }
};

memory::desc Matrix(int64_t rows, int64_t columns, int64_t row_pitch, int64_t column_pitch) {
  return {{rows, columns}, memory::data_type::f32, memory::dims{row_pitch, column_pitch}};
}

// Describes a product of the tile and makes it; its operands are the Args' first three, its scratchpad their workspace.
Step MakeProduct(const memory::desc& a, const memory::desc& b, const memory::desc& c, bool accumulate, Plan* plan) {
  dnnl::post_ops ops;
  if (accumulate) ops.append_sum(1);
  const auto described = onednn::MakeMatmul(onednn::Engine(), a, b, c, onednn::Attributes(ops));
  const memory::desc scratchpad = described.scratchpad_desc();
  std::vector<std::pair<int, onednn::Tensor>> args = {
      {DNNL_ARG_SRC, {a, {Place::In::kOperand, 0}}},
      {DNNL_ARG_WEIGHTS, {b, {Place::In::kOperand, 1}}},
      {DNNL_ARG_DST, {c, {Place::In::kOperand, 2}}},
  };
  if (scratchpad.get_size() > 0) args.push_back({DNNL_ARG_SCRATCHPAD, {scratchpad, {Place::In::kWorkspace, 0}}});
  plan->scratchpad_bytes = std::max(plan->scratchpad_bytes, scratchpad.get_size());
  const std::string name = described.impl_info_str();
  if (plan->names.find(name) == std::string::npos) plan->names += (plan->names.empty() ? "" : " + ") + name;
  return Step(described, args);
}

Products MakeProducts(int64_t rows, int64_t keys, Plan* plan) {
  const int64_t d = plan->problem.d;
  const memory::desc q = Matrix(rows, d, d, 1), k = Matrix(d, keys, 1, d), v = Matrix(keys, d, d, 1), out = q;
  const memory::desc scores = Matrix(rows, keys, Pitch(keys), 1);
  return {MakeProduct(q, k, scores, false, plan), MakeProduct(scores, v, out, false, plan),
          MakeProduct(scores, v, out, true, plan)};
}

std::vector<double> Costs(const Plan& plan) {
  std::vector<double> costs;
  for (int64_t block = 0; block < plan.rows.number(); ++block) {
    const Range rows = plan.rows.at(block);
    costs.push_back(static_cast<double>(rows.end - rows.begin) * static_cast<double>(plan.Keys(rows)));
  }
  return costs;
}

Plan MakePlan(const Attention& p, int threads, Tile tile) {
  const int64_t rows = p.h / p.kvh * p.s;
  // So many blocks of each KV head that threads can have equal numbers of them.
  const int64_t multiple = threads / std::gcd<int64_t>(threads, p.b * p.kvh);
  const int64_t most = DivideUp(rows, DivideUp(DivideUp(rows, tile.rows), multiple) * multiple);
  Plan plan{.problem = p, .rows = Equal(rows, most, 1), .keys = Equal(p.t, tile.keys, 16), .threads = threads};
  plan.first = ShareByCost(p.b * p.kvh, Costs(plan), threads);
  const onednn::ThreadScope one(1);
  for (int thread = 0; thread < threads; ++thread) {
    auto& own = plan.products.emplace_back();
    for (int64_t m : {plan.rows.size, plan.rows.short_end() ? rows % plan.rows.size : 0}) {
      if (m == 0) continue;
      auto& by_keys = own.emplace_back();
      for (int64_t n : {plan.keys.size, plan.keys.short_end() ? p.t % plan.keys.size : 0}) {
        if (n > 0) by_keys.push_back(MakeProducts(m, n, &plan));
      }
    }
  }
  return plan;
}

struct Kernels {
  void (*softmax)(const SoftmaxTile&);
  void (*scale)(const float* from, int64_t n, float factor, float* to);
  void (*normalise)(float* out, int64_t rows, int64_t d, const float* sum);
};

void RunBlock(const Plan& plan, const Kernels& kernels, const Args& args, int thread, int64_t block) {
  const Attention& p = plan.problem;
  const int64_t head = block / plan.rows.number();
  const Range rows = plan.rows.at(block % plan.rows.number());
  const int64_t m = rows.end - rows.begin;
  const int64_t first_row = head * plan.rows.count + rows.begin;
  std::byte* const memory = args.workspace + static_cast<size_t>(thread) * plan.thread_bytes();
  float* const q = reinterpret_cast<float*>(memory);
  float* const scores = q + plan.q_floats();
  float* const max = scores + plan.score_floats();
  float* const sum = max + RoundToLine(plan.rows.size);
  std::byte* const scratchpad = reinterpret_cast<std::byte*>(sum + RoundToLine(plan.rows.size));
  float* const out = args.at<float>(Attention::kDst) + first_row * p.d;

  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.d)));
  kernels.scale(args.at<const float>(Attention::kQ) + first_row * p.d, m * p.d, scale, q);
  const auto& by_keys = plan.products[static_cast<size_t>(thread)][plan.rows.is_short(rows) ? 1 : 0];
  int64_t count[kMostRows];
  for (int64_t j = 0; j < plan.keys.number(); ++j) {
    const Range keys = plan.keys.at(j);
    if (keys.begin >= plan.Keys(rows)) break;
    const Products& products = by_keys[plan.keys.is_short(keys) ? 1 : 0];
    const auto bytes = [](const float* at) { return const_cast<std::byte*>(reinterpret_cast<const std::byte*>(at)); };
    const int64_t key = (head * p.t + keys.begin) * p.d;
    products.scores(
        {.operand = {bytes(q), bytes(args.at<float>(Attention::kK) + key), bytes(scores)}, .workspace = scratchpad});
    const int64_t width = keys.end - keys.begin;
    for (int64_t i = 0; i < m; ++i) count[i] = std::clamp<int64_t>(plan.Keys(rows.begin + i) - keys.begin, 0, width);
    kernels.softmax({.scores = scores,
                     .pitch = Pitch(width),
                     .count = count,
                     .rows = m,
                     .keys = width,
                     .d = p.d,
                     .first = j == 0,
                     .out = out,
                     .max = max,
                     .sum = sum});
    (j == 0 ? products.first : products.more)(
        {.operand = {bytes(scores), bytes(args.at<float>(Attention::kV) + key), bytes(out)}, .workspace = scratchpad});
  }
  kernels.normalise(out, m, p.d, sum);
}

// Pairs that are computed: whole tiles, masked ones left out.
double Pairs(const Plan& plan) {
  double pairs = 0;
  for (int64_t i = 0; i < plan.rows.number(); ++i) {
    const Range rows = plan.rows.at(i);
    const int64_t keys = std::min(plan.keys.count, DivideUp(plan.Keys(rows), plan.keys.size) * plan.keys.size);
    pairs += static_cast<double>(rows.end - rows.begin) * static_cast<double>(keys);
  }
  return pairs * static_cast<double>(plan.problem.b * plan.problem.kvh);
}

Invocation PrepareTile(const Attention& p, const Context& context, Tile tile) {
  const auto plan = std::make_shared<const Plan>(MakePlan(p, context.threads, tile));
  Invocation invocation;
  invocation.impl = onednn::LibraryName() + " " + plan->names + " on tiles of " + std::to_string(plan->rows.size) +
                    "x" + std::to_string(plan->keys.size);
  invocation.executed_flops = 4 * Pairs(*plan) * static_cast<double>(p.d);
  invocation.workspace_bytes = static_cast<size_t>(plan->threads) * plan->thread_bytes();
  const Kernels kernels = {&HWY_DYNAMIC_DISPATCH(SoftmaxStep), &HWY_DYNAMIC_DISPATCH(Scale),
                           &HWY_DYNAMIC_DISPATCH(Normalise)};
  invocation.run = [plan, kernels](const Args& args) {
    // Inside of a parallel region the library uses the calling thread alone.
    omp_set_num_threads(plan->threads);
    Parallel(plan->threads, [&](int thread) {
      const auto i = static_cast<size_t>(thread);
      for (int64_t block = plan->first[i]; block < plan->first[i + 1]; ++block) {
        RunBlock(*plan, kernels, args, thread, block);
      }
    });
  };
  return invocation;
}

// A problem of the same kind that takes milliseconds, with as many KV heads as keep all threads at work.
Attention Shortened(const Attention& p, int threads) {
  Attention q = p;
  q.s = std::min(p.s, kTrialLength);
  q.t = std::min(p.t, kTrialLength);
  q.b = 1;
  q.kvh = std::min<int64_t>(p.b * p.kvh, threads);
  q.h = p.h / p.kvh * q.kvh;
  return q;
}

Tile FastestTile(const Attention& p, const Context& context) {
  const Attention q = Shortened(p, context.threads);
  std::vector<Invocation> contenders;
  std::vector<Tile> tiles;
  for (const Tile& tile : kTiles) {
    Invocation one = PrepareTile(q, context, tile);
    const auto same = [&](const Invocation& other) { return other.impl == one.impl; };
    if (std::any_of(contenders.begin(), contenders.end(), same)) continue;
    contenders.push_back(std::move(one));
    tiles.push_back(tile);
  }
  return tiles[Fastest(q, context, contenders)];
}

Support Supports(const Attention& problem, const Context& context) {
  return onednn::Supported(problem, context, [](const Attention& p) {
    const int64_t rows = std::min(p.h / p.kvh * p.s, kTiles[0].rows), keys = std::min(p.t, kTiles[0].keys);
    onednn::MakeMatmul(onednn::Engine(), Matrix(rows, p.d, p.d, 1), Matrix(p.d, keys, 1, p.d),
                       Matrix(rows, keys, keys, 1), onednn::Attributes());
  });
}

Invocation Prepare(const Attention& p, const Context& context) {
  return PrepareTile(p, context, FastestTile(p, context));
}

[[maybe_unused]] const bool kRegistered =
    Register<Attention>({.name = "onednn_flash",
                         .summary = "the tiles and online softmax of flash, with oneDNN's matmul on each tile",
                         .isa_control = IsaControl::kProcess,
                         .supports = Supports,
                         .prepare = Prepare});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
