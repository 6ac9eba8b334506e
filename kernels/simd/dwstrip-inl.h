// Depthwise convolution of whole maps by sliding strips. Include this inside a file that Highway compiles once per
// target.
#if defined(ROOFGAP_KERNELS_SIMD_DWSTRIP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_DWSTRIP_INL_H_
#undef ROOFGAP_KERNELS_SIMD_DWSTRIP_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_DWSTRIP_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/dwconv.h"
#include "kernels/simd/dwslide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace slide {

constexpr auto kLanes = static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));

constexpr int64_t kPair = 32;  // floats of two cache lines, which come together

// Rows of outputs of a strip, at most: with the columns in flight, as many sums as 32 registers hold.
constexpr int MaxRows(int64_t taps, int64_t stride) { return taps == 5 && stride == 1 ? 4 : 7; }

// A strip of a map: its outputs, and where they go.
struct Place {
  Range rows;
  Range columns;
  float* dst;  // of row rows.begin and column 0
  bool more;   // rows are to follow
};

// Floats from one pixel to the next, inputs and outputs.
inline int64_t Pixel(const DwConv& conv) { return conv.blocked ? kLanes : conv.c; }

// Where vector of channels number at / kLanes, from channel c on, begins in the inputs, and in the outputs.
inline int64_t SrcAt(const DwConv& conv, int64_t at, int64_t c) {
  return conv.blocked ? at * conv.rows.in * conv.columns.in : c;
}
inline int64_t DstAt(const DwConv& conv, int64_t at, int64_t c) {
  return conv.blocked ? at * conv.rows.outputs() * conv.columns.outputs() : c;
}

// What the strips of all vectors of `place` share.
template <int K, int S>
Strip StripOf(const DwConv& conv, const Place& place) {
  const int64_t ih = place.rows.begin * S - conv.rows.pad;
  const int64_t iw = place.columns.begin * S - conv.columns.pad;
  const int64_t pixel = Pixel(conv);
  return {
      .tap = conv.c,
      .in = pixel,
      .in_pitch = conv.columns.in * pixel,
      .out = pixel,
      .out_pitch = conv.columns.outputs() * pixel,
      .rows = {-ih, conv.rows.in - ih},
      .columns = {-iw, conv.columns.in - iw},
      .count = place.columns.end - place.columns.begin,
      .act = conv.act,
      .ahead_pairs = 0,
  };
}

// Vector number at / kLanes of `place`, channels from c on.
template <int S>
HWY_INLINE Vector VectorOf(const DwConv& conv, const DwConvData& data, const Place& place, int64_t at, int64_t c) {
  const int64_t ih = place.rows.begin * S - conv.rows.pad;
  const int64_t iw = place.columns.begin * S - conv.columns.pad;
  return {
      .src = data.src + SrcAt(conv, at, c) + (ih * conv.columns.in + iw) * Pixel(conv),
      .wei = data.wei + c,
      .bias = data.bias != nullptr ? data.bias + c : nullptr,
      .dst = place.dst + DstAt(conv, at, c) + place.columns.begin * Pixel(conv),
      .ahead = data.src,
  };
}

struct Ahead {
  const float* from;
  int64_t pairs;  // of cache lines, a step
};

// The inputs of the rows that follow, for so many steps. Where a pixel is long, each vector of channels reads a line of
// every 1.5 KiB or more, which memory is slow at: 9 to 20 % of cold time with stride 1, for up to 3 % of warm time.
// Maps of fewer channels, and larger, would lose up to 30 % warm.
template <int K, int S>
Ahead AheadOf(const DwConv& conv, const DwConvData& data, const Place& place, int64_t steps) {
  if (conv.blocked || conv.c < 384 || !place.more || steps <= 0) return {data.src, 0};
  const int64_t first = place.rows.end * S - conv.rows.pad + K - S;
  const int64_t rows = std::min((place.rows.end - place.rows.begin) * S, conv.rows.in - first);
  if (rows <= 0) return {data.src, 0};
  const int64_t row = conv.columns.in * conv.c;
  return {data.src + first * row, (rows * row / kPair + steps - 1) / steps};
}

template <int K, int S, int R>
void Plain(const DwConv& conv, const DwConvData& data, const Place& place, Range channels) {
  HWY_ALIGN float aligned[K * K * kLanes];
  const int64_t steps = place.columns.end - Slide<K, S, R>::kLive + 1;
  const int64_t vectors = (channels.end - channels.begin + kLanes - 1) / kLanes;
  const Ahead ahead = AheadOf<K, S>(conv, data, place, steps * vectors);
  Strip strip = StripOf<K, S>(conv, place);
  strip.ahead_pairs = ahead.pairs;
  // Weights that are loaded again and again, half of them from two cache lines.
  const bool align = K > 3 && conv.c % kLanes != 0;
  if (align) strip.tap = kLanes;
  for (int64_t at = channels.begin; at < channels.end; at += kLanes) {
    // The last vector overlaps the one before: twice the same result costs less than a partial vector.
    Vector vector = VectorOf<S>(conv, data, place, at, std::min(at, channels.end - kLanes));
    if (align) {
      for (int i = 0; i < K * K; ++i) std::copy_n(vector.wei + i * conv.c, kLanes, aligned + i * kLanes);
      vector.wei = aligned;
    }
    vector.ahead = ahead.from + (at - channels.begin) / kLanes * steps * ahead.pairs * kPair;
    Slide<K, S, R>::Run(strip, vector);
  }
}

// Copies some vectors, `from_pitch` floats apart, of each of some pixels.
template <int kVectors>
HWY_NOINLINE void CopyPixels(const float* HWY_RESTRICT from, int64_t from_pixel, int64_t from_pitch,
                             float* HWY_RESTRICT to, int64_t to_pixel, int64_t to_pitch, int64_t pixels) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
#pragma GCC unroll 2
  for (int64_t p = 0; p < pixels; ++p, from += from_pixel, to += to_pixel) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::StoreU(hn::LoadU(d, from + v * from_pitch), d, to + v * to_pitch);
  }
}

// Where pixels are a multiple of 2 KiB apart, those of one vector share one or two sets of L1 and one bank of L2. Then
// several vectors of each pixel are written, or with stride 2 read, side by side, through a buffer in L1.
template <int S>
constexpr int kGroup = S == 1 ? 8 : 4;
template <int S>
constexpr int64_t kGroupColumns = S == 1 ? 7 : 3;

template <int S, int R>
void Grouped(const DwConv& conv, const DwConvData& data, const Place& place, Range channels) {
  constexpr int K = 3;
  constexpr int64_t kInputs = (kGroupColumns<S> - 1) * S + K;
  constexpr int64_t kPixels = S == 1 ? R * kGroupColumns<S> : ((R - 1) * S + K) * kInputs;
  HWY_ALIGN float buffer[kGroup<S> * kPixels * kLanes];
  const Strip whole = StripOf<K, S>(conv, place);
  for (int64_t at = channels.begin; at < channels.end; at += kGroup<S> * kLanes) {
    const Vector first = VectorOf<S>(conv, data, place, at, at);
    const Range rows = {std::max<int64_t>(whole.rows.begin, 0), std::min<int64_t>(whole.rows.end, (R - 1) * S + K)};
    const Range columns = {std::max<int64_t>(whole.columns.begin, 0),
                           std::min<int64_t>(whole.columns.end, (whole.count - 1) * S + K)};
    if constexpr (S == 2) {
      for (int64_t i = rows.begin; i < rows.end; ++i) {
        CopyPixels<kGroup<S>>(first.src + i * whole.in_pitch + columns.begin * conv.c, conv.c, kLanes,
                              buffer + (i * kInputs + columns.begin) * kLanes, kLanes, kPixels * kLanes,
                              columns.end - columns.begin);
      }
    }
    for (int v = 0; v < kGroup<S>; ++v) {
      Strip strip = whole;
      Vector vector = VectorOf<S>(conv, data, place, at + v * kLanes, at + v * kLanes);
      float* const own = buffer + v * kPixels * kLanes;
      if constexpr (S == 1) {
        vector.dst = own;
        strip.out = kLanes;
        strip.out_pitch = kGroupColumns<S> * kLanes;
      } else {
        vector.src = own;
        strip.in = kLanes;
        strip.in_pitch = kInputs * kLanes;
      }
      Slide<K, S, R>::Run(strip, vector);
    }
    if constexpr (S == 1) {
      for (int r = 0; r < R; ++r) {
        CopyPixels<kGroup<S>>(buffer + r * kGroupColumns<S> * kLanes, kLanes, kPixels * kLanes,
                              first.dst + r * whole.out_pitch, conv.c, kLanes, whole.count);
      }
    }
  }
}

template <int K, int S, int R>
void Rows(const DwConv& conv, const DwConvData& data, const Place& place, Range channels, bool grouped) {
  if constexpr (K == 3) {
    if (grouped) {
      const int64_t count = place.columns.end;
      const auto strips = static_cast<int>((count + kGroupColumns<S> - 1) / kGroupColumns<S>);
      for (int i = 0; i < strips; ++i) {
        Grouped<S, R>(conv, data, {place.rows, Share(count, strips, i), place.dst, false}, channels);
      }
      return;
    }
  }
  Plain<K, S, R>(conv, data, place, channels);
}

// R rows, or fewer: a chain of comparisons, since indirect calls are dear.
template <int K, int S, int R>
void AnyRows(const DwConv& conv, const DwConvData& data, const Place& place, Range channels, bool grouped) {
  if (place.rows.end - place.rows.begin == R) return Rows<K, S, R>(conv, data, place, channels, grouped);
  if constexpr (R > 1) AnyRows<K, S, R - 1>(conv, data, place, channels, grouped);
}

template <int K, int S>
void Map(const DwConv& conv, const DwConvData& data, float* dst, Range rows, Range channels, bool grouped) {
  constexpr int kRows = MaxRows(K, S);
  const int64_t out_pitch = conv.columns.outputs() * Pixel(conv);
  const int64_t count = rows.end - rows.begin;
  const auto blocks = static_cast<int>((count + kRows - 1) / kRows);
  for (int b = 0; b < blocks; ++b) {
    const Range own = Share(count, blocks, b);
    const Place place = {{rows.begin + own.begin, rows.begin + own.end},
                         {0, conv.columns.outputs()},
                         dst + own.begin * out_pitch,
                         b + 1 < blocks};
    AnyRows<K, S, kRows>(conv, data, place, channels, grouped);
  }
}

// Whether `channels` of a map whose pixels are 2 KiB apart, or a multiple, go in whole groups.
inline bool IsGrouped(const DwConv& conv, Range channels) {
  const int64_t group = (conv.columns.stride == 1 ? kGroup<1> : kGroup<2>)*kLanes;
  return !conv.blocked && conv.columns.taps == 3 && conv.c % 512 == 0 && (channels.end - channels.begin) % group == 0 &&
         conv.columns.outputs() >= 4;
}

// Whether the inputs of eight steps fall into so few of the 64 sets of L1 that they, or the outputs, which often fall
// into the same, throw each other out: more than 16 lines of a set. From L3 half as many are too many.
inline bool Crowds(const DwConv& conv) {
  constexpr int64_t kL2Floats = (1 << 20) / 4;
  const int64_t stride = conv.columns.stride;
  const int64_t taps = conv.columns.taps;
  const int64_t lines = ((MaxRows(taps, stride) - 1) * stride + taps) * 8 * stride;
  const int64_t pixel = Pixel(conv);
  const int64_t sets = 1024 / std::min<int64_t>(1024, pixel & -pixel);
  const bool near = conv.SrcFloats() <= kL2Floats;
  return lines > (near ? 16 : 8) * sets;
}

// Square kernels of 3 or 5 taps with stride 1 or 2, no dilation, channels for a vector.
inline bool Applies(const DwConv& conv) {
  const Window& columns = conv.columns;
  if (conv.rows.stride != columns.stride || std::max(conv.rows.pad, columns.pad) > columns.taps / 2) return false;
  if (columns.outputs() < (columns.taps - 1) / columns.stride) return false;
  // Half of such a short strip is its ends.
  if (columns.taps == 5 && columns.stride == 1 && columns.outputs() < 8) return false;
  return IsGrouped(conv, {0, conv.c}) || !Crowds(conv);
}

}  // namespace slide
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
