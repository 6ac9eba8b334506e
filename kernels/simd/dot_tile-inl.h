// The last columns of a GEMM where they are too few for a vector: k in vector lanes, each element of C a dot product.
// Compiled for every target in dot_tile.cc; include this inside a file that Highway compiles once per target.
//
//   C[m][n] = act((accumulate ? C[m][n] : 0) + bias[n] + sum over k of A[m][k] * W[n][k])
//
// Nothing is read but the k of the runs, and nothing is written but the columns. No alignment is needed; A and W must
// not overlap C. Single-threaded; allocates nothing.
#if defined(ROOFGAP_KERNELS_SIMD_DOT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_DOT_TILE_INL_H_
#undef ROOFGAP_KERNELS_SIMD_DOT_TILE_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_DOT_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <span>

#include "hwy/highway.h"
#include "kernels/simd/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// The most columns: 4 of 16 lanes, 3 of 8, 1 of 4, and none where vectors have a single lane. More leave rows too few
// to share the vectors of W: on AVX3, a fifth doubled the time; on AVX2, 4 columns gained 4 % or lost 8 %.
inline constexpr int64_t kDotColumns = std::min<int64_t>(
    4, static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>())) * 3 / 8);

// Any number of rows, columns [0, n), 1 <= n <= kDotColumns. Row n of W begins at w.data + n * w.pitch, and run.b
// counts floats from there. `epilogue.bias` and the rows of C point at the first of the columns.
void DotTile(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, int64_t n, const GemmEpilogue& epilogue);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
