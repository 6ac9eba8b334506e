// Depthwise convolution of some rows of a map. Compiled for every target in dwconv.cc; include this inside a file that
// Highway compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_DWCONV_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_DWCONV_INL_H_
#undef ROOFGAP_KERNELS_SIMD_DWCONV_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_DWCONV_INL_H_
#endif

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/dwconv.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// Output rows [rows.begin, rows.end) and channels [channels.begin, channels.end) of one map; `dst` is where output row
// rows.begin begins, rows being ow * c floats apart. `channels` is all of them or at least one vector wide. Where the
// convolution is blocked: `dst` is where that row begins in the first vector's map, whatever channels.begin is; rows are
// ow * lanes floats apart; `channels` begins at a multiple of the lanes and ends at one or at c. Nothing needs to be
// aligned; nothing outside src and wei is read, nothing else written. Single-threaded; allocates nothing.
void DwConvRows(const DwConv& conv, const DwConvData& data, float* dst, Range rows, Range channels);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
