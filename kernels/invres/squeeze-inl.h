// Squeeze-and-excite (kernels/invres/invres.h) in three phases with a barrier between them: each thread sums the
// depthwise results that it has just computed (AddToSums), then squeezes into its share of q (SqueezeShare), then
// excites its share of the gates (ExciteShare), which ScaleRows applies. Included once per Highway target.
#if defined(ROOFGAP_KERNELS_INVRES_SQUEEZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_INVRES_SQUEEZE_INL_H_
#undef ROOFGAP_KERNELS_INVRES_SQUEEZE_INL_H_
#else
#define ROOFGAP_KERNELS_INVRES_SQUEEZE_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/activation.h"
#include "kernels/api/parallel.h"
#include "kernels/invres/squeeze.h"
#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// sums[i] += sum over pixels of d[pixel * pitch + i], i < channels.
HWY_INLINE void AddToSums(const float* d, int64_t pitch, int64_t pixels, int64_t channels, float* sums) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  int64_t i = 0;
  for (; i + lanes <= channels; i += lanes) {
    auto even = hn::LoadU(tag, sums + i);
    auto odd = hn::Zero(tag);
    int64_t pixel = 0;
    for (; pixel + 2 <= pixels; pixel += 2) {
      even = hn::Add(even, hn::LoadU(tag, d + pixel * pitch + i));
      odd = hn::Add(odd, hn::LoadU(tag, d + (pixel + 1) * pitch + i));
    }
    if (pixel < pixels) odd = hn::Add(odd, hn::LoadU(tag, d + pixel * pitch + i));
    hn::StoreU(hn::Add(even, odd), tag, sums + i);
  }
  for (; i < channels; ++i) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) sums[i] += d[pixel * pitch + i];
  }
}

// d[pixel * pitch + i] *= gates[i], i < channels.
HWY_INLINE void ScaleRows(float* d, int64_t pitch, int64_t pixels, int64_t channels, const float* gates) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t pixel = 0; pixel < pixels; ++pixel, d += pitch) {
    int64_t i = 0;
    for (; i + lanes <= channels; i += lanes) {
      hn::StoreU(hn::Mul(hn::LoadU(tag, d + i), hn::LoadU(tag, gates + i)), tag, d + i);
    }
    for (; i < channels; ++i) d[i] *= gates[i];
  }
}

// A thread's share of the columns of rows x matrix, in whole panels; may be empty.
HWY_INLINE Range ShareOfColumns(int64_t columns, int threads, int thread) {
  const Range panels = Share((columns + kGemmNR - 1) / kGemmNR, threads, thread);
  return {std::min(panels.begin * kGemmNR, columns), std::min(panels.end * kGemmNR, columns)};
}

HWY_INLINE void SqueezeShare(const Squeeze& plan, float* workspace, const float* packed, const float* bias,
                             int thread) {
  float* const pool = workspace + plan.Pool(thread);
  const float scale = 1.0f / static_cast<float>(plan.pixels);
  for (int64_t i = 0; i < plan.mb * plan.pitch; ++i) {
    float sum = 0;
    for (int other = 0; other < plan.threads; ++other) sum += workspace[plan.Sums(other) + i];
    pool[i] = sum * scale;
  }
  const Range own = ShareOfColumns(plan.se, plan.threads, thread);
  if (own.begin == own.end) return;
  Gemm({pool, plan.pitch}, PackedB(packed + own.begin * plan.mc, plan.mc, kGemmNR),
       {workspace + plan.Squeezed() + own.begin, Squeeze::Padded(plan.se)}, plan.mb, own.end - own.begin, plan.mc,
       {.bias = bias + own.begin, .act = static_cast<int64_t>(Activation::kRelu), .accumulate = false});
}

HWY_INLINE void ExciteShare(const Squeeze& plan, float* workspace, const float* packed, const float* bias, int thread) {
  const Range own = ShareOfColumns(plan.mc, plan.threads, thread);
  if (own.begin == own.end) return;
  float* const gates = workspace + plan.Gates();
  Gemm({workspace + plan.Squeezed(), Squeeze::Padded(plan.se)},
       PackedB(packed + plan.SqueezeFloats() + own.begin * plan.se, plan.se, kGemmNR), {gates + own.begin, plan.pitch},
       plan.mb, own.end - own.begin, plan.se, {.bias = bias + own.begin, .act = 0, .accumulate = false});
  for (int64_t n = 0; n < plan.mb; ++n) {
    for (int64_t m = own.begin; m < own.end; ++m) {
      float& gate = gates[n * plan.pitch + m];
      gate = std::clamp(gate + 3.0f, 0.0f, 6.0f) * (1.0f / 6);
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
