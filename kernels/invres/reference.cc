#include "kernels/api/reference.h"

#include <limits>

#include "kernels/invres/invres.h"

namespace roofgap {
namespace {

// The error bound, u being the unit roundoff. Each stage is a sum of products of what the stage before it gave, and a
// kernel's own x differs from the exact one by its bound X. So a sum over n products x w and a bias is off by what it
// inherits, sum X |w|, and by its own rounding, (n + 1) u (sum (|x| + X) |w| + |bias|); then it passes the activation,
// f. What f makes of any argument within X of x differs from f(x) by no more than at x - X, at x + X, or where f turns
// between them: nothing where f is flat, and no slope need be assumed.
//
// 1. e and 2. d: sums over c and over the taps inside the map.
// 3. pool: a sum of P = oh * oh numbers, (P - 1) u, and its division, or its product with a rounded 1 / P (2 u):
//    (P + 2) u covers both, and products with 1 / P before the sum too.
// 4. q and the argument of g: sums over mc and over se. In hard_sigmoid x + 3 is off by u |x + 3|, which counts up to 6
//    only, and the product with a rounded 1 / 6 by 1.5 u of at most 1: 3 u covers both.
// 5. g d: off by G (|d| + D) + |g| D, and rounds once; so does a kernel that multiplies g into the weights instead.
// 6. The projection, to which the residual is one more term.

// A sum of products with weights and a bias: `terms` counts the products.
class InheritedSum {
 public:
  explicit InheritedSum(double bias) : value_(bias), magnitude_(std::abs(bias)) {}

  void Add(const Expected& x, double weight) {
    value_ += x.value * weight;
    magnitude_ += (std::abs(x.value) + x.bound) * std::abs(weight);
    inherited_ += x.bound * std::abs(weight);
    ++terms_;
  }

  Expected Result(double unit) const { return {value_, inherited_ + (terms_ + 1) * unit * magnitude_}; }

 private:
  double value_, magnitude_;
  double inherited_ = 0;
  double terms_ = 0;
};

// f(x), where f rises, or turns at `turn`.
template <class Fn>
Expected Through(const Fn& f, const Expected& x, double turn = std::numeric_limits<double>::infinity()) {
  const double value = f(x.value);
  double bound = std::max(std::abs(f(x.value + x.bound) - value), std::abs(f(x.value - x.bound) - value));
  if (std::abs(x.value - turn) < x.bound) bound = std::max(bound, std::abs(f(turn) - value));
  // These differences round too; where f is flat they are exact.
  constexpr double kUnit = std::numeric_limits<double>::epsilon();
  return {value, bound > 0 ? bound + kUnit * (std::abs(x.value) + x.bound) : 0};
}

// The activation, as kernels/api/activation.h rounds it.
Expected Activated(int64_t act, const Expected& x, double unit) {
  const auto f = [act](double y) { return Activate(act, y); };
  if (static_cast<Activation>(act) != Activation::kHSwish) return Through(f, x);
  const Expected y = Through(f, x, -1.5);
  return {y.value, y.bound + 4 * unit * (std::abs(x.value) + x.bound)};
}

using Map = std::vector<Expected>;  // [pixel][channel]

template <class T>
Map Expanded(const InvRes& p, const Args& args, double unit, int64_t n) {
  Map e(static_cast<size_t>(p.ih * p.ih * p.mc));
  ForAll(p.ih * p.ih, [&](int64_t pixel) {
    const T* src = args.at<T>(InvRes::kSrc) + (n * p.ih * p.ih + pixel) * p.c;
    for (int64_t m = 0; m < p.mc; ++m) {
      Expected& element = e[static_cast<size_t>(pixel * p.mc + m)];
      if (!p.expands()) {
        element = {static_cast<double>(src[m]), 0};
        continue;
      }
      const Sum products = Dot(src, args.at<T>(InvRes::kExpandWei) + m * p.c, p.c);
      element = Activated(p.act, WithBiasAndActivation(products, args.at<T>(InvRes::kExpandBia) + m, 0, unit), unit);
    }
  });
  return e;
}

template <class T>
Map Depthwise(const InvRes& p, const Args& args, double unit, const Map& e) {
  Map d(static_cast<size_t>(p.oh() * p.oh() * p.mc));
  ForAll(p.oh() * p.oh(), [&](int64_t pixel) {
    const int64_t oh = pixel / p.oh();
    const int64_t ow = pixel % p.oh();
    const Range rows = p.window().TapsAt(oh);
    const Range columns = p.window().TapsAt(ow);
    for (int64_t m = 0; m < p.mc; ++m) {
      InheritedSum sum(args.at<T>(InvRes::kDwBia)[m]);
      for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
        for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
          const int64_t from = (oh * p.sh - p.ph + kh) * p.ih + ow * p.sh - p.ph + kw;
          sum.Add(e[static_cast<size_t>(from * p.mc + m)], args.at<T>(InvRes::kDwWei)[(kh * p.kh + kw) * p.mc + m]);
        }
      }
      d[static_cast<size_t>(pixel * p.mc + m)] = Activated(p.act, sum.Result(unit), unit);
    }
  });
  return d;
}

// act(bias + wei x), wei [rows][x.size()].
template <class T>
std::vector<Expected> Connected(const std::vector<Expected>& x, const T* wei, const T* bias, int64_t rows, double unit,
                                Activation act) {
  std::vector<Expected> y;
  for (int64_t row = 0; row < rows; ++row) {
    InheritedSum sum(bias[row]);
    for (const Expected& element : x) sum.Add(element, *wei++);
    y.push_back(Activated(static_cast<int64_t>(act), sum.Result(unit), unit));
  }
  return y;
}

Expected HardSigmoid(const Expected& x, double unit) {
  const Expected y = Through([](double at) { return std::clamp(at + 3, 0.0, 6.0) / 6; }, x);
  return {y.value, y.bound + 3 * unit};
}

// Scales the channels of d by g.
template <class T>
void SqueezeAndExcite(const InvRes& p, const Args& args, double unit, Map& d) {
  const auto pixels = static_cast<double>(p.oh() * p.oh());
  std::vector<Expected> pool(static_cast<size_t>(p.mc));
  for (size_t m = 0; m < pool.size(); ++m) {
    InheritedSum sum(0);
    for (size_t at = m; at < d.size(); at += pool.size()) sum.Add(d[at], 1);
    const Expected total = sum.Result(unit);
    // One of the two units of the division is in the sum's P + 1.
    pool[m] = {total.value / pixels, total.bound / pixels + unit * (std::abs(total.value) + total.bound) / pixels};
  }
  const std::vector<Expected> q =
      Connected(pool, args.at<T>(InvRes::kSqueezeWei), args.at<T>(InvRes::kSqueezeBia), p.se, unit, Activation::kRelu);
  const std::vector<Expected> g =
      Connected(q, args.at<T>(InvRes::kExciteWei), args.at<T>(InvRes::kExciteBia), p.mc, unit, Activation::kNone);
  for (size_t m = 0; m < pool.size(); ++m) {
    const Expected gate = HardSigmoid(g[m], unit);
    for (size_t at = m; at < d.size(); at += pool.size()) {
      const double bound = gate.bound * (std::abs(d[at].value) + d[at].bound) + gate.value * d[at].bound;
      const double value = gate.value * d[at].value;
      d[at] = {value, bound + unit * (std::abs(value) + bound)};
    }
  }
}

template <class T>
std::vector<Expected> OfImage(const InvRes& p, const Args& args, double unit, int64_t n,
                              std::span<const int64_t> outputs) {
  Map d = Depthwise<T>(p, args, unit, Expanded<T>(p, args, unit, n));
  if (p.se > 0) SqueezeAndExcite<T>(p, args, unit, d);
  return ForRows(outputs, p.oc, [&](int64_t row) {
    const Expected* of_pixel = d.data() + (row - n * p.oh() * p.oh()) * p.mc;
    return [=, &p, &args](int64_t oc) {
      InheritedSum sum(args.at<T>(InvRes::kProjectBia)[oc]);
      for (int64_t m = 0; m < p.mc; ++m) sum.Add(of_pixel[m], args.at<T>(InvRes::kProjectWei)[oc * p.mc + m]);
      if (p.res) sum.Add({static_cast<double>(args.at<T>(InvRes::kSrc)[row * p.c + oc]), 0}, 1);
      return sum.Result(unit);
    };
  });
}

}  // namespace

std::vector<Expected> Reference(const InvRes& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const double unit = ErrorUnit(dtype);
  const int64_t image = p.oh() * p.oh() * p.oc;
  return WithElementType(dtype, [&]<class T>(T) {
    std::vector<Expected> expected;
    while (expected.size() < outputs.size()) {
      const auto rest = outputs.subspan(expected.size());
      const int64_t n = rest.front() / image;
      const auto end = std::lower_bound(rest.begin(), rest.end(), (n + 1) * image);
      const auto own = rest.first(static_cast<size_t>(end - rest.begin()));
      const std::vector<Expected> of_image = OfImage<T>(p, args, unit, n, own);
      expected.insert(expected.end(), of_image.begin(), of_image.end());
    }
    return expected;
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<InvRes>,
    .prepare = PrepareReference<InvRes>,
});

}  // namespace
}  // namespace roofgap
