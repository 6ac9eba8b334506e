#ifndef ROOFGAP_KERNELS_CONV2D_CONV2D_H_
#define ROOFGAP_KERNELS_CONV2D_CONV2D_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/compare.h"
#include "kernels/api/descriptor.h"
#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"
#include "kernels/api/window.h"
#include "kernels/api/work.h"

namespace roofgap {

// Standard convolution, channels-last, as neural networks define it (cross-correlation):
//
//   dst[n][oh][ow][oc] = act(bia[oc] + sum over kh, kw, ic of
//                            src[n][oh*sh - ph + kh*dh][ow*sw - pw + kw*dw][ic] * wei[oc][kh][kw][ic])
//
// with src zero outside the map. With g groups, output channel oc reads the ic/g input channels of its own group.
//   src [mb][ih][iw][ic]   wei [oc][kh][kw][ic/g]   bia [oc], or nothing when bia = 0   dst [mb][oh][ow][oc]
//
// flops: 2 x the taps that fall inside the map. flops_nominal: 2 mb oh ow oc kh kw ic/g. Compulsory bytes: the input
// rows and columns that some tap reads (a strided 1x1 skips some), the weights of taps that fall inside the map for
// some output (3x3 over a 1x1 map uses one of nine), the bias, the output.
struct Conv2d {
  static constexpr std::string_view kOp = "conv2d";
  enum : size_t { kSrc, kWei, kBia, kDst };

  int64_t mb, ic, ih, iw, oc, kh, kw, sh, sw, ph, pw;
  int64_t dh, dw;  // distance between taps; 1: no dilation
  int64_t g, bia;
  int64_t act;  // 0 none, 1 ReLU, 2 ReLU6, 3 h-swish (kernels/api/activation.h)

  Window rows() const { return {.in = ih, .taps = kh, .stride = sh, .pad = ph, .dilation = dh}; }
  Window columns() const { return {.in = iw, .taps = kw, .stride = sw, .pad = pw, .dilation = dw}; }
  int64_t oh() const { return rows().outputs(); }
  int64_t ow() const { return columns().outputs(); }

  static std::span<const Letter<Conv2d>> Letters() {
    using P = Conv2d;
    static constexpr Letter<P> kLetters[] = {
        {.name = "mb", .member = &P::mb, .fallback = 1},
        {.name = "ic", .member = &P::ic},
        {.name = "ih", .member = &P::ih},
        {.name = "iw", .member = &P::iw, .same_as = &P::ih},
        {.name = "oc", .member = &P::oc},
        {.name = "kh", .member = &P::kh},
        {.name = "kw", .member = &P::kw, .same_as = &P::kh},
        {.name = "sh", .member = &P::sh, .fallback = 1},
        {.name = "sw", .member = &P::sw, .same_as = &P::sh},
        {.name = "ph", .member = &P::ph, .min = 0, .fallback = 0},
        {.name = "pw", .member = &P::pw, .min = 0, .same_as = &P::ph},
        {.name = "dh", .member = &P::dh, .fallback = 1},
        {.name = "dw", .member = &P::dw, .same_as = &P::dh},
        {.name = "g", .member = &P::g, .fallback = 1},
        {.name = "bia", .member = &P::bia, .min = 0, .max = 1, .fallback = 0},
        {.name = "act", .member = &P::act, .min = 0, .max = 3, .fallback = 0},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const Conv2d& problem);

Work Count(const Conv2d& problem, DType dtype);

std::vector<Operand> Operands(const Conv2d& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst).
// Bound: (n + 1) u (sum |src wei| + |bia|) for a sum of n products, carried through the activation.
std::vector<Expected> Reference(const Conv2d& problem, DType dtype, const Args& args, std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_CONV2D_H_
