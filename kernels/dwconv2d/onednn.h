#ifndef ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_
#define ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_

#include "kernels/dwconv2d/dwconv2d.h"
#include "kernels/onednn/convolution.h"

namespace roofgap {

// What the oneDNN variants of dwconv2d share: a convolution with as many groups as channels.
inline onednn::ConvolutionShape OneDnnShape(const DwConv2d& p) {
  return onednn::ShapeOf(p, p.c, p.c, p.c, onednn::memory::format_tag::hwigo);
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_
