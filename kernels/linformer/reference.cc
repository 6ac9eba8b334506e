#include "kernels/api/reference.h"

#include <limits>

#include "kernels/linformer/linformer.h"

namespace roofgap {
namespace {

// The error bound, u being the unit roundoff; steps 2 to 4 are those of `attention`, with k keys.
//
// 0. Projections. A sum of t products: |error of K_ic| <= t u sum over j of |e_ij k_jc| =: dK_ic, and dV likewise.
// 1. Score. With M_i = sum over c of |q_c| (|K_ic| + dK_ic) / sqrt(d) the kernel's own rounding is (d + 5) u M_i, and
//    it inherits sum |q_c| dK_ic / sqrt(d). The scale may be applied to q, K, or the score.
// 2. Weight. exp(s_i - m), any m: x_i = error of s_i + u (3 (max - s_i) + (kExp + 1) (k / kKeysPerRescale + 2)).
// 3. Sums over k: y_i = x_i + (k + 1) u.
// 4. The numerator is off by nu = sum w_i (|V_i| (exp(y_i) - 1) + dV_i exp(y_i)), the denominator by
//    rho = sum w_i (exp(y_i) - 1); their quotient by (nu + rho |dst|) / (1 - rho) and two roundings of its own.
constexpr double kExp = 4;             // an exponential correct to 2 units in the last place
constexpr double kKeysPerRescale = 8;  // the smallest block of keys of an online softmax

// [k][d]
struct Projected {
  std::vector<double> value, bound;
};

// weights [k][t] times rows [t][d].
template <class T>
Projected Project(const Linformer& p, const T* weights, const T* rows, double unit) {
  const auto size = static_cast<size_t>(p.k * p.d);
  Projected to{std::vector<double>(size), std::vector<double>(size)};
  ForAll(p.k, [&](int64_t i) {
    double* const value = to.value.data() + i * p.d;
    double* const bound = to.bound.data() + i * p.d;
    for (int64_t j = 0; j < p.t; ++j) {
      const auto weight = static_cast<double>(weights[i * p.t + j]);
      for (int64_t c = 0; c < p.d; ++c) {
        const double product = weight * static_cast<double>(rows[j * p.d + c]);
        value[c] += product;
        bound[c] += std::abs(product);
      }
    }
    for (int64_t c = 0; c < p.d; ++c) bound[c] *= static_cast<double>(p.t) * unit;
  });
  return to;
}

struct Softmax {
  std::vector<double> weight;  // w_i
  std::vector<double> error;   // exp(y_i) - 1
  double rho = 0;
};

template <class T>
Softmax SoftmaxOf(const Linformer& p, const T* q, const Projected& keys, double unit) {
  Softmax softmax{.weight = std::vector<double>(static_cast<size_t>(p.k)),
                  .error = std::vector<double>(static_cast<size_t>(p.k))};
  const double scale = 1 / std::sqrt(static_cast<double>(p.d));
  const double own = (static_cast<double>(p.d) + 5) * unit;
  double max = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < softmax.weight.size(); ++i) {
    double score = 0, magnitude = 0, inherited = 0;
    for (int64_t c = 0; c < p.d; ++c) {
      const size_t at = i * static_cast<size_t>(p.d) + static_cast<size_t>(c);
      const auto of_q = static_cast<double>(q[c]);
      score += of_q * keys.value[at];
      magnitude += std::abs(of_q * keys.value[at]);
      inherited += std::abs(of_q) * keys.bound[at];
    }
    softmax.weight[i] = score * scale;
    softmax.error[i] = (inherited + own * (magnitude + inherited)) * scale;
    max = std::max(max, softmax.weight[i]);
  }
  const auto k = static_cast<double>(p.k);
  const double common = (kExp + 1) * (k / kKeysPerRescale + 2) + k + 1;
  double total = 0;
  for (size_t i = 0; i < softmax.weight.size(); ++i) {
    const double below = max - softmax.weight[i];
    softmax.weight[i] = std::exp(-below);
    softmax.error[i] = std::expm1(softmax.error[i] + unit * (3 * below + common));
    total += softmax.weight[i];
  }
  for (size_t i = 0; i < softmax.weight.size(); ++i) {
    softmax.weight[i] /= total;
    softmax.rho += softmax.weight[i] * softmax.error[i];
  }
  return softmax;
}

// `outputs` are all of one KV head.
template <class T>
std::vector<Expected> OfHead(const Linformer& p, const Args& args, double unit, int64_t head,
                             std::span<const int64_t> outputs) {
  const Projected keys = Project(p, args.at<T>(Linformer::kE), args.at<T>(Linformer::kK) + head * p.t * p.d, unit);
  const Projected values = Project(p, args.at<T>(Linformer::kF), args.at<T>(Linformer::kV) + head * p.t * p.d, unit);
  return ForRows(outputs, p.d, [&](int64_t row) {
    const T* q = args.at<T>(Linformer::kQ) + row * p.d;
    return [&values, softmax = SoftmaxOf(p, q, keys, unit), pitch = static_cast<size_t>(p.d),
            unit](int64_t column) -> Expected {
      double value = 0;
      double nu = 0;
      for (size_t i = 0; i < softmax.weight.size(); ++i) {
        const size_t at = i * pitch + static_cast<size_t>(column);
        value += softmax.weight[i] * values.value[at];
        nu += softmax.weight[i] *
              (std::abs(values.value[at]) * softmax.error[i] + values.bound[at] * (1 + softmax.error[i]));
      }
      if (!(softmax.rho < 1)) return {value, std::numeric_limits<double>::infinity()};
      const double bound = (nu + softmax.rho * std::abs(value)) / (1 - softmax.rho);
      return {value, bound + 2 * unit * (std::abs(value) + bound)};
    };
  });
}

}  // namespace

std::vector<Expected> Reference(const Linformer& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const double unit = ErrorUnit(dtype);
  const int64_t of_head = p.h / p.kvh * p.s * p.d;
  return WithElementType(dtype, [&]<class T>(T) {
    return ForParts(outputs, of_head,
                    [&](int64_t head, std::span<const int64_t> own) { return OfHead<T>(p, args, unit, head, own); });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<Linformer>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<Linformer>,
    .prepare = PrepareReference<Linformer>,
});

}  // namespace
}  // namespace roofgap
