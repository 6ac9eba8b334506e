#ifndef ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
#define ROOFGAP_KERNELS_DWSEP_POINTWISE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/api/variant.h"
#include "kernels/dwsep/dwsep.h"

namespace roofgap {

// The words of the pointwise half (pointwise-inl.h), which `fused` and `two_pass` share.

// How it is computed for a problem on the instruction set that Highway dispatches to now.
struct PointwiseShape {
  int64_t rows = 0;     // pixels of a tile
  int64_t columns = 0;  // output channels that a tile covers where there are enough
  int64_t nr = 0;       // columns of a panel of packed weights

  // "6x64".
  std::string Name() const { return std::to_string(rows) + "x" + std::to_string(columns); }
};

// Pixels of the depthwise result, and where the first of them goes.
struct PointwisePixels {
  const float* mid = nullptr;
  int64_t mid_pitch = 0;
  float* dst = nullptr;
  int64_t count = 0;
};

// What PackPointwise has packed: pw_wei as PackB packs it, then pw_bia, filled up with zeros to whole panels.
struct PointwiseWeights {
  const float* packed = nullptr;
  const float* bias = nullptr;
  int64_t oc = 0, ic = 0, act = 0;
};

// What will be read next. Of all of it at most 16 floats for each step of a tile are fetched.
struct PointwiseAhead {
  const float* data = nullptr;
  int64_t floats = 0;
};

PointwiseShape ChosenPointwiseShape(const DwSep& problem);

size_t PackedPointwiseBytes(const DwSep& problem, const PointwiseShape& shape);
void PackPointwise(const DwSep& problem, const PointwiseShape& shape, const Args& args);
PointwiseWeights PackedPointwise(const DwSep& problem, const PointwiseShape& shape, const Args& args);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
