// The activations of kernels/api/activation.h on a vector. Include this inside a file that Highway compiles once per
// target.
#if defined(ROOFGAP_KERNELS_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_ACTIVATION_INL_H_
#undef ROOFGAP_KERNELS_SIMD_ACTIVATION_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_ACTIVATION_INL_H_
#endif

#include <type_traits>

#include "hwy/highway.h"
#include "kernels/api/activation.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

template <Activation kAct, class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Activated(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V zero = hn::Zero(d);
  if constexpr (kAct == Activation::kRelu) return hn::Max(x, zero);
  const V six = hn::Set(d, 6.0f);
  if constexpr (kAct == Activation::kRelu6) return hn::Min(hn::Max(x, zero), six);
  if constexpr (kAct == Activation::kHSwish) {
    const V ramp = hn::Min(hn::Max(hn::Add(x, hn::Set(d, 3.0f)), zero), six);
    return hn::Mul(hn::Mul(x, ramp), hn::Set(d, 1.0f / 6));
  }
  return x;
}

// Applies the activation to all vectors of a tile: one choice a tile, since a branch for each vector would fill the
// reorder buffer.
template <class D, int R, int C, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE void ActivateTile(D d, int64_t act, V (&tile)[R][C]) {
  const auto all = [&](auto constant) HWY_ATTR {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
      for (int c = 0; c < C; ++c) tile[r][c] = Activated<decltype(constant)::value>(d, tile[r][c]);
    }
  };
  switch (static_cast<Activation>(act)) {
    case Activation::kNone: break;
    case Activation::kRelu: all(std::integral_constant<Activation, Activation::kRelu>()); break;
    case Activation::kRelu6: all(std::integral_constant<Activation, Activation::kRelu6>()); break;
    case Activation::kHSwish: all(std::integral_constant<Activation, Activation::kHSwish>()); break;
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
