#ifndef ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_
#define ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/api/variant.h"
#include "kernels/onednn/compat.h"
#include "kernels/onednn/plan.h"

namespace roofgap::onednn {

// A convolution in the grammar's letters; depthwise is g = ic = oc. `wei_tag` is how the canonical weights lie.
struct ConvolutionShape {
  int64_t mb, g, ic, oc, ih, iw, oh, ow, kh, kw, sh, sw, ph, pw, dh, dw;
  bool bia;
  int64_t act;
  memory::format_tag wei_tag;
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
  memory::desc added = {};  // a tensor of dst's shape that is added before the activation; empty: none
  // Of a 1x1 convolution: a depthwise one that follows its activation, as a post-op, with the same activation. Kernel,
  // stride and padding; a kernel of 0: none. The primitive's dst is then that of the depthwise convolution.
  int64_t dw_kernel = 0, dw_stride = 1, dw_padding = 0;
};

// The shape of a convolution by the window of an op (ih iw kh kw sh sw ph pw, dh dw where it has them, bia act).
template <class P>
ConvolutionShape ShapeOf(const P& p, int64_t g, int64_t ic, int64_t oc, memory::format_tag wei_tag) {
  ConvolutionShape shape = {
      .mb = p.mb,
      .g = g,
      .ic = ic,
      .oc = oc,
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
      .dh = 1,
      .dw = 1,
      .bia = p.bia != 0,
      .act = p.act,
      .wei_tag = wei_tag,
  };
  if constexpr (requires { p.dh; }) {
    shape.dh = p.dh;
    shape.dw = p.dw;
  }
  return shape;
}

// A 1x1 convolution of maps of h x w pixels, canonical weights [oc][ic].
ConvolutionShape PointwiseShape(int64_t mb, int64_t ic, int64_t oc, int64_t h, int64_t w, bool bia, int64_t act);

// The descriptors of the operands as the grammar has them, and of the primitive.
struct Convolution {
  memory::desc src, wei, bia, dst;
  memory::desc wei_plain;  // the weights as oihw, the only layout that the library makes Winograd's from
  dnnl::convolution_forward::primitive_desc primitive;
  std::string layouts;  // "nhwc>nChw16c": src and dst as the primitive wants them
};

// Whether it is one of the library's plain loops, hundreds of times slower than its kernels.
bool IsRef(const Convolution& one);

// The layouts of activations that variants try: the library's choice, channels last, blocked by 16 and by 8 channels.
inline constexpr memory::format_tag kLayouts[] = {memory::format_tag::any, memory::format_tag::nhwc,
                                                  memory::format_tag::nChw16c, memory::format_tag::nChw8c};

// Plans what the library prefers. Weights may take any layout; so may the activations, unless `src` or `dst` is given.
Convolution Describe(const ConvolutionShape& shape, const memory::desc* src = nullptr,
                     const memory::desc* dst = nullptr);

// Plans every implementation that the library has with activations in each of kLayouts, each once. Without its plain
// loops, unless there is no other.
std::vector<Convolution> DescribeAll(const ConvolutionShape& shape);

// Appends it to the plan, with weights and bias from these operands. `added` is what the shape says is added.
void Add(Plan& plan, const Convolution& convolution, size_t wei, size_t bia, const Tensor& src, const Tensor& dst,
         const Tensor* added = nullptr);

// An Invocation of the convolution alone, for the operands src, wei, bia and dst in that order.
Invocation PrepareAlone(const Convolution& convolution, const Context& context, double executed_flops);

// The fastest of `all` in a trial (kernels/api/trial.h); its impl ends in its layouts and the number of those tried.
// `prepare` makes the Invocation of one. What the library cannot make after all is left out; throws Error when nothing
// is left.
Invocation PrepareFastest(const Problem& problem, const Context& context, const std::vector<Convolution>& all,
                          const std::function<Invocation(const Convolution&)>& prepare);

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_CONVOLUTION_H_
