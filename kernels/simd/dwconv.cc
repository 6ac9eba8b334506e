#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/dwconv.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/dwflat-inl.h"
#include "kernels/simd/dwstrip-inl.h"
#include "kernels/simd/lanes-inl.h"
// clang-format on
#include <algorithm>
#include <array>
#include <utility>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Columns of a block. With two rows of sums, and one row of inputs held at a time, 7 columns of a 3x3 kernel take
// 14 + 9 of 32 registers, 4 columns 8 + 6 of 16. Maps of common networks are multiples of 7 wide.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kWidest = 7;
constexpr int kRegisters = 32;
#else
constexpr int kWidest = 4;
constexpr int kRegisters = 16;
#endif

// Sliding reads each vector of channels of a map by itself: it pays where a vector is a whole cache line, and needs 32
// registers.
constexpr bool kSlides = HWY_TARGET == HWY_AVX3;

// Where sliding takes the rest, 3x3 blocks are left those maps whose pixels share sets of L1. Narrow blocks read fewer
// streams at once and find their neighbour's columns in L1: with stride 2, 128 and 256 channels take 27 and 12 us with
// 2 columns, 33 and 16 with 7; with stride 1, 50 and 30 us with 4, 51 and 33 with 7, 57 and 33 with 2.
constexpr int MaxColumns(int64_t taps, int64_t stride) {
  return kSlides && taps == 3 ? (stride == 1 ? 4 : 2) : kWidest;
}

// A block of outputs, relative to the input pixel that its first output's first tap reads (maybe outside the map).
struct Block {
  const float* src;
  float* dst;
  Range rows, columns;  // the inputs that exist
};

// R rows x W columns of outputs of a KxK kernel, strides S x S where R > 1. kEdge: some inputs do not exist; they are
// zero, and rows of them are left out.
template <int K, int S, int R, int W, bool kEdge>
void TiledBlock(const DwConv& conv, const DwConvData& data, const Block& block, Range channels) {
  const D d;
  const int64_t c_count = conv.c;
  const int64_t pixel = slide::Pixel(conv);
  const int64_t in_pitch = conv.columns.in * pixel;
  const int64_t out_pitch = conv.columns.outputs() * pixel;
  for (int64_t at = channels.begin; at < channels.end; at += kLanes) {
    // The last vector overlaps the one before: twice the same result costs less than a partial vector.
    const int64_t c = std::min(at, channels.end - kLanes);
    const float* wei = data.wei + c;
    const float* from = block.src + slide::SrcAt(conv, at, c);
    float* to = block.dst + slide::DstAt(conv, at, c);
    V sum[R][W];
    const V bias = data.bias != nullptr ? hn::LoadU(d, data.bias + c) : hn::Zero(d);
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int w = 0; w < W; ++w) sum[r][w] = bias;
    }
#pragma GCC unroll 16
    for (int i = 0; i < (R - 1) * S + K; ++i) {
      if (kEdge && (i < block.rows.begin || i >= block.rows.end)) continue;
      const float* src = from + i * in_pitch;
      // Taps `phase`, phase + S, ... share inputs: with stride 2, half of a row is held at a time.
#pragma GCC unroll 2
      for (int phase = 0; phase < S; ++phase) {
        const int inputs = W + (K - 1 - phase) / S;
        V x[W + (K - 1) / S];
#pragma GCC unroll 16
        for (int j = 0; j < inputs; ++j) {
          const int column = j * S + phase;
          const bool exists = !kEdge || (column >= block.columns.begin && column < block.columns.end);
          x[j] = exists ? hn::LoadU(d, src + column * pixel) : hn::Zero(d);
        }
#pragma GCC unroll 2
        for (int r = 0; r < R; ++r) {
          const int kh = i - r * S;
          if (kh < 0 || kh >= K) continue;
#pragma GCC unroll 8
          for (int kw = phase; kw < K; kw += S) {
            const V w = hn::LoadU(d, wei + (kh * K + kw) * c_count);
#pragma GCC unroll 8
            for (int j = 0; j < W; ++j) sum[r][j] = hn::MulAdd(w, x[j + kw / S], sum[r][j]);
          }
        }
        // Keeps the compiler from holding weights for the second row of outputs where that would spill sums. Where it
        // does not, holding them is worth 7 % on Zen 5.
        if constexpr (K > 3 || kRegisters < 32) asm volatile("" ::: "memory");
      }
    }
    ActivateTile(d, conv.act, sum);
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int w = 0; w < W; ++w) hn::StoreU(sum[r][w], d, to + r * out_pitch + w * pixel);
    }
  }
}

using BlockFn = void (*)(const DwConv&, const DwConvData&, const Block&, Range);

// By width and edge. Single rows are rare (the last of an odd number): one version of them, which checks, will do.
template <int K, int S, int R, int... I>
constexpr std::array<BlockFn, sizeof...(I)> Blocks(std::integer_sequence<int, I...>) {
  return {&TiledBlock < K, S, R, I / 2 + 1, R == 1 || I % 2 == 1 > ...};
}

template <int K, int S, int R>
void TiledRows(const DwConv& conv, const DwConvData& data, float* dst, int64_t oh, Range channels) {
  constexpr int kColumns = MaxColumns(K, S);
  static constexpr auto kBlocks = Blocks<K, S, R>(std::make_integer_sequence<int, 2 * kColumns>());
  const int64_t ow = conv.columns.outputs();
  const int64_t ih = oh * conv.rows.stride - conv.rows.pad;
  const Range rows = {std::max<int64_t>(0, -ih), conv.rows.in - ih};
  const bool row_edge = ih < 0 || rows.end < (R - 1) * S + K;
  const int64_t blocks = (ow + kColumns - 1) / kColumns;
  for (int64_t b = 0; b < blocks; ++b) {
    const Range out = Share(ow, static_cast<int>(blocks), static_cast<int>(b));
    const int64_t width = out.end - out.begin;
    const int64_t iw = out.begin * S - conv.columns.pad;
    const Range columns = {-iw, conv.columns.in - iw};
    const bool edge = row_edge || iw < 0 || columns.end < (width - 1) * S + K;
    const Block block = {data.src + (ih * conv.columns.in + iw) * slide::Pixel(conv),
                         dst + out.begin * slide::Pixel(conv), rows, columns};
    kBlocks[static_cast<size_t>(2 * (width - 1) + edge)](conv, data, block, channels);
  }
}

template <int K, int S>
void TiledRows(const DwConv& conv, const DwConvData& data, float* dst, Range rows, Range channels) {
  const int64_t out_pitch = conv.columns.outputs() * slide::Pixel(conv);
  for (int64_t oh = rows.begin; oh < rows.end;) {
    float* at = dst + (oh - rows.begin) * out_pitch;
    if (conv.rows.stride == S && oh + 2 <= rows.end) {
      TiledRows<K, S, 2>(conv, data, at, oh, channels);
      oh += 2;
      continue;
    }
    TiledRows<K, S, 1>(conv, data, at, oh, channels);
    ++oh;
  }
}

// As StoreFirst, but masked on AVX2 too: `c6ih56kh3ph1` 19 us in place of 24 (Zen 5).
HWY_INLINE void StoreChannels(V v, float* to, int64_t count) {
#if HWY_TARGET == HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(D(), static_cast<size_t>(count)), D(), to);
#else
  StoreFirst(v, to, count);
#endif
}

// W outputs side by side, all with the same taps: any kernel, stride and dilation. kPartial: fewer channels than lanes.
template <int W, bool kPartial>
void TapBlock(const DwConv& conv, const DwConvData& data, int64_t oh, int64_t ow, float* dst, Range channels) {
  const D d;
  const auto load = [&](const float* from) HWY_ATTR { return kPartial ? LoadFirst(from, conv.c) : hn::LoadU(d, from); };
  const Range rows = conv.rows.TapsAt(oh);
  const Range columns = conv.columns.TapsAt(ow);
  const int64_t ih = oh * conv.rows.stride - conv.rows.pad;
  const int64_t iw = ow * conv.columns.stride - conv.columns.pad;
  const int64_t pixel = slide::Pixel(conv);
  const int64_t step = conv.columns.stride * pixel;
  for (int64_t at = channels.begin; at < channels.end; at += kLanes) {
    const int64_t c = kPartial ? 0 : std::min(at, channels.end - kLanes);
    const float* from = data.src + slide::SrcAt(conv, at, c);
    float* to = dst + slide::DstAt(conv, at, c);
    V sum[1][W];
    const V bias = data.bias != nullptr ? load(data.bias + c) : hn::Zero(d);
#pragma GCC unroll 8
    for (int w = 0; w < W; ++w) sum[0][w] = bias;
    for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
      const int64_t row = (ih + kh * conv.rows.dilation) * conv.columns.in + iw;
      for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
        const float* src = from + (row + kw * conv.columns.dilation) * pixel;
        const V w = load(data.wei + (kh * conv.columns.taps + kw) * conv.c + c);
#pragma GCC unroll 8
        for (int j = 0; j < W; ++j) sum[0][j] = hn::MulAdd(w, load(src + j * step), sum[0][j]);
      }
    }
    ActivateTile(d, conv.act, sum);
#pragma GCC unroll 8
    for (int w = 0; w < W; ++w) {
      if constexpr (kPartial) {
        StoreChannels(sum[0][w], to + w * pixel, conv.c);
      } else {
        hn::StoreU(sum[0][w], d, to + w * pixel);
      }
    }
  }
}

// weights: for several pixels in a vector, or null.
template <bool kPartial>
void TapRow(const DwConv& conv, const DwConvData& data, const flat::Weights* weights, float* dst, int64_t oh,
            Range channels) {
  constexpr int kColumns = 4;  // hides the latency of multiply-adds
  const int64_t count = conv.columns.outputs();
  // Between the borders all taps exist.
  const Range last_tap = conv.columns.OutputsOf(conv.columns.taps - 1);
  const Range first_tap = conv.columns.OutputsOf(0);
  const Range whole = {std::max(first_tap.begin, last_tap.begin), std::min(first_tap.end, last_tap.end)};
  const bool flat = weights != nullptr && (whole.end - whole.begin) * conv.c >= kLanes;
  for (int64_t ow = 0; ow < count;) {
    float* at = dst + ow * slide::Pixel(conv);
    if (flat && ow == whole.begin) {
      flat::Row(conv, data, *weights, oh, whole, dst);
      ow = whole.end;
    } else if (ow >= whole.begin && ow + kColumns <= whole.end) {
      TapBlock<kColumns, kPartial>(conv, data, oh, ow, at, channels);
      ow += kColumns;
    } else {
      TapBlock<1, kPartial>(conv, data, oh, ow, at, channels);
      ++ow;
    }
  }
}

bool IsTiled(const DwConv& conv) {
  const Window& rows = conv.rows;
  const Window& columns = conv.columns;
  return conv.c >= kLanes && rows.taps == columns.taps && (rows.taps == 3 || rows.taps == 5) && rows.dilation == 1 &&
         columns.dilation == 1 && columns.stride <= 2;
}

bool IsSliding(const DwConv& conv) { return kSlides && IsTiled(conv) && slide::Applies(conv); }

template <int K, int S>
void SlideMap(const DwConv& conv, const DwConvData& data, float* dst, Range rows, Range channels) {
  // Not instantiated where it is never taken.
  if constexpr (kSlides && K > 0) slide::Map<K, S>(conv, data, dst, rows, channels, slide::IsGrouped(conv, channels));
}

DwConvPlan PlanOf(const DwConv& conv) {
  const bool slides = IsSliding(conv);
  const bool tiled = !slides && IsTiled(conv);
  const int64_t rows = tiled && conv.rows.stride == conv.columns.stride ? 2 : 1;
  return {
      .rows = rows,
      .height = slides ? slide::MaxRows(conv.columns.taps, conv.columns.stride) : rows,
      .columns = tiled ? MaxColumns(conv.columns.taps, conv.columns.stride) : 4,
      .lanes = kLanes,
      .slides = slides,
      .tiled = tiled,
      .flat = flat::Applies(conv),
      .isa = hwy::TargetName(HWY_TARGET),
  };
}

}  // namespace

void DwConvRows(const DwConv& conv, const DwConvData& data, float* dst, Range rows, Range channels) {
  HWY_DASSERT(!conv.blocked || (channels.begin % kLanes == 0 &&
                                (channels.end % kLanes == 0 || channels.end == conv.c) && conv.c >= kLanes));
  if (IsSliding(conv)) {
    const bool three = conv.rows.taps == 3;
    if (conv.rows.stride == 1) {
      three ? SlideMap<3, 1>(conv, data, dst, rows, channels) : SlideMap<5, 1>(conv, data, dst, rows, channels);
    } else {
      three ? SlideMap<3, 2>(conv, data, dst, rows, channels) : SlideMap<5, 2>(conv, data, dst, rows, channels);
    }
    return;
  }
  if (IsTiled(conv)) {
    const bool three = conv.rows.taps == 3;
    const bool one = conv.columns.stride == 1;
    const auto run = three ? (one ? &TiledRows<3, 1> : &TiledRows<3, 2>) : (one ? &TiledRows<5, 1> : &TiledRows<5, 2>);
    run(conv, data, dst, rows, channels);
    return;
  }
  const bool flat = flat::Applies(conv);
  flat::Weights weights;
  if (flat) flat::Repeat(conv, data, weights);
  for (int64_t oh = rows.begin; oh < rows.end; ++oh) {
    float* at = dst + (oh - rows.begin) * conv.columns.outputs() * slide::Pixel(conv);
    conv.c < kLanes ? TapRow<true>(conv, data, flat ? &weights : nullptr, at, oh, channels)
                    : TapRow<false>(conv, data, nullptr, at, oh, channels);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(PlanOf);

}  // namespace

DwConvPlan ChosenDwConvPlan(const DwConv& conv) { return HWY_DYNAMIC_DISPATCH(PlanOf)(conv); }

std::string DwConvPlan::Name() const {
  const std::string shape = slides  ? std::to_string(height) + " rows sliding"
                            : tiled ? std::to_string(height) + "x" + std::to_string(columns)
                            : flat  ? "flat"
                                    : "taps";
  return std::string(isa) + " " + shape;
}

Range DwConvPlan::Strip(int64_t count, int64_t most, int64_t i) const {
  if (!slides) return {i * most, std::min((i + 1) * most, count)};
  return Share(count, static_cast<int>((count + most - 1) / most), static_cast<int>(i));
}

double DwConvPlan::Macs(const DwConv& conv) const {
  const int64_t columns_done = tiled ? conv.columns.outputs() * conv.columns.taps : conv.columns.ValidPairs();
  return static_cast<double>(conv.rows.ValidPairs()) * static_cast<double>(columns_done);
}

}  // namespace roofgap
#endif  // HWY_ONCE
