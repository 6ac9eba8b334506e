// The GEMM of rows at a fixed pitch. Compiled for every target in row_gemm.cc; include this inside a file that Highway
// compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_ROW_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_ROW_GEMM_INL_H_
#undef ROOFGAP_KERNELS_SIMD_ROW_GEMM_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_ROW_GEMM_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "kernels/simd/row_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// With 16 registers a tile of 4 rows by 3 vectors is no better than one of 6 by 2.
inline constexpr bool kThreeVectorPanels = HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM;

// Columns of a panel of b: three vectors where they fill whole panels, else two.
inline int64_t RowGemmPanel(int64_t n) {
  constexpr int64_t kLanes =
      static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));
  return (kThreeVectorPanels && (n + kLanes - 1) / kLanes % 3 == 0 ? 3 : 2) * kLanes;
}

// Nothing needs to be aligned; nothing behind column n of c is written. Single-threaded; allocates nothing.
void Gemm(const RowGemm& of);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
