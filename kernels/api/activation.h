#ifndef ROOFGAP_KERNELS_API_ACTIVATION_H_
#define ROOFGAP_KERNELS_API_ACTIVATION_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/api/compare.h"

namespace roofgap {

// The `act` of the grammar.
enum class Activation : int64_t {
  kNone = 0,
  kRelu = 1,    // max(x, 0)
  kRelu6 = 2,   // min(max(x, 0), 6)
  kHSwish = 3,  // x * relu6(x + 3) / 6    (Howard et al., Searching for MobileNetV3, 2019)
};

inline double Activate(int64_t act, double x) {
  switch (static_cast<Activation>(act)) {
    case Activation::kNone: return x;
    case Activation::kRelu: return std::max(x, 0.0);
    case Activation::kRelu6: return std::clamp(x, 0.0, 6.0);
    case Activation::kHSwish: return x * std::clamp(x + 3, 0.0, 6.0) / 6;
  }
  return x;
}

// Carries a value and its error bound through the activation. ReLU and ReLU6 have slope 1 at most and round nothing;
// h-swish has slope 1.5 at most and rounds three times, one of them in x + 3, whose error is up to u (|x| + 3):
// 4 u |x| covers all, as x + 3 counts only below 6 (and 1 / 6 as a factor is off by u / 2 alone).
inline Expected Activate(int64_t act, Expected x, double unit_roundoff) {
  if (static_cast<Activation>(act) != Activation::kHSwish) return {Activate(act, x.value), x.bound};
  return {Activate(act, x.value), 1.5 * x.bound + 4 * unit_roundoff * (std::abs(x.value) + x.bound)};
}

// By how much the bound of Activate() grows with the bound of x.
inline double ActivationSlope(int64_t act, double unit_roundoff) {
  return static_cast<Activation>(act) == Activation::kHSwish ? 1.5 + 4 * unit_roundoff : 1;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_ACTIVATION_H_
