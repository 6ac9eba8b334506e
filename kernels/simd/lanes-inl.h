// Vectors of floats, as many lanes as the target has, and parts of them. Include this inside a file that Highway
// compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_LANES_INL_H_
#undef ROOFGAP_KERNELS_SIMD_LANES_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_LANES_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// The first `count` lanes; reads nothing behind them. Zeros follow.
HWY_INLINE V LoadFirst(const float* from, int64_t count) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(D(), static_cast<size_t>(count)), D(), from);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(D(), lanes);
#endif
}

// Writes the first `count` lanes. Masked stores are cheap with AVX-512 only: for AVX2 AMD's cores take 42 operations.
HWY_INLINE void StoreFirst(V v, float* to, int64_t count) {
#if HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(D(), static_cast<size_t>(count)), D(), to);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, D(), lanes);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#endif
}

// The scalar of NV multiply-adds. The barriers are for the compilers. On x86 they fold the broadcast into each
// multiply-add as a memory operand: NV loads of the same scalar in place of one. On ARM they load the scalars of all
// rows of a tile first, and spill accumulators for them.
template <int NV>
HWY_INLINE V Broadcast(const float* scalar) {
#if HWY_ARCH_ARM
  float loaded = *scalar;
  asm volatile("" : "+w"(loaded));
  return hn::Set(D(), loaded);
#else
  V v = hn::Set(D(), *scalar);
#if HWY_TARGET <= HWY_SSE4 && HWY_ARCH_X86
  if constexpr (NV > 1) asm("" : "+v"(v.raw));
#endif
  return v;
#endif
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
