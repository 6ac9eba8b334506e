#ifndef ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_
#define ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_

#include "kernels/dwconv2d/dwconv2d.h"
#include "kernels/onednn/convolution.h"

namespace roofgap {

// What the oneDNN variants of dwconv2d share: a convolution with as many groups as channels.
inline onednn::ConvolutionShape OneDnnShape(const DwConv2d& p) {
  return {
      .mb = p.mb,
      .g = p.c,
      .ic = p.c,
      .oc = p.c,
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
      .wei_tag = onednn::memory::format_tag::hwigo,
  };
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWCONV2D_ONEDNN_H_
