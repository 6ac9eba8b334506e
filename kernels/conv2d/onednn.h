#ifndef ROOFGAP_KERNELS_CONV2D_ONEDNN_H_
#define ROOFGAP_KERNELS_CONV2D_ONEDNN_H_

#include "kernels/conv2d/conv2d.h"
#include "kernels/onednn/convolution.h"

namespace roofgap {

// What the oneDNN variants of conv2d share.
inline onednn::ConvolutionShape OneDnnShape(const Conv2d& p) {
  return {
      .mb = p.mb,
      .g = p.g,
      .ic = p.ic,
      .oc = p.oc,
      .ih = p.ih,
      .iw = p.iw,
      .oh = p.oh(),
      .ow = p.ow(),
      .kh = p.kh,
      .kw = p.kw,
      .sh = p.sh,
      .sw = p.sw,
      .ph = p.ph,
      .pw = p.pw,
      .dh = p.dh,
      .dw = p.dw,
      .bia = p.bia != 0,
      .act = p.act,
      .wei_tag = p.g == 1 ? onednn::memory::format_tag::ohwi : onednn::memory::format_tag::gohwi,
  };
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_ONEDNN_H_
