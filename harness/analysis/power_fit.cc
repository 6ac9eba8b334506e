#include "harness/analysis/power_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace roofgap {
namespace {

double Mean(std::span<const double> values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Half the width of the point's interval in log(value), the longer side; 0 where it has none.
double LogHalfWidth(const PowerPoint& point) {
  if (!point.low || !point.high || !(*point.low > 0)) return 0;
  return std::max(std::log(*point.high / point.value), std::log(point.value / *point.low));
}

}  // namespace

double StudentT975(int64_t freedom) {
  constexpr std::array<double, 9> kExact = {12.70620, 4.30265, 3.18245, 2.77645, 2.57058,
                                            2.44691,  2.36462, 2.30600, 2.26216};
  if (freedom <= static_cast<int64_t>(kExact.size())) return kExact[static_cast<size_t>(freedom - 1)];
  // Abramowitz and Stegun 26.7.5.
  const double z = 1.959964;
  const auto nu = static_cast<double>(freedom);
  return z + (std::pow(z, 3) + z) / (4 * nu) +
         (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / (96 * std::pow(nu, 2)) +
         (3 * std::pow(z, 7) + 19 * std::pow(z, 5) + 17 * std::pow(z, 3) - 15 * z) / (384 * std::pow(nu, 3));
}

PowerFit FitPower(std::span<const PowerPoint> points) {
  PowerFit fit;
  std::set<double> lengths;
  for (const PowerPoint& point : points) lengths.insert(point.n);
  fit.lengths = static_cast<int64_t>(lengths.size());
  if (fit.lengths < kFewestLengths) return fit;

  std::vector<double> x, y;
  for (const PowerPoint& point : points) {
    x.push_back(std::log(point.n));
    // Relative to the first, so that equal values give exactly 0.
    y.push_back(std::log(point.value / points[0].value));
  }
  const double mean_x = Mean(x), mean_y = Mean(y);
  double xx = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  const double slope = xy / xx;
  double residuals = 0, own = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double residual = y[i] - mean_y - slope * (x[i] - mean_x);
    residuals += residual * residual;
    const double weight = (x[i] - mean_x) / xx * LogHalfWidth(points[i]);
    own += weight * weight;
  }
  const auto freedom = static_cast<int64_t>(x.size()) - 2;
  fit.exponent = slope;
  fit.half_width =
      std::max(StudentT975(freedom) * std::sqrt(residuals / static_cast<double>(freedom) / xx), std::sqrt(own));
  return fit;
}

}  // namespace roofgap
