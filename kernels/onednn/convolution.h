#ifndef ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_
#define ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_

#include <cstdint>

#include "kernels/onednn/compat.h"
#include "kernels/onednn/plan.h"

namespace roofgap::onednn {

// A convolution in the grammar's letters; depthwise is g = ic = oc. `wei_tag` is how the canonical weights lie.
struct ConvolutionShape {
  int64_t mb, g, ic, oc, ih, iw, oh, ow, kh, kw, sh, sw, ph, pw, dh, dw;
  bool bia;
  int64_t act;
  memory::format_tag wei_tag;
};

// The descriptors of the operands as the grammar has them, and of the primitive.
struct Convolution {
  memory::desc src, wei, bia, dst;
  dnnl::convolution_forward::primitive_desc primitive;
};

// Plans a direct convolution whose weights may take any layout; so may the activations, unless `src` or `dst` is given.
Convolution Describe(const ConvolutionShape& shape, const memory::desc* src = nullptr,
                     const memory::desc* dst = nullptr);

// Appends it to the plan, with weights and bias from these operands.
void Add(Plan& plan, const Convolution& convolution, size_t wei, size_t bia, const Tensor& src, const Tensor& dst);

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_
