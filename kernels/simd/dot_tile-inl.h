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

// The most columns: a quarter of a vector, none where vectors have a single lane.
inline constexpr int64_t kDotColumns =
    static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>())) / 4;

// Any number of rows, columns [0, n), 1 <= n <= kDotColumns. Row n of W begins at w.data + n * w.pitch, and run.b
// counts floats from there. `epilogue.bias` and the rows of C point at the first of the columns.
void DotTile(const GemmRows& rows, std::span<const GemmRun> runs, GemmIn w, int64_t n, const GemmEpilogue& epilogue);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
