#include "kernels/api/reference.h"

#include <limits>
#include <utility>

#include "kernels/performer/performer.h"

namespace roofgap {
namespace {

// The error bound, u being the unit roundoff. Everything that is added up is positive but v.
//
// 1. Exponents of keys, x_jf = w_f . k_j / d^(1/4) - |k_j|^2 / (2 sqrt(d)). With M_jf = sum |w_f k_j| / d^(1/4) and
//    H_j = |k_j|^2 / (2 sqrt(d)): d products and sums and the scales of either, in nats or bits, wherever applied, and
//    the subtraction: (d + 6) u (M_jf + H_j).
// 2. Features of keys, a_jf = exp(x_jf - c); any c gives the same result, and c below is the largest
//    |w_f| |k_j| / d^(1/4) - H_j, which no exponent exceeds. As in `attention` the subtraction rounds by 3 u (c -
//    x_jf), the exponential by kExp u, and sums over keys are rescaled at most t / kKeysPerRescale + 1 times, by an
//    exponential and a product: y_jf = u ((d + 6) (M_jf + H_j) + 3 (c - x_jf) + (kExp + 1) (t / kKeysPerRescale + 2)).
// 3. Features of queries, b_if = exp(w_f . q_i / d^(1/4) - max): the same without rescaling. An error in |q_i|^2 is
//    common to all features of the query and cancels; its subtraction rounds by u (M_if + H_i). What is taken from a
//    feature of the keys by itself, and not from all, is added to that of the queries: at most X in magnitude, the
//    largest bound on any |x_jf|, it costs a rounding and makes differences from the maximum larger by 2 X at most:
//    y_if = u ((d + 8) M_if + H_i + X + 3 (max - x_if + 2 X) + kExp + 1).
// 4. Sums over t keys, then over m features, in this order or the other: one more factor within exp(+-(t + m + 4) u).
// 5. Flushing. b_if and a_jf are at most 1; those below eta = 2^-126 may become 0, and so may products: 4 eta for each
//    of m t products.
// 6. With y the sum of all exponents of a term, the numerator is off by
//    nu = sum b a |v_j| (exp(y) - 1) + 4 eta m sum |v_j|, the denominator D by rho D = sum b a (exp(y) - 1) + 4 eta m
//    t, so their quotient by (nu / D + rho |dst|) / (1 - rho), and two roundings of its own.
//
// exp(y) - 1 of a product is e + (1 + e) e' of its factors' own, so sums over keys are kept for each feature.
constexpr double kExp = 4;             // an exponential correct to 2 units in the last place
constexpr double kKeysPerRescale = 8;  // the fewest keys between two rescalings
constexpr double kEta = 0x1p-126;

constexpr int64_t kBlock = 64;  // keys that are added to the sums over keys at once

// A positive number and by how much more than it a kernel may have.
struct Term {
  double value = 0;
  double excess = 0;

  void Add(const Term& term) {
    value += term.value;
    excess += term.excess;
  }
};

Term operator*(const Term& a, const Term& b) {
  return {a.value * b.value, a.excess * b.value + (a.value + a.excess) * b.excess};
}
Term operator*(const Term& a, double factor) { return {a.value * factor, a.excess * factor}; }

Term Feature(double below, double error) { return {std::exp(-below), std::exp(-below) * std::expm1(error)}; }

template <class T>
class Head {
 public:
  Head(const Performer& p, const Args& args, double unit, int64_t head)
      : p_(p),
        unit_(unit),
        q_(args.at<T>(Performer::kQ)),
        k_(args.at<T>(Performer::kK) + head * p.t * p.d),
        v_(args.at<T>(Performer::kV) + head * p.t * p.d),
        w_(args.at<T>(Performer::kW)),
        features_(static_cast<size_t>(kBlock * p.m)),
        keys_(static_cast<size_t>(p.m)),
        magnitudes_(static_cast<size_t>(p.m * p.d)),
        values_(static_cast<size_t>(p.m * p.d)) {
    double square = 0;
    for (int64_t f = 0; f < p.m; ++f) square = std::max(square, Dot(w_ + f * p.d, w_ + f * p.d, p.d).value);
    for (int64_t j = 0; j < p.t; ++j) {
      const double half = HalfSquare(k_ + j * p.d);
      const double product = std::sqrt(square * 2 * half);
      ceiling_ = std::max(ceiling_, product - half);
      largest_ = std::max(largest_, product + half);
    }
  }

  // What is expected of `outputs`, all of rows that see between begin and begin + kBlock keys; those before begin have
  // been added.
  std::vector<Expected> Evaluate(std::span<const int64_t> outputs, int64_t begin) const {
    return ForRows(outputs, p_.d, [&](int64_t row) { return AtRow(row, begin); });
  }

  void FindFeatures(Range keys) {
    const auto d = static_cast<double>(p_.d);
    const double common = (kExp + 1) * (static_cast<double>(p_.t) / kKeysPerRescale + 2);
    ForAll(keys.end - keys.begin, [&](int64_t j) {
      const T* key = k_ + (keys.begin + j) * p_.d;
      const double half = HalfSquare(key);
      for (int64_t f = 0; f < p_.m; ++f) {
        const Sum product = Dot(w_ + f * p_.d, key, p_.d);
        const double below = ceiling_ - (product.value * Scale() - half);
        features_[At(j, f)] =
            Feature(below, unit_ * ((d + 6) * (product.magnitude * Scale() + half) + 3 * below + common));
      }
    });
  }

  // To the sums over keys, after FindFeatures of the same.
  void Add(Range keys) {
    ForAll(p_.m, [&](int64_t f) {
      for (int64_t j = keys.begin; j < keys.end; ++j) {
        const Term a = features_[At(j - keys.begin, f)];
        keys_[static_cast<size_t>(f)].Add(a);
        for (int64_t c = 0; c < p_.d; ++c) {
          const auto v = static_cast<double>(v_[j * p_.d + c]);
          values_[static_cast<size_t>(f * p_.d + c)] += a.value * v;
          magnitudes_[static_cast<size_t>(f * p_.d + c)].Add(a * std::abs(v));
        }
      }
    });
  }

  int64_t Visible(int64_t row) const { return p_.causal ? row % p_.s + p_.t - p_.s + 1 : p_.t; }

 private:
  size_t At(int64_t j, int64_t f) const { return static_cast<size_t>(j * p_.m + f); }
  double Scale() const { return 1 / std::sqrt(std::sqrt(static_cast<double>(p_.d))); }
  double HalfSquare(const T* x) const { return Dot(x, x, p_.d).value / (2 * std::sqrt(static_cast<double>(p_.d))); }

  std::vector<Term> QueryFeatures(const T* q) const {
    const auto d = static_cast<double>(p_.d);
    const double common = kExp + 1 + static_cast<double>(p_.t + p_.m) + 4;
    std::vector<Sum> products;
    double max = -std::numeric_limits<double>::infinity();
    for (int64_t f = 0; f < p_.m; ++f) {
      products.push_back(Dot(w_ + f * p_.d, q, p_.d));
      max = std::max(max, products.back().value * Scale());
    }
    std::vector<Term> features;
    for (const Sum& product : products) {
      const double below = max - product.value * Scale();
      const double own = (d + 8) * product.magnitude * Scale() + HalfSquare(q) + largest_;
      features.push_back(Feature(below, unit_ * (own + 3 * (below + 2 * largest_) + common)));
    }
    return features;
  }

  // A function from the column to Expected.
  auto AtRow(int64_t row, int64_t begin) const {
    std::vector<Term> query = QueryFeatures(q_ + row * p_.d);
    std::vector<Term> weights;  // of the keys from `begin` on
    Term all;
    for (int64_t f = 0; f < p_.m; ++f) all.Add(query[static_cast<size_t>(f)] * keys_[static_cast<size_t>(f)]);
    for (int64_t j = begin; j < Visible(row); ++j) {
      Term weight;
      for (int64_t f = 0; f < p_.m; ++f) weight.Add(query[static_cast<size_t>(f)] * features_[At(j - begin, f)]);
      weights.push_back(weight);
      all.Add(weight);
    }
    const double flushed = 4 * kEta * static_cast<double>(p_.m);
    const double rho = (all.excess + flushed * static_cast<double>(p_.t)) / all.value;
    return [=, this, query = std::move(query), weights = std::move(weights)](int64_t column) -> Expected {
      double value = 0;
      double nu = 0;
      for (int64_t f = 0; f < p_.m; ++f) {
        const auto at = static_cast<size_t>(f * p_.d + column);
        value += query[static_cast<size_t>(f)].value * values_[at];
        nu += (query[static_cast<size_t>(f)] * magnitudes_[at]).excess;
      }
      for (size_t j = 0; j < weights.size(); ++j) {
        const auto v = static_cast<double>(v_[(begin + static_cast<int64_t>(j)) * p_.d + column]);
        value += weights[j].value * v;
        nu += weights[j].excess * std::abs(v);
      }
      value /= all.value;
      for (int64_t j = 0; j < p_.t; ++j) nu += flushed * std::abs(static_cast<double>(v_[j * p_.d + column]));
      if (!(rho < 1)) return {value, std::numeric_limits<double>::infinity()};
      const double bound = (nu / all.value + rho * std::abs(value)) / (1 - rho);
      return {value, bound + 2 * unit_ * (std::abs(value) + bound)};
    };
  }

  Performer p_;
  double unit_;
  const T *q_, *k_, *v_, *w_;
  double ceiling_ = -std::numeric_limits<double>::infinity();  // c
  double largest_ = 0;                                         // X
  std::vector<Term> features_;                                 // a of a block of keys, [key][m]
  std::vector<Term> keys_;                                     // [m], sums over keys of a
  std::vector<Term> magnitudes_;                               // [m][d], of a |v|
  std::vector<double> values_;                                 // [m][d], of a v
};

// `outputs` are all of one KV head.
template <class T>
std::vector<Expected> OfHead(const Performer& p, const Args& args, double unit, int64_t index,
                             std::span<const int64_t> outputs) {
  Head<T> head(p, args, unit, index);
  const int64_t blocks = (p.t + kBlock - 1) / kBlock;
  std::vector<std::vector<size_t>> of_block(static_cast<size_t>(blocks));
  for (size_t i = 0; i < outputs.size(); ++i) {
    of_block[static_cast<size_t>((head.Visible(outputs[i] / p.d) - 1) / kBlock)].push_back(i);
  }
  std::vector<Expected> expected(outputs.size());
  for (int64_t block = 0; block < blocks; ++block) {
    const Range keys = {block * kBlock, std::min((block + 1) * kBlock, p.t)};
    head.FindFeatures(keys);
    const std::vector<size_t>& own = of_block[static_cast<size_t>(block)];
    std::vector<int64_t> asked;
    for (size_t i : own) asked.push_back(outputs[i]);
    const std::vector<Expected> found = head.Evaluate(asked, keys.begin);
    for (size_t i = 0; i < own.size(); ++i) expected[own[i]] = found[i];
    if (block + 1 < blocks) head.Add(keys);
  }
  return expected;
}

}  // namespace

std::vector<Expected> Reference(const Performer& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const double unit = ErrorUnit(dtype);
  const int64_t of_head = p.h / p.kvh * p.s * p.d;
  return WithElementType(dtype, [&]<class T>(T) {
    return ForParts(outputs, of_head,
                    [&](int64_t head, std::span<const int64_t> own) { return OfHead<T>(p, args, unit, head, own); });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<Performer>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<Performer>,
    .prepare = PrepareReference<Performer>,
});

}  // namespace
}  // namespace roofgap
