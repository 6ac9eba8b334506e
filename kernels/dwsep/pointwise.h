#ifndef ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
#define ROOFGAP_KERNELS_DWSEP_POINTWISE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/variant.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/row_gemm.h"

namespace roofgap {

// The pointwise half of `fused` and `two_pass`, a RowGemm. Packed: pw_wei in panels (PackB), then pw_bia, filled up
// with zeros to whole panels.

// What impl says about it.
inline std::string PanelsName(int64_t panel) { return "panels of " + std::to_string(panel); }

inline int64_t PanelsOf(const DwSep& p, int64_t panel) { return (p.oc + panel - 1) / panel; }

// The output channels of some panels.
inline Range ChannelsOf(const DwSep& p, int64_t panel, Range panels) {
  return {std::min(panels.begin * panel, p.oc), std::min(panels.end * panel, p.oc)};
}

inline size_t PackedPointwiseBytes(const DwSep& p, int64_t panel) {
  return static_cast<size_t>(PackedFloats(p.oc, p.ic + 1, panel)) * sizeof(float);
}

inline void PackPointwise(const DwSep& p, int64_t panel, const Args& args) {
  float* const packed = reinterpret_cast<float*>(args.packed);
  PackB({args.at<float>(DwSep::kPwWei), p.ic}, p.oc, p.ic, panel, packed);
  float* const bias = packed + PackedFloats(p.oc, p.ic, panel);
  std::fill_n(bias, PackedFloats(p.oc, 1, panel), 0.0f);
  if (p.bia != 0) std::copy_n(args.at<float>(DwSep::kPwBia), p.oc, bias);
}

// The output channels `oc`, whole panels but for the last, of `pixels` of dst (those of all maps in a row), whose
// depthwise results begin at `mid`, ic floats apart.
inline RowGemm PointwiseGemm(const DwSep& p, int64_t panel, const Args& args, const float* mid, Range pixels,
                             Range oc) {
  const float* const packed = reinterpret_cast<const float*>(args.packed);
  return {
      .a = mid,
      .a_pitch = p.ic,
      .chunk = p.ic,
      .b = packed + oc.begin * p.ic,
      .panel = panel,
      .bias = packed + PackedFloats(p.oc, p.ic, panel) + oc.begin,
      .c = args.at<float>(DwSep::kDst) + pixels.begin * p.oc + oc.begin,
      .c_pitch = p.oc,
      .m = pixels.end - pixels.begin,
      .n = oc.end - oc.begin,
      .k = p.ic,
      .act = p.act,
  };
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWSEP_POINTWISE_H_
