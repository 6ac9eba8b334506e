#include <array>

#include "kernels/simd/winograd.h"
#include "kernels/simd/winograd_error.h"

namespace roofgap {

template <int kOut>
void PackWinograd(const WinogradPlan& plan, const float* wei, float* packed) {
  constexpr int64_t kGemms = int64_t{kOut + 2} * (kOut + 2);
  using winograd::Sandwich;
  using winograd::Taps;
  const WinogradConv& conv = plan.conv;
  for (int64_t panel = 0; panel < plan.panels; ++panel, packed += kGemms * conv.ic * plan.nr) {
    for (int64_t ic = 0; ic < conv.ic; ++ic) {
      for (int64_t j = 0; j < plan.nr; ++j) {
        const int64_t oc = panel * plan.nr + j;
        std::array<double, kGemms> u = {};
        if (oc < conv.oc) u = Sandwich<false>(WinogradMatrices<kOut>::kG, Taps(wei, oc, ic, conv.ic));
        for (int64_t e = 0; e < kGemms; ++e) packed[(e * conv.ic + ic) * plan.nr + j] = static_cast<float>(u[e]);
      }
    }
  }
}

template void PackWinograd<2>(const WinogradPlan&, const float*, float*);
template void PackWinograd<4>(const WinogradPlan&, const float*, float*);

}  // namespace roofgap
