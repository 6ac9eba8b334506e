// The pointwise half of a separable convolution. Compiled for every target in pointwise.cc; include this inside a file
// that Highway compiles once per target.
#if defined(ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#undef ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#else
#define ROOFGAP_KERNELS_DWSEP_POINTWISE_INL_H_
#endif

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/dwsep/pointwise.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

//   dst[i][j] = act(bias[j] + sum over c of mid[i][c] * wei[j][c])
//
// for all pixels i and the output channels j in [columns.begin, columns.end), which begin at a multiple of
// PointwiseShape::columns. Nothing needs to be aligned; nothing beyond column oc is written. Fetches `ahead` into L2
// meanwhile. Single-threaded; allocates nothing.
void Pointwise(const PointwisePixels& pixels, const PointwiseWeights& weights, Range columns,
               const PointwiseAhead& ahead);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
