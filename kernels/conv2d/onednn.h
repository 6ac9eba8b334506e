#ifndef ROOFGAP_KERNELS_CONV2D_ONEDNN_H_
#define ROOFGAP_KERNELS_CONV2D_ONEDNN_H_

#include "kernels/conv2d/conv2d.h"
#include "kernels/onednn/convolution.h"

namespace roofgap {

// What the oneDNN variants of conv2d share.
inline onednn::ConvolutionShape OneDnnShape(const Conv2d& p) {
  const bool plain = p.g == 1;
  return onednn::ShapeOf(p, p.g, p.ic, p.oc,
                         plain ? onednn::memory::format_tag::ohwi : onednn::memory::format_tag::gohwi);
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_ONEDNN_H_
