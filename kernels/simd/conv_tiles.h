#ifndef ROOFGAP_KERNELS_SIMD_CONV_TILES_H_
#define ROOFGAP_KERNELS_SIMD_CONV_TILES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/api/window.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// One map of a convolution, channels last, cut into tiles for the register-tile GEMM (gemm_tile-inl.h): rows of A are
// the windows of output pixels in place, B is the weights as [kh][kw][ic] by output channels.
//
// Pixels that see the same taps form a class with its own runs of k, so that no tap on padding is multiplied. A class
// of a few pixels (the corners of a map) would be bound by the reading of B: one row runs at a third of the peak. It
// sees a part of the taps of the edge beside it and joins that edge's last tile as a guest, for a part of its sum.
struct ConvMap {
  Window rows;
  Window columns;
  int64_t ic = 0;           // channels that a tap reads
  int64_t src_pitch = 0;    // floats from an input pixel to the next
  int64_t dst_pitch = 0;    // floats from an output pixel to the next
  bool contiguous = false;  // the taps of a kernel row are adjacent in memory: one run
};

// A part of a tile's sum, of all its rows but the last `without`.
struct ConvPhase {
  int64_t without = 0;
  std::vector<GemmRun> runs;
};

// Rows patterns[pattern], summed in sums[sum]. More than one phase: each adds to the result of those before, and the
// last sums[sum].front().without rows begin with what the caller puts there, bias or zero.
struct ConvForm {
  size_t pattern = 0;
  size_t sum = 0;

  friend bool operator==(const ConvForm&, const ConvForm&) = default;
};

struct ConvTiles {
  std::vector<std::vector<GemmRow>> patterns;
  std::vector<std::vector<ConvPhase>> sums;
  // By tile: its form, and from where in src and dst its rows are counted.
  std::vector<ConvForm> forms;
  std::vector<GemmRow> places;
  std::vector<int64_t> macs;  // macs[i]: multiply-accumulates per output channel of the tiles before i

  int64_t count() const { return static_cast<int64_t>(places.size()); }
};

// Tiles of `mr` rows at most, equal in size within a class.
ConvTiles MakeConvTiles(const ConvMap& map, int64_t mr);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_CONV_TILES_H_
