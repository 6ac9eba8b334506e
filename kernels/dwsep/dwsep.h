#ifndef ROOFGAP_KERNELS_DWSEP_DWSEP_H_
#define ROOFGAP_KERNELS_DWSEP_DWSEP_H_

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

// Depthwise separable convolution, channels-last: a depthwise convolution, then a 1x1 convolution over its result.
//
//   mid[n][oh][ow][c]  = act(dw_bia[c] + sum over kh, kw of src[n][oh*sh - ph + kh][ow*sw - pw + kw][c] *
//                              dw_wei[kh][kw][c])
//   dst[n][oh][ow][oc] = act(pw_bia[oc] + sum over c of mid[n][oh][ow][c] * pw_wei[oc][c])
//
//   src [mb][ih][iw][ic]   dw_wei [kh][kw][ic]   dw_bia [ic]   pw_wei [oc][ic]   pw_bia [oc]   dst [mb][oh][ow][oc]
//   (both biases are nothing when bia = 0; the activation follows both halves, as in MobileNetV1)
//
// Counts are the sums of both halves; `mid` is not compulsory traffic: a fused kernel never stores it.
struct DwSep {
  static constexpr std::string_view kOp = "dwsep";
  enum : size_t { kSrc, kDwWei, kDwBia, kPwWei, kPwBia, kDst };

  int64_t mb, ic, ih, iw, oc, kh, kw, sh, sw, ph, pw, bia;
  int64_t act;  // 0 none, 1 ReLU, 2 ReLU6, 3 h-swish (kernels/api/activation.h)

  Window rows() const { return {.in = ih, .taps = kh, .stride = sh, .pad = ph}; }
  Window columns() const { return {.in = iw, .taps = kw, .stride = sw, .pad = pw}; }
  int64_t oh() const { return rows().outputs(); }
  int64_t ow() const { return columns().outputs(); }

  static std::span<const Letter<DwSep>> Letters() {
    using P = DwSep;
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
        {.name = "bia", .member = &P::bia, .min = 0, .max = 1, .fallback = 0},
        {.name = "act", .member = &P::act, .min = 0, .max = 3, .fallback = 0},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const DwSep& problem);

Work Count(const DwSep& problem, DType dtype);

std::vector<Operand> Operands(const DwSep& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst).
// Bound: the depthwise bound of each mid element times |pw_wei|, plus the pointwise sum's own.
std::vector<Expected> Reference(const DwSep& problem, DType dtype, const Args& args, std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_DWSEP_DWSEP_H_
