// The one fp32 register-tile GEMM: output channels in vector lanes, rows broadcast. Compiled for every target in
// gemm_tile.cc; include this inside a file that Highway compiles once per target.
//
//   C[m][n] = act((accumulate ? C[m][n] : 0) + bias[n] + sum over k of A[m][k] * B[k][n])
//
// A is read in place, C is written in place; neither needs any alignment or any pitch, and nothing is written past
// column n. Packed B should lie on 64 bytes. A and B must not overlap C. Single-threaded; allocates nothing.
#if defined(ROOFGAP_KERNELS_SIMD_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_GEMM_TILE_INL_H_
#undef ROOFGAP_KERNELS_SIMD_GEMM_TILE_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_GEMM_TILE_INL_H_
#endif

#include <cstdint>
#include <span>

#include "hwy/highway.h"
#include "kernels/simd/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// The tile: kGemmMR rows x kGemmNV vectors of accumulators (kernels/simd/README.md has the reasons and numbers).
#if HWY_TARGET == HWY_AVX3
inline constexpr int64_t kGemmMR = 14, kGemmNV = 2;
#elif HWY_ARCH_ARM
inline constexpr int64_t kGemmMR = 8, kGemmNV = 3;
#else
inline constexpr int64_t kGemmMR = 6, kGemmNV = 2;
#endif
// The wide tile of short sums: at most kGemmWideMR rows by two panels; only AVX3 has one.
inline constexpr int64_t kGemmWideMR = HWY_TARGET == HWY_AVX3 ? 6 : 0;
// Columns of a panel of B.
inline constexpr int64_t kGemmNR =
    kGemmNV * static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));

// All of C for rows wherever they lie: any number of them, any n >= 1. `runs` are disjoint and each has k >= 1.
// B panels outermost, so that a panel stays in cache for all rows; a caller with more rows than cache calls it per
// block of rows.
void Gemm(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t n, const GemmEpilogue& epilogue);

// The same for plain matrices: A [m][k], B [k][n], C [m][n].
void Gemm(GemmIn a, const GemmB& b, GemmOut c, int64_t m, int64_t n, int64_t k, const GemmEpilogue& epilogue);

// One tile, or one at each place: 1 to kGemmMR rows, columns [0, n) of one panel that begins at b.data,
// 1 <= n <= kGemmNR. `epilogue.bias` and the rows of C point at the panel's first column. With 1 to kGemmWideMR rows
// and padded B, n <= 2 kGemmNR: the columns beyond the first panel are those of the panel behind it.
void GemmTile(const GemmRows& rows, std::span<const GemmRun> runs, const GemmB& b, int64_t n,
              const GemmEpilogue& epilogue);

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
