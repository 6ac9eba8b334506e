#include "kernels/api/reference.h"

#include <limits>

#include "kernels/attention/attention.h"

namespace roofgap {
namespace {

// The error bound, u being the unit roundoff. A kernel may scale before, within or after q . k, in units of nats or
// of bits, and may take its maximum over all keys or, online, over blocks of them.
//
// 1. Score. d products and sums, the scale (a rounded square root, quotient and, for bits, product) and its
//    multiplication: |error of s_j| <= (d + 5) u M_j, with M_j = sum |q k_j| / sqrt(d), to first order.
// 2. Weight. p_j = exp(s_j - m), where any m gives the same result. The subtraction and a scaling after it round by
//    3 u (max - s_j); the exponential is good to kExp u. Online, p_j is then rescaled by exp(m_old - m_new): the
//    differences telescope to max - s_j, and each of at most t / kKeysPerRescale + 1 steps costs an exponential and a
//    product. Together p_j is off by a factor within exp(+-x_j),
//        x_j = u ((d + 5) M_j + 3 (max - s_j) + (kExp + 1) (t / kKeysPerRescale + 2)).
// 3. Sums. Over t keys in any order, the product with v included: one more factor within exp(+-(t + 1) u).
// 4. With y_j = x_j + (t + 1) u and w_j the exact softmax, the numerator is off by nu = sum w_j |v_j| (exp(y_j) - 1),
//    the denominator by rho = sum w_j (exp(y_j) - 1), both relative to the exact denominator, so their quotient by
//    (nu + rho |dst|) / (1 - rho), and two roundings of its own. From rho = 1 on the denominator may vanish: no bound.
// Weights that a kernel flushes to zero, below exp(-87), vanish in the rounding of the largest weight.
constexpr double kExp = 4;             // an exponential correct to 2 units in the last place
constexpr double kKeysPerRescale = 8;  // the smallest block of keys of an online softmax

struct Softmax {
  std::vector<double> weight;  // w_j
  std::vector<double> error;   // exp(y_j) - 1
  double rho = 0;
};

template <class T>
Softmax SoftmaxOf(const Attention& p, const T* q, const T* k, int64_t keys, double unit) {
  Softmax softmax{.weight = std::vector<double>(static_cast<size_t>(keys)),
                  .error = std::vector<double>(static_cast<size_t>(keys))};
  const double scale = 1 / std::sqrt(static_cast<double>(p.d));
  double max = -std::numeric_limits<double>::infinity();
  for (size_t j = 0; j < softmax.weight.size(); ++j) {
    const Sum score = Dot(q, k + static_cast<int64_t>(j) * p.d, p.d);
    softmax.weight[j] = score.value * scale;
    softmax.error[j] = score.magnitude * scale;
    max = std::max(max, softmax.weight[j]);
  }
  const auto t = static_cast<double>(keys);
  const double common = (kExp + 1) * (t / kKeysPerRescale + 2) + t + 1;
  double total = 0;
  for (size_t j = 0; j < softmax.weight.size(); ++j) {
    const double below = max - softmax.weight[j];
    softmax.weight[j] = std::exp(-below);
    softmax.error[j] = std::expm1(unit * ((static_cast<double>(p.d) + 5) * softmax.error[j] + 3 * below + common));
    total += softmax.weight[j];
  }
  for (size_t j = 0; j < softmax.weight.size(); ++j) {
    softmax.weight[j] /= total;
    softmax.rho += softmax.weight[j] * softmax.error[j];
  }
  return softmax;
}

}  // namespace

std::vector<Expected> Reference(const Attention& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const double unit = ErrorUnit(dtype);
  return WithElementType(dtype, [&]<class T>(T) {
    return ForRows(outputs, p.d, [&](int64_t row) {
      const int64_t i = row % p.s;
      const int64_t h = row / p.s % p.h;
      const int64_t b = row / (p.s * p.h);
      const int64_t first_key = (b * p.kvh + h / (p.h / p.kvh)) * p.t;
      const int64_t keys = p.causal ? i + p.t - p.s + 1 : p.t;
      const T* q = args.at<T>(Attention::kQ) + row * p.d;
      const T* k = args.at<T>(Attention::kK) + first_key * p.d;
      const T* v = args.at<T>(Attention::kV) + first_key * p.d;
      return [=, softmax = SoftmaxOf(p, q, k, keys, unit), pitch = p.d](int64_t column) -> Expected {
        double value = 0;
        double nu = 0;
        for (size_t j = 0; j < softmax.weight.size(); ++j) {
          const double term = softmax.weight[j] * static_cast<double>(v[static_cast<int64_t>(j) * pitch + column]);
          value += term;
          nu += std::abs(term) * softmax.error[j];
        }
        if (!(softmax.rho < 1)) return {value, std::numeric_limits<double>::infinity()};
        const double bound = (nu + softmax.rho * std::abs(value)) / (1 - softmax.rho);
        return {value, bound + 2 * unit * (std::abs(value) + bound)};
      };
    });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<Attention>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<Attention>,
    .prepare = PrepareReference<Attention>,
});

}  // namespace
}  // namespace roofgap
