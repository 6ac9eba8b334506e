#ifndef ROOFGAP_KERNELS_LINFORMER_PROJECT_H_
#define ROOFGAP_KERNELS_LINFORMER_PROJECT_H_

#include <cstdint>

#include "kernels/linformer/linformer.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// Keys that are summed before sums are stored: 512 of 64 floats are 128 KiB of L2, and storing a sum and adding to it
// costs 1/256 of its multiply-adds.
inline constexpr int64_t kProjectedAtOnce = 512;

// Where K and V lie once they are projected: [k][d] each, K and V of one KV head after the other.
struct Projections {
  int64_t pitch = 0;  // floats from one to the next
  int64_t matrices = 0;
  int64_t packed = 0;

  Projections() = default;
  Projections(const Linformer& p, const GemmShape& tile)
      : pitch((p.k * p.d + 15) / 16 * 16), matrices(2 * p.b * p.kvh) {
    if (p.d % tile.nr != 0) packed = (PackedFloats(p.d, kProjectedAtOnce, tile.nr) + 15) / 16 * 16;
  }

  int64_t floats() const { return matrices * pitch; }
  int64_t At(int64_t matrix) const { return matrix * pitch; }
  // Rows of d floats that are no whole panels are packed before they are multiplied: scratch for each thread.
  bool packs() const { return packed > 0; }
  int64_t packed_floats() const { return packed; }
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_LINFORMER_PROJECT_H_
