// Vector exp2 for softmax. Included once per Highway target.

#if defined(ROOFGAP_KERNELS_SIMD_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_EXP_INL_H_
#undef ROOFGAP_KERNELS_SIMD_EXP_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_EXP_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 2^x for x <= 127, f32.
//
//   2^x = 2^n 2^r,   n = x rounded to the nearest integer,   r = x - n in [-0.5, 0.5]
//
// Relative error, measured over a third of all floats in [-126, 127]: 1.72e-7 with fused multiply-adds, 1.94e-7
// without; 0.91e-7 of it is the polynomial's. 2^n is exact. Below -126, where results would be denormal, 0; so
// -infinity gives 0. NaN gives NaN. Above 127: undefined.
//
// n comes from adding and subtracting 1.5 * 2^23, at which the spacing of floats is 1: FADDs, which run on pipes of
// their own on Zen, instead of a rounding and two conversions. The sum's low bits already hold n as an integer, so 2^n
// is one integer shift and add into the exponent. Five FMAs per vector are left on the pipes that a GEMM beside needs;
// hn::Exp2's equivalent takes twelve. AVX3 has instructions for r and for the scaling: 4.9 cycles a vector of a row in
// place of 5.5 (Zen 5).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp2(D d, V x) {
  [[maybe_unused]] const hn::RebindToSigned<D> di;
#if HWY_TARGET == HWY_AVX3
  constexpr int kNearest = 8;  // whole numbers, ties to even
  const V r{_mm512_reduce_ps(x.raw, kNearest)};
#else
  const V shifter = hn::Set(d, 12582912.0f);  // 1.5 * 2^23
  const V shifted = hn::Add(x, shifter);
  const V r = hn::Sub(x, hn::Sub(shifted, shifter));
#endif
  // Minimises the largest relative error on [-0.5, 0.5] among polynomials that are 1 at 0.
  V p = hn::Set(d, 0x1.5bba14p-10f);
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.3cea88p-7f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.c6b752p-5f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.ebf9bcp-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.62e42ap-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
#if HWY_TARGET == HWY_AVX3
  const __mmask16 normal = _mm512_cmp_ps_mask(x.raw, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
  return V{_mm512_maskz_scalef_ps(normal, p.raw, hn::Sub(x, r).raw)};
#else
  const V scaled = hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -126.0f)), scaled);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
