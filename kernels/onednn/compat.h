#ifndef ROOFGAP_KERNELS_ONEDNN_COMPAT_H_
#define ROOFGAP_KERNELS_ONEDNN_COMPAT_H_

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "kernels/api/process_isa.h"

// Libraries of 3.x that are built with the graph API bring its header.
#if __has_include(<oneapi/dnnl/dnnl_graph.hpp>)
#include <oneapi/dnnl/dnnl_graph.hpp>
#define ROOFGAP_ONEDNN_GRAPH
#endif

// Every difference between the C++ interfaces of oneDNN 2.6 and 3.x that roofgap meets; nothing else in the tree asks
// for the library's version. All functions throw dnnl::error, as the library does, when it has no implementation.

namespace roofgap::onednn {

using dnnl::memory;

// A convolution for inference. `dilates` counts the gaps between taps, 0 for none. An empty `bia`: no bias.
struct ConvolutionDesc {
  dnnl::algorithm algorithm;
  memory::desc src, wei, bia, dst;
  memory::dims strides, dilates, padding;
  dnnl::primitive_attr attr;
};

inline dnnl::convolution_forward::primitive_desc MakeConvolution(const dnnl::engine& engine, const ConvolutionDesc& d) {
  constexpr auto kProp = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kProp, d.algorithm, d.src, d.wei, d.bia, d.dst, d.strides, d.dilates, d.padding, d.padding, d.attr};
#else
  return {{kProp, d.algorithm, d.src, d.wei, d.bia, d.dst, d.strides, d.dilates, d.padding, d.padding}, d.attr, engine};
#endif
}

// All implementations that the library has, those that it prefers first; at least one.
inline std::vector<dnnl::convolution_forward::primitive_desc> MakeConvolutions(const dnnl::engine& engine,
                                                                               const ConvolutionDesc& d) {
  std::vector<dnnl::convolution_forward::primitive_desc> all;
#if DNNL_VERSION_MAJOR >= 3
  // next_impl() changes the object that copies share: each is made anew and advanced to its place.
  for (;;) {
    dnnl::convolution_forward::primitive_desc one = MakeConvolution(engine, d);
    for (size_t i = 0; i < all.size(); ++i) {
      if (!one.next_impl()) return all;
    }
    all.push_back(one);
  }
#else
  // next_impl() reads `described` again: of a temporary it silently finds nothing more.
  const dnnl::convolution_forward::desc described(dnnl::prop_kind::forward_inference, d.algorithm, d.src, d.wei, d.bia,
                                                  d.dst, d.strides, d.dilates, d.padding, d.padding);
  dnnl::convolution_forward::primitive_desc one(described, d.attr, engine);
  do {
    all.push_back(one);
  } while (one.next_impl());
  return all;
#endif
}

// dst = src wei^T + bia, for inference. An empty `bia`: no bias.
inline dnnl::inner_product_forward::primitive_desc MakeInnerProduct(const dnnl::engine& engine, const memory::desc& src,
                                                                    const memory::desc& wei, const memory::desc& bia,
                                                                    const memory::desc& dst,
                                                                    const dnnl::primitive_attr& attr) {
  constexpr auto kProp = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kProp, src, wei, bia, dst, attr};
#else
  return {{kProp, src, wei, bia, dst}, attr, engine};
#endif
}

// dst = src wei over the last two dimensions.
inline dnnl::matmul::primitive_desc MakeMatmul(const dnnl::engine& engine, const memory::desc& src,
                                               const memory::desc& wei, const memory::desc& dst,
                                               const dnnl::primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, src, wei, dst, attr};
#else
  return {{src, wei, dst}, attr, engine};
#endif
}

// Softmax along `axis`, for inference; source and destination have the same layout and may be the same memory.
inline dnnl::softmax_forward::primitive_desc MakeSoftmax(const dnnl::engine& engine, const memory::desc& data, int axis,
                                                         const dnnl::primitive_attr& attr) {
  constexpr auto kProp = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kProp, dnnl::algorithm::softmax_accurate, data, data, axis, attr};
#else
  return {{kProp, data, axis}, attr, engine};
#endif
}

// The mean over all of a map, for inference: src [n][c][h][w] to dst [n][c][1][1].
inline dnnl::pooling_forward::primitive_desc MakeMean(const dnnl::engine& engine, const memory::desc& src,
                                                      const memory::desc& dst, const memory::dims& map,
                                                      const dnnl::primitive_attr& attr) {
  constexpr auto kProp = dnnl::prop_kind::forward_inference;
  constexpr auto kMean = dnnl::algorithm::pooling_avg_exclude_padding;
  const memory::dims none(map.size(), 0);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kProp, kMean, src, dst, map, map, none, none, none, attr};
#else
  return {{kProp, kMean, src, dst, map, map, none, none}, attr, engine};
#endif
}

// dst = src0 `algorithm` src1, of which dimensions of 1 are repeated.
inline dnnl::binary::primitive_desc MakeBinary(const dnnl::engine& engine, dnnl::algorithm algorithm,
                                               const memory::desc& src0, const memory::desc& src1,
                                               const memory::desc& dst, const dnnl::primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, algorithm, src0, src1, dst, attr};
#else
  return {{algorithm, src0, src1, dst}, attr, engine};
#endif
}

inline void AppendEltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(algorithm, alpha, beta);
#else
  ops.append_eltwise(1.0f, algorithm, alpha, beta);
#endif
}

// A depthwise convolution of square kernels, with bias, of what a 1x1 convolution gives; both f32.
inline void AppendDepthwise(dnnl::post_ops& ops, int64_t kernel, int64_t stride, int64_t padding) {
  constexpr auto kF32 = memory::data_type::f32;
#if DNNL_VERSION_MAJOR >= 3
  ops.append_dw(kF32, kF32, kF32, kernel, stride, padding);
#else
  ops.append_dw(kF32, kF32, kF32, kernel, stride, padding, 0, {});
#endif
}

// x * relu6(x + 3) / 6. In 3.x the slope and the offset of the clipped line are arguments; 2.6 knows this one alone,
// and its SVE convolutions accept it and leave it out.
inline void AppendHSwish(dnnl::post_ops& ops) {
#if DNNL_VERSION_MAJOR >= 3
  AppendEltwise(ops, dnnl::algorithm::eltwise_hardswish, 1.0f / 6, 0.5f);
#else
  if (ProcessIsa() == "SVE") throw dnnl::error(dnnl_unimplemented, "h-swish is missing from its SVE code");
  AppendEltwise(ops, dnnl::algorithm::eltwise_hardswish, 0, 0);
#endif
}

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_COMPAT_H_
