#include "kernels/onednn/convolution.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "kernels/api/error.h"
#include "kernels/api/trial.h"
#include "kernels/onednn/session.h"

namespace roofgap::onednn {
namespace {

using Tag = memory::format_tag;

memory::dims SrcDims(const ConvolutionShape& shape) { return {shape.mb, shape.ic, shape.ih, shape.iw}; }
memory::dims DstDims(const ConvolutionShape& shape) { return {shape.mb, shape.oc, shape.oh, shape.ow}; }

memory::dims WeightDims(const ConvolutionShape& shape) {
  const memory::dims dims = {shape.oc / shape.g, shape.ic / shape.g, shape.kh, shape.kw};
  if (shape.wei_tag == Tag::ohwi) return dims;
  return {shape.g, dims[0], dims[1], dims[2], dims[3]};
}

memory::desc Bias(const ConvolutionShape& shape) { return shape.bia ? F32({shape.oc}, Tag::x) : memory::desc(); }

ConvolutionDesc Wanted(const ConvolutionShape& shape, const memory::desc& src, const memory::desc& dst) {
  dnnl::post_ops ops;
  if (shape.added.get_size() > 0) ops.append_binary(dnnl::algorithm::binary_add, shape.added);
  AppendActivation(ops, shape.act);
  if (shape.dw_kernel > 0) {
    AppendDepthwise(ops, shape.dw_kernel, shape.dw_stride, shape.dw_padding);
    AppendActivation(ops, shape.act);
  }
  return {
      .algorithm = shape.algorithm,
      .src = src,
      .wei = F32(WeightDims(shape)),
      .bia = Bias(shape),
      .dst = dst,
      .strides = {shape.sh, shape.sw},
      .dilates = {shape.dh - 1, shape.dw - 1},
      .padding = {shape.ph, shape.pw},
      .attr = Attributes(ops),
  };
}

std::string LayoutName(const memory::desc& layout, const memory::dims& dims) {
  constexpr std::pair<Tag, const char*> kKnown[] = {{Tag::nhwc, "nhwc"},
                                                    {Tag::nchw, "nchw"},
                                                    {Tag::nChw16c, "nChw16c"},
                                                    {Tag::nChw8c, "nChw8c"},
                                                    {Tag::nChw4c, "nChw4c"}};
  for (const auto& [tag, name] : kKnown) {
    if (layout == F32(dims, tag)) return name;
  }
  return "another";
}

Convolution WithOperands(const ConvolutionShape& shape, const dnnl::convolution_forward::primitive_desc& primitive) {
  return {
      .src = F32(SrcDims(shape), Tag::nhwc),
      .wei = F32(WeightDims(shape), shape.wei_tag),
      .bia = Bias(shape),
      .dst = F32(DstDims(shape), Tag::nhwc),
      .wei_plain = F32(WeightDims(shape), shape.wei_tag == Tag::ohwi ? Tag::oihw : Tag::goihw),
      .primitive = primitive,
      .layouts =
          LayoutName(primitive.src_desc(), SrcDims(shape)) + ">" + LayoutName(primitive.dst_desc(), DstDims(shape)),
  };
}

bool Same(const Convolution& a, const Convolution& b) {
  return std::string_view(a.primitive.impl_info_str()) == b.primitive.impl_info_str() &&
         a.primitive.src_desc() == b.primitive.src_desc() && a.primitive.dst_desc() == b.primitive.dst_desc() &&
         a.primitive.weights_desc() == b.primitive.weights_desc();
}

// oneDNN 2.6.3's SSE4.1 1x1 convolution reads behind the end of channels-last inputs (ic600ih3oc40kh1 with bias, in
// memory that ends there).
bool ReadsBeyond(const Convolution& one) {
  return std::string_view(one.primitive.impl_info_str()) == "jit_1x1:sse41" && one.layouts.starts_with("nhwc");
}

}  // namespace

bool IsRef(const Convolution& one) { return std::string_view(one.primitive.impl_info_str()).substr(0, 3) == "ref"; }

ConvolutionShape PointwiseShape(int64_t mb, int64_t ic, int64_t oc, int64_t h, int64_t w, bool bia, int64_t act) {
  return {
      .mb = mb,
      .g = 1,
      .ic = ic,
      .oc = oc,
      .ih = h,
      .iw = w,
      .oh = h,
      .ow = w,
      .kh = 1,
      .kw = 1,
      .sh = 1,
      .sw = 1,
      .ph = 0,
      .pw = 0,
      .dh = 1,
      .dw = 1,
      .bia = bia,
      .act = act,
      .wei_tag = Tag::ohwi,
  };
}

Convolution Describe(const ConvolutionShape& shape, const memory::desc* src, const memory::desc* dst) {
  const ConvolutionDesc wanted =
      Wanted(shape, src != nullptr ? *src : F32(SrcDims(shape)), dst != nullptr ? *dst : F32(DstDims(shape)));
  const Convolution preferred = WithOperands(shape, MakeConvolution(Engine(), wanted));
  if (!ReadsBeyond(preferred)) return preferred;
  for (const auto& primitive : MakeConvolutions(Engine(), wanted)) {
    const Convolution other = WithOperands(shape, primitive);
    if (!ReadsBeyond(other)) return other;
  }
  return preferred;
}

std::vector<Convolution> DescribeAll(const ConvolutionShape& shape) {
  std::vector<Convolution> all;
  for (const Tag tag : kLayouts) {
    try {
      const ConvolutionDesc wanted = Wanted(shape, F32(SrcDims(shape), tag), F32(DstDims(shape), tag));
      for (const auto& primitive : MakeConvolutions(Engine(), wanted)) {
        const Convolution one = WithOperands(shape, primitive);
        if (!ReadsBeyond(one) &&
            std::none_of(all.begin(), all.end(), [&](const Convolution& other) { return Same(one, other); })) {
          all.push_back(one);
        }
      }
    } catch (const dnnl::error&) {
      if (tag == Tag::any) throw;  // else the library has nothing in this layout
    }
  }
  if (!std::all_of(all.begin(), all.end(), IsRef)) std::erase_if(all, IsRef);
  return all;
}

void Add(Plan& plan, const Convolution& convolution, size_t wei, size_t bia, const Tensor& src, const Tensor& dst,
         const Tensor* added) {
  std::vector<std::pair<int, Tensor>> args = {
      {DNNL_ARG_SRC, src},
      {DNNL_ARG_WEIGHTS,
       plan.Weights(wei, convolution.wei, convolution.primitive.weights_desc(), &convolution.wei_plain)},
      {DNNL_ARG_DST, dst},
  };
  if (convolution.bia.get_size() > 0) args.push_back({DNNL_ARG_BIAS, plan.Operand(bia, convolution.bia)});
  if (added != nullptr) args.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, *added});
  plan.Add(convolution.primitive, std::move(args));
}

Invocation PrepareAlone(const Convolution& convolution, const Context& context, double executed_flops) {
  enum : size_t { kSrc, kWei, kBia, kDst };
  Plan plan;
  const Tensor src = plan.Input(kSrc, convolution.src, convolution.primitive.src_desc());
  const Tensor dst = plan.Output(kDst, convolution.dst, convolution.primitive.dst_desc());
  Add(plan, convolution, kWei, kBia, src, dst);
  return std::move(plan).Finish(context.threads, executed_flops);
}

Invocation PrepareFastest(const Problem& problem, const Context& context, const std::vector<Convolution>& all,
                          const std::function<Invocation(const Convolution&)>& prepare) {
  std::vector<Invocation> contenders;
  for (const Convolution& one : all) {
    try {
      Invocation& contender = contenders.emplace_back(prepare(one));
      contender.impl += " " + one.layouts;
    } catch (const dnnl::error&) {
      continue;
    }
  }
  if (contenders.empty()) throw Error(LibraryName() + " makes none of the implementations that it lists");
  Invocation& fastest = contenders[Fastest(problem, context, contenders)];
  fastest.impl += ", best of " + std::to_string(contenders.size());
  return std::move(fastest);
}

}  // namespace roofgap::onednn
