#ifndef ROOFGAP_KERNELS_INVRES_INVRES_H_
#define ROOFGAP_KERNELS_INVRES_INVRES_H_

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

// The inverted residual block of MobileNetV2 (Sandler et al., 2018), channels-last: a 1x1 convolution that expands c
// channels to mc, a depthwise convolution of those, a 1x1 convolution that projects them to oc. With se > 0 the
// squeeze-and-excite of MobileNetV3 (Howard et al., 2019) scales the channels before the projection.
//
//   e[n][ih][iw][m]  = act(expand_bia[m] + sum over c of src[n][ih][iw][c] * expand_wei[m][c])
//   d[n][oh][ow][m]  = act(dw_bia[m] + sum over kh, kw of dw_wei[kh][kw][m] *
//                                                         e[n][oh*sh - ph + kh][ow*sh - ph + kw][m])
//   g[n][m]          = 1 without se, else by
//                      pool[n][m] = mean over oh, ow of d[n][oh][ow][m],
//                      q[n][s] = relu(squeeze_bia[s] + sum over m of pool[n][m] * squeeze_wei[s][m]),
//                      g[n][m] = hard_sigmoid(excite_bia[m] + sum over s of q[n][s] * excite_wei[m][s])
//   dst[n][oh][ow][o] = project_bia[o] + sum over m of g[n][m] * d[n][oh][ow][m] * project_wei[o][m]
//                       + (res ? src[n][oh][ow][o] : 0)
//
//   src [mb][ih][ih][c]   expand_wei [mc][c]   dw_wei [kh][kh][mc]   squeeze_wei [se][mc]   excite_wei [mc][se]
//   project_wei [oc][mc]   dst [mb][oh][oh][oc]   a bias for each: [mc] [mc] [se] [mc] [oc]
//   hard_sigmoid(x) = relu6(x + 3) / 6
//
// - mc = c means no expansion, as in the first block of either network: e = src, and expand_wei and expand_bia are
//   empty.
// - There is no letter for biases: each of these convolutions is followed by a batch normalization, which inference
//   folds into its weights and a bias, and those of squeeze-and-excite have biases of their own.
// - Maps and kernels are square, as in all networks made of these blocks.
//
// Counts are the sums of the convolutions and of the two matrices of squeeze-and-excite; means and the scaling by g
// are not counted. e and d are not compulsory traffic. Pixels of e that no tap reads need no expansion.
struct InvRes {
  static constexpr std::string_view kOp = "invres";
  enum : size_t {
    kSrc,
    kExpandWei,
    kExpandBia,
    kDwWei,
    kDwBia,
    kSqueezeWei,
    kSqueezeBia,
    kExciteWei,
    kExciteBia,
    kProjectWei,
    kProjectBia,
    kDst
  };

  int64_t mb, c, mc, oc, ih, kh, sh, ph;
  int64_t res;  // 1: src is added to the result
  int64_t se;   // squeezed channels, 0: no squeeze-and-excite
  int64_t act;  // 0 none, 1 ReLU, 2 ReLU6, 3 h-swish (kernels/api/activation.h); none after the projection

  // Rows and columns alike.
  Window window() const { return {.in = ih, .taps = kh, .stride = sh, .pad = ph}; }
  int64_t oh() const { return window().outputs(); }
  bool expands() const { return mc != c; }

  static std::span<const Letter<InvRes>> Letters() {
    using P = InvRes;
    static constexpr Letter<P> kLetters[] = {
        {.name = "mb", .member = &P::mb, .fallback = 1},
        {.name = "c", .member = &P::c},
        {.name = "mc", .member = &P::mc},
        {.name = "oc", .member = &P::oc},
        {.name = "ih", .member = &P::ih},
        {.name = "kh", .member = &P::kh},
        {.name = "sh", .member = &P::sh, .fallback = 1},
        {.name = "ph", .member = &P::ph, .min = 0, .fallback = 0},
        {.name = "res", .member = &P::res, .min = 0, .max = 1, .fallback = 0},
        {.name = "se", .member = &P::se, .min = 0, .fallback = 0},
        {.name = "act", .member = &P::act, .min = 0, .max = 3, .fallback = 2},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const InvRes& problem);

Work Count(const InvRes& problem, DType dtype);

std::vector<Operand> Operands(const InvRes& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst), carried
// from stage to stage (kernels/invres/reference.cc). Computes whole maps, whatever the number of outputs.
std::vector<Expected> Reference(const InvRes& problem, DType dtype, const Args& args, std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_INVRES_INVRES_H_
