#ifndef ROOFGAP_KERNELS_SIMD_DOT_TILE_H_
#define ROOFGAP_KERNELS_SIMD_DOT_TILE_H_

#include <cstdint>

namespace roofgap {

// How many of `n` columns of C DotTile (dot_tile-inl.h) should compute, the last ones, beside the register tile for the
// others: those that fill a small part of a vector if the sum over k, in runs of `run`, is long enough; or 0. For the
// instruction set which Highway dispatches to now.
int64_t DotColumns(int64_t n, int64_t k, int64_t run);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_DOT_TILE_H_
