#include "kernels/onednn/convolution.h"

#include "kernels/onednn/session.h"

namespace roofgap::onednn {
namespace {

using Tag = memory::format_tag;

memory::dims WeightDims(const ConvolutionShape& shape) {
  const memory::dims dims = {shape.oc / shape.g, shape.ic / shape.g, shape.kh, shape.kw};
  if (shape.wei_tag == Tag::ohwi) return dims;
  return {shape.g, dims[0], dims[1], dims[2], dims[3]};
}

}  // namespace

Convolution Describe(const ConvolutionShape& shape, const memory::desc* src, const memory::desc* dst) {
  const memory::dims src_dims = {shape.mb, shape.ic, shape.ih, shape.iw};
  const memory::dims wei_dims = WeightDims(shape);
  const memory::dims dst_dims = {shape.mb, shape.oc, shape.oh, shape.ow};
  const memory::desc bia = shape.bia ? F32({shape.oc}, Tag::x) : memory::desc();
  return {
      .src = F32(src_dims, Tag::nhwc),
      .wei = F32(wei_dims, shape.wei_tag),
      .bia = bia,
      .dst = F32(dst_dims, Tag::nhwc),
      .primitive =
          MakeConvolution(Engine(), src != nullptr ? *src : F32(src_dims), F32(wei_dims), bia,
                          dst != nullptr ? *dst : F32(dst_dims), {shape.sh, shape.sw}, {shape.dh - 1, shape.dw - 1},
                          {shape.ph, shape.pw}, Attributes(ActivationOps(shape.act))),
  };
}

void Add(Plan& plan, const Convolution& convolution, size_t wei, size_t bia, const Tensor& src, const Tensor& dst) {
  std::vector<std::pair<int, Tensor>> args = {
      {DNNL_ARG_SRC, src},
      {DNNL_ARG_WEIGHTS, plan.Weights(wei, convolution.wei, convolution.primitive.weights_desc())},
      {DNNL_ARG_DST, dst},
  };
  if (convolution.bia.get_size() > 0) args.push_back({DNNL_ARG_BIAS, plan.Operand(bia, convolution.bia)});
  plan.Add(convolution.primitive, std::move(args));
}

}  // namespace roofgap::onednn
