#ifndef ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
#define ROOFGAP_KERNELS_DWSEP_POINTWISE_H_

#include <cstdint>
#include <string>

#include "kernels/api/variant.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/simd/dwconv.h"

namespace roofgap {

// The words of the pointwise half (pointwise-inl.h), which `fused` and `two_pass` share.

// Its tile for a problem on the instruction set that Highway dispatches to now.
struct PointwiseShape {
  int64_t rows = 0;     // pixels
  int64_t columns = 0;  // output channels
  int64_t nr = 0;       // columns of a panel of packed weights

  std::string Name() const { return std::to_string(rows) + "x" + std::to_string(columns); }
};

// Pixels of the depthwise result, and where the first of them goes.
struct PointwisePixels {
  const float* mid = nullptr;
  int64_t mid_pitch = 0;
  float* dst = nullptr;
  int64_t dst_pitch = 0;
  int64_t count = 0;
};

// What PackPointwise has packed: wei as PackB packs it, then bias, filled up with zeros to whole panels.
struct PointwiseWeights {
  const float* packed = nullptr;
  const float* bias = nullptr;
  int64_t oc = 0, ic = 0, act = 0;
};

// Memory that is fetched into L2 meanwhile: what will be read next.
struct PointwiseAhead {
  const float* data = nullptr;
  int64_t floats = 0;
};

PointwiseShape ChosenPointwiseShape(const DwSep& problem);

int64_t PackedPointwiseFloats(const DwSep& problem, int64_t nr);
void PackPointwise(const DwSep& problem, int64_t nr, const Args& args);
PointwiseWeights PackedPointwise(const DwSep& problem, int64_t nr, const Args& args);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
