#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/group_conv.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
// clang-format on
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "hwy/highway.h"
#include "kernels/simd/group_conv.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Columns of a block: sums, the weights of three taps, the table and the operands in flight fill the registers.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM
constexpr int kMaxColumns = 14;
constexpr int kRegisters = 32;
#else
constexpr int kMaxColumns = 8;
constexpr int kRegisters = 16;
#endif

// Where the operands come from: lanes of the vector of inputs that belongs to the vector of outputs, or one input.
enum class Operand { kTable, kBroadcast };

// Taps of one kernel row that are multiplied together.
struct Step {
  int64_t src;       // where the first of them reads, relative to the block
  int64_t wei;       // their weights, relative to the vector's
  uint32_t rows;     // bit r: row r of the outputs has them
  uint32_t columns;  // bit i: input i exists
};

// A vector of channels of a block of outputs.
struct Block {
  const Step* begin;
  const Step* end;
  const float* src;     // the input pixel that the first output's first tap reads (maybe outside the map)
  const float* packed;  // the vector's weights
  const float* bias;    // null for none
  float* dst;
  int64_t height;  // rows of outputs
};

template <Operand kOperand, class Table>
HWY_INLINE V Repeated(const float* from, Table table) {
  const D d;
  if constexpr (kOperand == Operand::kTable) return hn::TableLookupLanes(hn::LoadU(d, from), table);
  V v = hn::Set(d, *from);
#if HWY_TARGET <= HWY_SSE4 && HWY_ARCH_X86
  asm("" : "+v"(v.raw));  // or compilers load it anew for each tap
#endif
  return v;
}

// Copies the inputs of a step that exist, one vector of each.
template <int R, int kInputs>
HWY_INLINE void Gather(const GroupConvPlan& plan, const float* src, const Step& step, float* HWY_RESTRICT to) {
  const D d;
#pragma GCC unroll 1
  for (int r = 0; r < R; ++r) {
    if ((step.rows & (1U << r)) == 0) continue;
    const float* from = src + r * plan.row_pitch;
#pragma GCC unroll 1
    for (int i = 0; i < kInputs; ++i, from += plan.input_pitch) {
      if ((step.columns & (1U << i)) != 0) hn::Store(hn::LoadU(d, from), d, to + (r * kInputs + i) * kLanes);
    }
  }
}

// R rows x W columns of outputs, K taps of a kernel row at a time. Unrolled taps (K > 1) have stride S and no dilation
// and share their operands. kEdge: some inputs do not exist and are left out, as is the second row where height is 1.
template <Operand kOperand, int K, int S, int R, int W, bool kEdge>
void Tile(const GroupConvPlan& plan, const Block& block) {
  const D d;
  constexpr int kInputs = (W - 1) * S + K;
  constexpr int kFirst = kEdge ? K - 1 : 0;  // inputs before it and from kLast may not exist
  constexpr int kLast = kEdge ? std::max(kFirst, kInputs - K + 1) : kInputs;
  constexpr int kMaxGroup = std::clamp(kRegisters - R * W - K - 2, 2, 8);
  constexpr int kGroups = std::max(1, (kLast - kFirst + kMaxGroup - 1) / kMaxGroup);
  V sum[R][W];
  const V bias = block.bias != nullptr ? hn::LoadU(d, block.bias) : hn::Zero(d);
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int w = 0; w < W; ++w) sum[r][w] = bias;
  }
  HWY_ALIGN float gathered[R * kInputs * kLanes];
  const int64_t pitch = plan.gathers ? kLanes : plan.input_pitch;
  const int64_t row_pitch = plan.gathers ? kInputs * kLanes : plan.row_pitch;
  const int32_t* const table_end = plan.table.data() + plan.table.size();
  for (const Step* step = block.begin; step != block.end; ++step) {
    const float* src = block.src + step->src;
    const float* wei = block.packed + step->wei;
    if (plan.gathers) {
      Gather<R, kInputs>(plan, src, *step, gathered);
      src = gathered;
    }
    for (const int32_t* table = plan.table.data(); table != table_end; table += kLanes, wei += K * kLanes) {
      const auto indices = hn::SetTableIndices(d, table);
      V weights[K];
#pragma GCC unroll 8
      for (int tap = 0; tap < K; ++tap) weights[tap] = hn::LoadU(d, wei + tap * kLanes);
#pragma GCC unroll 2
      for (int r = 0; r < R; ++r) {
        if (R > 1 && (step->rows & (1U << r)) == 0) continue;
        const float* from = src + (r > 0 ? row_pitch : 0);
        uint32_t columns = step->columns;
        // Or gcc keeps inputs, their addresses and each bit of the mask from one j to the next: on the stack.
        asm volatile("" : "+r"(columns), "+r"(from) : : "memory");
        const bool whole = K > 1 || columns == (1U << kInputs) - 1;
#pragma GCC unroll 32
        for (int i = 0; (K > 1 || !whole) && i < kInputs; ++i) {
          if ((K > 1 && i >= kFirst && i < kLast) || (columns & (1U << i)) == 0) continue;
          const V x = Repeated<kOperand>(from + i * pitch, indices);
#pragma GCC unroll 8
          for (int tap = i % S; tap < K; tap += S) {
            const int w = (i - tap) / S;
            if (i >= tap && w < W) sum[r][w] = hn::MulAdd(weights[tap], x, sum[r][w]);
          }
        }
#pragma GCC unroll 8
        for (int group = 0; whole && group < kGroups; ++group) {
          const int begin = kFirst + (kLast - kFirst) * group / kGroups;
          const int end = kFirst + (kLast - kFirst) * (group + 1) / kGroups;
          V x[kMaxGroup];
#pragma GCC unroll 16
          for (int i = begin; i < end; ++i) x[i - begin] = Repeated<kOperand>(from + i * pitch, indices);
#pragma GCC unroll 8
          for (int tap = 0; tap < K; ++tap) {
#pragma GCC unroll 16
            for (int i = begin; i < end; ++i) {
              const int w = (i - tap) / S;
              if (i < tap || (i - tap) % S != 0 || w >= W) continue;
              sum[r][w] = hn::MulAdd(weights[tap], x[i - begin], sum[r][w]);
            }
          }
        }
      }
      if (kOperand == Operand::kBroadcast) ++src;
    }
  }
  ActivateTile(d, plan.conv.act, sum);
  const int64_t channels = plan.conv.channels();
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r) {
    if (r >= block.height) continue;
    float* dst = block.dst + (r > 0 ? plan.out_row_pitch : 0);
#pragma GCC unroll 16
    for (int w = 0; w < W; ++w, dst += channels) hn::StoreU(sum[r][w], d, dst);
  }
}

using TileFn = void (*)(const GroupConvPlan&, const Block&);

// By width, whole and edge. Narrow blocks have two rows, for as many sums as hide the latency of multiply-adds; they
// are rare in large maps, so that one version of them, which checks, will do.
template <Operand kOperand, int K, int S, int... I>
constexpr std::array<TileFn, sizeof...(I)> Tiles(std::integer_sequence<int, I...>) {
  return {&Tile < kOperand,
          K,
          S,
          I / 2 < kMaxColumns / 2 ? 2 : 1,
          I / 2 + 1,
          I / 2 < kMaxColumns / 2 || K == 1 || I % 2 == 1 > ...};
}

// The steps of a block of rows whose first output's first tap reads row `ih`.
const Step* FillSteps(const GroupConvPlan& plan, const GroupConvColumns& columns, int64_t ih, int64_t height,
                      Step* steps) {
  const GroupConv& conv = plan.conv;
  for (int64_t kh = 0; kh < conv.rows.taps; ++kh) {
    const int64_t row = kh * conv.rows.dilation;
    uint32_t rows = 0;
    for (int64_t r = 0; r < height; ++r) {
      const int64_t at = ih + row + r * conv.rows.stride;
      rows |= static_cast<uint32_t>(at >= 0 && at < conv.rows.in) << r;
    }
    for (size_t i = 0; rows != 0 && i < columns.inputs.size(); ++i) {
      const int64_t kw = static_cast<int64_t>(i) * plan.taps;
      const int64_t pixel = row * conv.columns.in + kw * conv.columns.dilation;
      const int64_t tap = kh * conv.columns.taps + kw;
      if (columns.inputs[i] == 0) continue;
      *steps++ = {pixel * conv.channels(), tap * conv.c * kLanes, rows, columns.inputs[i]};
    }
  }
  return steps;
}

template <Operand kOperand, int K, int S>
void RunBlock(const GroupConvPlan& plan, const GroupConvData& data, int64_t index, Range vectors) {
  static constexpr auto kTiles = Tiles<kOperand, K, S>(std::make_integer_sequence<int, 2 * kMaxColumns>());
  const Window& rows = plan.conv.rows;
  const Window& columns = plan.conv.columns;
  const int64_t channels = plan.conv.channels();
  const int64_t n = index / plan.blocks();
  const int64_t oh = index % plan.blocks() * plan.rows;
  const int64_t ih = oh * rows.stride - rows.pad;
  const int64_t height = std::min(plan.rows, rows.outputs() - oh);
  const int64_t vector_floats = plan.vector_floats();
  Step steps[kGroupConvMaxTaps];
  for (const GroupConvColumns& part : plan.columns) {
    const Range out = part.outputs;
    const int64_t iw = out.begin * columns.stride - columns.pad;
    const float* src = data.src + ((n * rows.in + ih) * columns.in + iw) * channels;
    float* dst = data.dst + ((n * rows.outputs() + oh) * columns.outputs() + out.begin) * channels;
    const Step* end = FillSteps(plan, part, ih, height, steps);
    const TileFn tile = kTiles[static_cast<size_t>(2 * (out.end - out.begin - 1) + part.edge)];
    for (int64_t v = vectors.begin; v < vectors.end; ++v) {
      const int64_t first = std::min(v * kLanes, channels - kLanes);
      tile(plan, {.begin = steps,
                  .end = end,
                  .src = src + first,
                  .packed = data.packed + v * vector_floats,
                  .bias = data.bias != nullptr ? data.bias + first : nullptr,
                  .dst = dst + first,
                  .height = height});
    }
  }
}

using BlockFn = void (*)(const GroupConvPlan&, const GroupConvData&, int64_t, Range);

template <Operand kOperand>
BlockFn ChosenBlock(const GroupConvPlan& plan) {
  if (plan.taps == 5) return &RunBlock<kOperand, 5, 1>;
  if (plan.taps == 1) return &RunBlock<kOperand, 1, 1>;
  return plan.conv.columns.stride == 1 ? &RunBlock<kOperand, 3, 1> : &RunBlock<kOperand, 3, 2>;
}

// Taps of a kernel row that are unrolled. Every output column must have one of its middle taps inside the map.
int64_t UnrolledTaps(const Window& columns) {
  const bool unrolled = columns.taps == 3 ? columns.stride <= 2 : columns.taps == 5 && columns.stride == 1;
  return unrolled && columns.dilation == 1 && columns.pad < columns.taps ? columns.taps : 1;
}

void RunGroupConv(const GroupConvPlan& plan, const GroupConvData& data, int thread) {
  // Weights stay in L2 from one block of outputs to the next. Fewer, for L1, were slower (91 to 94 % as fast with 512
  // channels in groups of 16 and 20 KiB): the inputs of all vectors lie side by side, which the prefetchers like
  // better.
  constexpr int64_t kL2Floats = (512 << 10) / 4;
  const auto& [blocks, vectors] = plan.parts[static_cast<size_t>(thread)];
  const int64_t count = vectors.end - vectors.begin;
  const int64_t chunk = std::max<int64_t>(1, kL2Floats / plan.vector_floats());
  const int64_t chunks = (count + chunk - 1) / chunk;
  const BlockFn run =
      plan.conv.c < kLanes ? ChosenBlock<Operand::kTable>(plan) : ChosenBlock<Operand::kBroadcast>(plan);
  for (int64_t i = 0; i < chunks; ++i) {
    const Range share = Share(count, static_cast<int>(chunks), static_cast<int>(i));
    for (int64_t b = blocks.begin; b < blocks.end; ++b) {
      run(plan, data, b, {vectors.begin + share.begin, vectors.begin + share.end});
    }
  }
}

bool HasGroupConv(const GroupConv& conv) {
  return kLanes > 1 && conv.channels() >= kLanes && kLanes % conv.c == 0 &&
         conv.rows.taps * conv.columns.taps <= kGroupConvMaxTaps;
}

GroupConvPlan KernelOf(const GroupConv& conv) {
  const Window& columns = conv.columns;
  GroupConvPlan plan;
  plan.conv = conv;
  plan.lanes = kLanes;
  plan.max_columns = kMaxColumns;
  plan.rows = columns.outputs() <= kMaxColumns / 2 ? 2 : 1;
  plan.taps = UnrolledTaps(columns);
  plan.isa = hwy::TargetName(HWY_TARGET);
  return plan;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunGroupConv);
HWY_EXPORT(HasGroupConv);
HWY_EXPORT(KernelOf);

std::vector<GroupConvColumns> ColumnsOf(const GroupConvPlan& plan) {
  const Window& w = plan.conv.columns;
  const auto blocks = static_cast<int>((w.outputs() + plan.max_columns - 1) / plan.max_columns);
  const int64_t step = plan.taps > 1 ? 1 : w.stride;
  std::vector<GroupConvColumns> columns;
  for (int b = 0; b < blocks; ++b) {
    GroupConvColumns part = {.outputs = Share(w.outputs(), blocks, b), .edge = false, .inputs = {}};
    const int64_t inputs = (part.outputs.end - part.outputs.begin - 1) * w.stride / step + plan.taps;
    for (int64_t kw = 0; kw < w.taps; kw += plan.taps) {
      uint32_t exist = 0;
      for (int64_t i = 0; i < inputs; ++i) {
        const int64_t iw = part.outputs.begin * w.stride - w.pad + kw * w.dilation + i * step;
        exist |= static_cast<uint32_t>(iw >= 0 && iw < w.in) << i;
      }
      part.edge |= exist != (uint32_t{1} << inputs) - 1;
      part.inputs.push_back(exist);
    }
    columns.push_back(std::move(part));
  }
  return columns;
}

// Whether the inputs of a block, which it reads once for each channel of a group, fall into so few sets of an L1 cache
// (64 lines of 64 bytes apart) that they throw each other out of 8 ways.
bool InputsAlias(const GroupConvPlan& plan) {
  const int64_t positions = 1024 / std::gcd<int64_t>(1024, plan.input_pitch);
  const Range widest = plan.columns.front().outputs;
  const int64_t inputs = (widest.end - widest.begin - 1) * (plan.taps > 1 ? plan.conv.columns.stride : 1) + plan.taps;
  return inputs * plan.rows > 8 * positions;
}

// Threads divide the rows, or the vectors where that leaves less to the busiest of them and no two vectors overlap.
std::vector<GroupConvPart> Split(const GroupConvPlan& plan, int threads) {
  const int64_t blocks = plan.conv.mb * plan.blocks();
  const auto busiest = [threads](int64_t count) { return (count + threads - 1) / threads; };
  const bool overlap = plan.conv.channels() % plan.lanes != 0;
  const bool by_vectors = !overlap && busiest(plan.vectors()) * blocks < busiest(blocks) * plan.vectors();
  std::vector<GroupConvPart> parts;
  for (int thread = 0; thread < threads; ++thread) {
    parts.push_back(by_vectors ? GroupConvPart{{0, blocks}, Share(plan.vectors(), threads, thread)}
                               : GroupConvPart{Share(blocks, threads, thread), {0, plan.vectors()}});
  }
  return parts;
}

}  // namespace

bool GroupConvApplies(const GroupConv& conv) { return HWY_DYNAMIC_DISPATCH(HasGroupConv)(conv); }

GroupConvRun ChosenGroupConvRun() { return &HWY_DYNAMIC_DISPATCH(RunGroupConv); }

GroupConvPlan MakeGroupConvPlan(const GroupConv& conv, int threads) {
  GroupConvPlan plan = HWY_DYNAMIC_DISPATCH(KernelOf)(conv);
  for (int64_t j = 0; j < conv.c; ++j) {
    for (int64_t lane = 0; lane < plan.lanes; ++lane) {
      plan.table.push_back(static_cast<int32_t>(lane / conv.c * conv.c + j));
    }
  }
  const int64_t channels = conv.channels();
  plan.input_pitch = (plan.taps > 1 ? 1 : conv.columns.stride) * channels;
  plan.row_pitch = conv.rows.stride * conv.columns.in * channels;
  plan.out_row_pitch = conv.columns.outputs() * channels;
  plan.columns = ColumnsOf(plan);
  plan.gathers = InputsAlias(plan);
  plan.parts = Split(plan, threads);
  return plan;
}

int64_t GroupConvPlan::FirstChannel(int64_t vector) const { return std::min(vector * lanes, conv.channels() - lanes); }

double GroupConvPlan::Macs() const {
  return static_cast<double>(conv.mb * conv.channels() * conv.c) * static_cast<double>(conv.rows.ValidPairs()) *
         static_cast<double>(conv.columns.ValidPairs());
}

std::string GroupConvPlan::Name() const {
  return std::string(isa) + " grouped " + std::to_string(rows) + "x" + std::to_string(max_columns) +
         " K=" + std::to_string(taps);
}

void PackGroupConv(const GroupConvPlan& plan, const float* wei, float* packed) {
  const int64_t c = plan.conv.c;
  const int64_t taps = plan.conv.rows.taps * plan.conv.columns.taps;
  for (int64_t v = 0; v < plan.vectors(); ++v) {
    const float* of_vector = wei + plan.FirstChannel(v) * taps * c;
    for (int64_t tap = 0; tap < taps; tap += plan.taps) {
      for (int64_t j = 0; j < c; ++j) {
        for (int64_t t = tap; t < tap + plan.taps; ++t) {
          for (int64_t lane = 0; lane < plan.lanes; ++lane) *packed++ = of_vector[(lane * taps + t) * c + j];
        }
      }
    }
  }
}

}  // namespace roofgap
#endif  // HWY_ONCE
