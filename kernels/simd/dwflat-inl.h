// Depthwise convolution of few channels: several pixels share a vector. Include this inside a file that Highway
// compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_DWFLAT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_DWFLAT_INL_H_
#undef ROOFGAP_KERNELS_SIMD_DWFLAT_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_DWFLAT_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dwconv.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace flat {

constexpr int64_t kMaxTaps = 49;  // of both dimensions

// With stride 1 a row of outputs is one run of floats, and a tap a run of inputs; where the channels divide a vector,
// its weights repeat in every vector.
inline bool Applies(const DwConv& conv) {
  return conv.c < kLanes && kLanes % conv.c == 0 && conv.columns.stride == 1 &&
         conv.rows.taps * conv.columns.taps <= kMaxTaps;
}

struct Weights {
  HWY_ALIGN float tap[kMaxTaps * kLanes];
  HWY_ALIGN float bias[kLanes];
};

inline void Repeat(const DwConv& conv, const DwConvData& data, Weights& weights) {
  const D d;
  HWY_ALIGN int32_t lane[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) lane[i] = static_cast<int32_t>(i % conv.c);
  const auto repeated = hn::SetTableIndices(d, lane);
  const auto repeat = [&](const float* from, float* to)
                          HWY_ATTR { hn::Store(hn::TableLookupLanes(LoadFirst(from, conv.c), repeated), d, to); };
  for (int64_t t = 0; t < conv.rows.taps * conv.columns.taps; ++t) {
    repeat(data.wei + t * conv.c, weights.tap + t * kLanes);
  }
  hn::Store(hn::Zero(d), d, weights.bias);
  if (data.bias != nullptr) repeat(data.bias, weights.bias);
}

// NV vectors of a row of outputs, all of whose columns have all taps. src: the input of the first one's first tap.
template <int NV>
void Block(const DwConv& conv, const Weights& weights, const float* src, Range taps, float* dst) {
  const D d;
  const int64_t pitch = conv.rows.dilation * conv.columns.in * conv.c;
  const int64_t step = conv.columns.dilation * conv.c;
  V sum[1][NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) sum[0][v] = hn::Load(d, weights.bias);
  for (int64_t kh = taps.begin; kh < taps.end; ++kh) {
    const float* wei = weights.tap + kh * conv.columns.taps * kLanes;
    const float* from = src + kh * pitch;
    for (int64_t kw = 0; kw < conv.columns.taps; ++kw, wei += kLanes, from += step) {
      const V w = hn::Load(d, wei);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[0][v] = hn::MulAdd(w, hn::LoadU(d, from + v * kLanes), sum[0][v]);
    }
  }
  ActivateTile(d, conv.act, sum);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) hn::StoreU(sum[0][v], d, dst + v * kLanes);
}

// `count` vectors, NV at most: a chain of comparisons, since indirect calls are dear.
template <int NV>
void AnyBlock(const DwConv& conv, const Weights& weights, const float* src, Range taps, float* dst, int64_t count) {
  if (count == NV) return Block<NV>(conv, weights, src, taps, dst);
  if constexpr (NV > 1) AnyBlock<NV - 1>(conv, weights, src, taps, dst, count);
}

// Columns `columns` of row oh, at least a vector of floats, all of whose columns have all taps. dst: of column 0.
inline void Row(const DwConv& conv, const DwConvData& data, const Weights& weights, int64_t oh, Range columns,
                float* dst) {
  constexpr int kVectors = 6;  // hide the latency of multiply-adds
  const Range taps = conv.rows.TapsAt(oh);
  const int64_t ih = oh * conv.rows.stride - conv.rows.pad;
  const float* src = data.src + (ih * conv.columns.in + columns.begin - conv.columns.pad) * conv.c;
  float* to = dst + columns.begin * conv.c;
  const int64_t floats = (columns.end - columns.begin) * conv.c;
  const int64_t vectors = floats / kLanes;
  const auto blocks = static_cast<int>((vectors + kVectors - 1) / kVectors);
  for (int b = 0; b < blocks; ++b) {
    const Range own = Share(vectors, blocks, b);
    AnyBlock<kVectors>(conv, weights, src + own.begin * kLanes, taps, to + own.begin * kLanes, own.end - own.begin);
  }
  // The last vector overlaps the one before.
  const int64_t last = floats - kLanes;
  if (floats % kLanes != 0) Block<1>(conv, weights, src + last, taps, to + last);
}

}  // namespace flat
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
