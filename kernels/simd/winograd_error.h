#ifndef ROOFGAP_KERNELS_SIMD_WINOGRAD_ERROR_H_
#define ROOFGAP_KERNELS_SIMD_WINOGRAD_ERROR_H_

#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "kernels/simd/winograd.h"

namespace roofgap {
namespace winograd {

constexpr double Abs(double x) { return x < 0 ? -x : x; }

// matrix x matrix^T for matrix [kN][kM] and x [kM][kM]; with kAbs, of the absolute values of all three.
template <bool kAbs, int kN, int kM>
std::array<double, kN * kN> Sandwich(const double (&matrix)[kN][kM], const std::array<double, kM * kM>& x) {
  const auto value = [](double v) { return kAbs ? Abs(v) : v; };
  double half[kN][kM] = {};
  for (int i = 0; i < kN; ++i) {
    for (int k = 0; k < kM; ++k) {
      for (int j = 0; j < kM; ++j) half[i][j] += value(matrix[i][k]) * value(x[k * kM + j]);
    }
  }
  std::array<double, kN* kN> result = {};
  for (int i = 0; i < kN; ++i) {
    for (int j = 0; j < kN; ++j) {
      for (int k = 0; k < kM; ++k) result[i * kN + j] += half[i][k] * value(matrix[j][k]);
    }
  }
  return result;
}

// The 3 x 3 weights of one pair of channels.
inline std::array<double, 9> Taps(const float* wei, int64_t oc, int64_t ic, int64_t ic_count) {
  std::array<double, 9> taps;
  for (int64_t tap = 0; tap < 9; ++tap) taps[tap] = wei[(oc * 9 + tap) * ic_count + ic];
  return taps;
}

// |B^T| |d| |B| of every input channel of the tile whose first input is (ih, iw): [gemm][ic].
template <class Matrices>
void InputMagnitudes(const WinogradConv& conv, const float* map, int64_t ih, int64_t iw, double* to) {
  constexpr int64_t kIn = std::size(Matrices::kBT);
  for (int64_t c = 0; c < conv.ic; ++c) {
    std::array<double, kIn* kIn> d = {};
    for (int64_t i = 0; i < kIn; ++i) {
      for (int64_t j = 0; j < kIn; ++j) {
        const int64_t h = ih + i;
        const int64_t w = iw + j;
        if (h >= 0 && h < conv.ih && w >= 0 && w < conv.iw) d[i * kIn + j] = map[(h * conv.iw + w) * conv.ic + c];
      }
    }
    const std::array<double, kIn* kIn> v = Sandwich<true>(Matrices::kBT, d);
    for (int64_t e = 0; e < kIn * kIn; ++e) to[e * conv.ic + c] = v[e];
  }
}

// Sum of a[i] * b[i], in partial sums that compilers turn into vectors.
inline double Dot(const double* a, const double* b, int64_t n) {
  double sum[4] = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (int64_t lane = 0; lane < 4; ++lane) sum[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < n; ++i) sum[0] += a[i] * b[i];
  return sum[0] + sum[1] + sum[2] + sum[3];
}

}  // namespace winograd

// How far the sums before bias and activation may be off when computed with these matrices, for each of `outputs`,
// ascending flat indices into dst [mb][oh][ow][oc]; u is the unit roundoff.
//
// Every operation on the way from a weight and an input to an output is linear, so its roundings show in the output as
// factors (1 + e), |e| <= u, on single terms of A^T [sum (G g G^T) * (B^T d B)] A, provided that no transform cancels
// what it has added (written out, the terms of each row must be those of the matrix). With r_B and r_A roundings in B^T
// and A^T, twice each, r_G in a transformed weight, ic in the sum of products (compare.h) and one where the bias is
// added, the error is at most
//
//   gamma(ic + 2 r_B + 2 r_A + r_G + 1) |A^T| [ sum over ic of (|G| |g| |G^T|) * (|B^T| |d| |B|) ] |A|
//
// with gamma(k) = k u / (1 - k u) (componentwise; Higham, Accuracy and stability of numerical algorithms, 2002, 3.1 and
// 24; with norms in Barabasz et al., Error analysis and improving the accuracy of Winograd convolution for deep neural
// networks, 2020). All inputs of the tile count, for m = 4 also those that the output itself does not depend on.
template <class Matrices>
std::vector<double> WinogradError(const WinogradConv& conv, const float* src, const float* wei,
                                  std::span<const int64_t> outputs) {
  constexpr int64_t kOut = std::size(Matrices::kAT);
  constexpr int64_t kIn = kOut + 2;
  constexpr int64_t kGemms = kIn * kIn;
  std::vector<double> weights(static_cast<size_t>(conv.oc * kGemms * conv.ic));  // |G| |g| |G^T|, [oc][gemm][ic]
  for (int64_t oc = 0; oc < conv.oc; ++oc) {
    for (int64_t ic = 0; ic < conv.ic; ++ic) {
      const std::array<double, kGemms> u = winograd::Sandwich<true>(Matrices::kG, winograd::Taps(wei, oc, ic, conv.ic));
      for (int64_t e = 0; e < kGemms; ++e) weights[(oc * kGemms + e) * conv.ic + ic] = u[e];
    }
  }
  constexpr double kUnit = 0x1p-24 + 0x1p-50;  // of f32, and what transforming the weights in double adds
  const auto roundings = static_cast<double>(conv.ic + 2 * Matrices::kInputRoundings + 2 * Matrices::kOutputRoundings +
                                             Matrices::kWeightRoundings + 1);
  const double gamma = roundings * kUnit / (1 - roundings * kUnit);

  std::vector<double> errors(outputs.size());
  std::vector<double> inputs(static_cast<size_t>(kGemms * conv.ic));
  int64_t of_pixel = -1;  // whose tile `inputs` is
  for (size_t at = 0; at < outputs.size(); ++at) {
    const int64_t pixel = outputs[at] / conv.oc;
    const int64_t oc = outputs[at] % conv.oc;
    const int64_t ow = pixel % conv.ow();
    const int64_t oh = pixel / conv.ow() % conv.oh();
    const int64_t n = pixel / (conv.ow() * conv.oh());
    if (pixel != of_pixel) {
      winograd::InputMagnitudes<Matrices>(conv, src + n * conv.ih * conv.iw * conv.ic, oh / kOut * kOut - conv.ph,
                                          ow / kOut * kOut - conv.pw, inputs.data());
      of_pixel = pixel;
    }
    double sum = 0;
    for (int64_t i = 0; i < kIn; ++i) {
      for (int64_t j = 0; j < kIn; ++j) {
        const double factor = winograd::Abs(Matrices::kAT[oh % kOut][i]) * winograd::Abs(Matrices::kAT[ow % kOut][j]);
        if (factor == 0) continue;
        const int64_t e = i * kIn + j;
        sum += factor * winograd::Dot(&inputs[e * conv.ic], &weights[(oc * kGemms + e) * conv.ic], conv.ic);
      }
    }
    errors[at] = gamma * sum;
  }
  return errors;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_WINOGRAD_ERROR_H_
