#ifndef ROOFGAP_KERNELS_FC_FC_H_
#define ROOFGAP_KERNELS_FC_FC_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/compare.h"
#include "kernels/api/descriptor.h"
#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"
#include "kernels/api/work.h"

namespace roofgap {

// Fully connected layer:
//
//   dst[n][oc] = act(bia[oc] + sum over ic of src[n][ic] * wei[oc][ic])
//
//   src [mb][ic]   wei [oc][ic]   bia [oc], or nothing when bia = 0   dst [mb][oc]
//
// flops = flops_nominal = 2 mb ic oc. Compulsory bytes: all four operands once.
struct Fc {
  static constexpr std::string_view kOp = "fc";
  enum : size_t { kSrc, kWei, kBia, kDst };

  int64_t mb, ic, oc, bia;
  int64_t act;  // 0 none, 1 ReLU, 2 ReLU6, 3 h-swish (kernels/api/activation.h)

  static std::span<const Letter<Fc>> Letters() {
    using P = Fc;
    static constexpr Letter<P> kLetters[] = {
        {.name = "mb", .member = &P::mb, .fallback = 1},
        {.name = "ic", .member = &P::ic},
        {.name = "oc", .member = &P::oc},
        {.name = "bia", .member = &P::bia, .min = 0, .max = 1, .fallback = 0},
        {.name = "act", .member = &P::act, .min = 0, .max = 3, .fallback = 0},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const Fc& problem);

Work Count(const Fc& problem, DType dtype);

std::vector<Operand> Operands(const Fc& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst).
// Bound: (ic + 1) u (sum |src wei| + |bia|), carried through the activation.
std::vector<Expected> Reference(const Fc& problem, DType dtype, const Args& args, std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_FC_FC_H_
