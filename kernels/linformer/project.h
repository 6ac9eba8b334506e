#ifndef ROOFGAP_KERNELS_LINFORMER_PROJECT_H_
#define ROOFGAP_KERNELS_LINFORMER_PROJECT_H_

#include <algorithm>
#include <cstdint>

#include "kernels/api/operands.h"
#include "kernels/linformer/linformer.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// Keys that are summed before sums are stored: 512 of 64 floats are 128 KiB of L2, and storing a sum and adding to it
// costs 1/256 of its multiply-adds.
inline constexpr int64_t kProjectedAtOnce = 512;

// Where e and f lie, packed, and K and V once they are projected; sizes in floats.
struct Projections {
  int64_t keys = 0;           // kProjectedAtOnce, or t
  int64_t blocks = 0;         // of keys
  int64_t weight_pitch = 0;   // from a row of a block of e or f to the next
  int64_t of_weights = 0;     // e, f: [blocks][k][weight_pitch]
  int64_t matrices = 0;       // K and V of each KV head in turn
  int64_t of_matrix = 0;      // [k][d]
  int64_t packed_values = 0;  // a thread's scratch for a block of rows of d floats that are no whole panels, else 0

  Projections() = default;
  Projections(const Linformer& p, const GemmShape& tile) {
    const auto round_up = [](int64_t floats) { return (floats + 15) / 16 * 16; };
    keys = std::min(p.t, kProjectedAtOnce);
    blocks = (p.t + keys - 1) / keys;
    // Rows of e are often a multiple of 4 KiB apart, which fall into one set of L1, and on a page each.
    weight_pitch = round_up(keys) + 16;
    of_weights = blocks * p.k * weight_pitch;
    matrices = 2 * p.b * p.kvh;
    of_matrix = round_up(p.k * p.d);
    if (p.d % tile.nr != 0) packed_values = round_up(PackedFloats(p.d, keys, tile.nr));
  }

  int64_t floats() const { return matrices * of_matrix; }
  bool packs_values() const { return packed_values > 0; }
};

inline void PackProjections(const Linformer& p, const Projections& projections, const Args& args) {
  float* to = reinterpret_cast<float*>(args.packed);
  for (const size_t operand : {Linformer::kE, Linformer::kF}) {
    const float* const from = args.at<const float>(operand);
    for (int64_t key = 0; key < p.t; key += projections.keys) {
      for (int64_t i = 0; i < p.k; ++i, to += projections.weight_pitch) {
        std::copy_n(from + i * p.t + key, std::min(projections.keys, p.t - key), to);
      }
    }
  }
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_LINFORMER_PROJECT_H_
