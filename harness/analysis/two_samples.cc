#include "harness/analysis/two_samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace roofgap {
namespace {

constexpr size_t kMostExact = 20;  // values of a sample: C(40, 20) orders are counted exactly by a double
constexpr int kDraws = 2000;

// U: pairs in which the value of `a` is the greater, those of equals counted half. Ties: sum of t^3 - t over the groups
// of t equal values.
struct RankSum {
  double u = 0, ties = 0;
};

RankSum RankPairs(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, bool>> all;
  for (double value : a) all.emplace_back(value, true);
  for (double value : b) all.emplace_back(value, false);
  std::sort(all.begin(), all.end());
  RankSum sum;
  double below = 0;  // values of b that are less
  for (size_t i = 0, end = 0; i < all.size(); i = end) {
    double of_a = 0, of_b = 0;
    for (; end < all.size() && all[end].first == all[i].first; ++end) (all[end].second ? of_a : of_b) += 1;
    sum.u += of_a * (below + of_b / 2);
    below += of_b;
    sum.ties += std::pow(of_a + of_b, 3) - (of_a + of_b);
  }
  return sum;
}

// Of the C(n + m, n) orders of two samples, how many have each U: coefficients of the Gaussian binomial
// prod_{i=1..n} (1 - q^(m+i)) / (1 - q^i).
std::vector<double> OrdersByU(size_t n, size_t m) {
  std::vector<double> orders(n * m + 1, 0);
  orders[0] = 1;
  for (size_t i = 1; i <= n; ++i) {
    for (size_t u = n * m; u >= m + i; --u) orders[u] -= orders[u - m - i];
    for (size_t u = i; u <= n * m; ++u) orders[u] += orders[u - i];
  }
  return orders;
}

double ExactTail(double u, size_t n, size_t m) {
  const std::vector<double> orders = OrdersByU(n, m);
  const double all = std::accumulate(orders.begin(), orders.end(), 0.0);
  const auto least = static_cast<std::ptrdiff_t>(std::min(u, static_cast<double>(n * m) - u));
  return std::min(1.0, 2 * std::accumulate(orders.begin(), orders.begin() + least + 1, 0.0) / all);
}

// The regularised incomplete beta function by its continued fraction, for x < (a + 1) / (a + b + 2)
//   (Abramowitz and Stegun 26.5.8; evaluated by Lentz's method).
double IncompleteBeta(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x)) / a;
  double c = 1, d = 1 / std::max(1 - (a + b) * x / (a + 1), kTiny), fraction = d;
  for (int k = 1; k <= 500; ++k) {
    for (const double term : {k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)),
                              -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))}) {
      d = 1 + term * d;
      c = 1 + term / c;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      if (std::abs(c) < kTiny) c = kTiny;
      fraction *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return front * fraction;
}

struct LogMoments {
  double mean = 0, variance = 0;  // of the mean
};

LogMoments MomentsOf(std::span<const double> values, double correlation) {
  const auto n = static_cast<double>(values.size());
  LogMoments moments;
  for (double value : values) moments.mean += std::log(value) / n;
  for (double value : values) moments.variance += std::pow(std::log(value) - moments.mean, 2) / (n * (n - 1));
  moments.variance *= SerialInflation(correlation, n);
  return moments;
}

// Of as many values drawn from the sample with replacement. The remainder is the same on every platform, which the
// standard library's distributions are not; its bias is under 1e-15.
double MedianOfDraw(std::span<const double> sample, std::mt19937_64& random, std::vector<double>& drawn) {
  drawn.resize(sample.size());
  for (double& value : drawn) value = sample[random() % sample.size()];
  return Median(drawn);
}

}  // namespace

double Median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (sorted.size() % 2 == 1) return *middle;
  return (*std::max_element(sorted.begin(), middle) + *middle) / 2;
}

double LeastRankP(int64_t n, int64_t m) {
  const auto a = static_cast<double>(n), b = static_cast<double>(m);
  return std::min(1.0, 2 * std::exp(std::lgamma(a + 1) + std::lgamma(b + 1) - std::lgamma(a + b + 1)));
}

double RankTest(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  const RankSum sum = RankPairs(a, b);
  if (sum.ties == 0 && a.size() <= kMostExact && b.size() <= kMostExact) return ExactTail(sum.u, a.size(), b.size());
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - sum.ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;  // all values are equal
  return NormalTail(std::max(0.0, std::abs(sum.u - n * m / 2) - 0.5) / std::sqrt(variance));
}

double WelchTest(std::span<const double> a, std::span<const double> b, double correlation) {
  const LogMoments x = MomentsOf(a, correlation), y = MomentsOf(b, correlation);
  const double variance = x.variance + y.variance;
  if (!(variance > 0)) return x.mean == y.mean ? 1 : 0;
  const double freedom = variance * variance /
                         (x.variance * x.variance / static_cast<double>(a.size() - 1) +
                          y.variance * y.variance / static_cast<double>(b.size() - 1));
  return StudentTail(std::abs(x.mean - y.mean) / std::sqrt(variance), freedom);
}

double StudentTail(double t, double freedom) {
  if (!(t > 0)) return 1;
  const double x = freedom / (freedom + t * t);
  const double a = freedom / 2, b = 0.5;
  if (x < (a + 1) / (a + b + 2)) return IncompleteBeta(x, a, b);
  return 1 - IncompleteBeta(t * t / (freedom + t * t), b, a);
}

double SerialCorrelation(std::span<const std::vector<double>* const> samples) {
  constexpr double kUsual = 0.3, kUsualWeight = 30;
  double sum = kUsual * kUsualWeight, weight = kUsualWeight;
  for (const std::vector<double>* sample : samples) {
    const std::vector<double>& values = *sample;
    const auto n = static_cast<double>(values.size());
    if (n < 6) continue;
    double mean = 0, squares = 0, neighbours = 0;
    for (double value : values) mean += std::log(value) / n;
    for (size_t i = 0; i < values.size(); ++i) {
      const double distance = std::log(values[i]) - mean;
      squares += distance * distance;
      if (i > 0) neighbours += distance * (std::log(values[i - 1]) - mean);
    }
    if (!(squares > 0)) continue;
    sum += n * neighbours / squares + 1;
    weight += n - 3;
  }
  return std::clamp(sum / weight, 0.0, 0.9);
}

double SerialInflation(double correlation, double n) {
  double of_mean = 1, power = 1;  // of_mean: n Var(mean) / variance of a value
  for (double k = 1; k < n; ++k) {
    power *= correlation;
    of_mean += 2 * (1 - k / n) * power;
  }
  return of_mean * (n - 1) / (n - of_mean);
}

double Deflated(double p_value, double inflation) {
  if (!(p_value > 0) || p_value >= 1) return p_value;
  double low = 0, high = 40;  // of |z|; NormalTail(40) is 0
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (NormalTail(middle) > p_value ? low : high) = middle;
  }
  return NormalTail(low / std::sqrt(inflation));
}

double NormalTail(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

RatioInterval BootstrapRatio(std::span<const double> a, std::span<const double> b) {
  std::mt19937_64 random(1);
  std::vector<double> ratios, drawn;
  for (int i = 0; i < kDraws; ++i) {
    const double of_a = MedianOfDraw(a, random, drawn);
    ratios.push_back(of_a / MedianOfDraw(b, random, drawn));
  }
  std::sort(ratios.begin(), ratios.end());
  constexpr size_t kTail = kDraws / 40;  // 2.5 %
  return {ratios[kTail], ratios[kDraws - 1 - kTail]};
}

std::vector<double> FalseDiscoveryRates(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t k) { return p_values[i] < p_values[k]; });
  std::vector<double> rates(p_values.size());
  const auto count = static_cast<double>(p_values.size());
  double least = 1;
  for (size_t i = order.size(); i-- > 0;) {
    least = std::min(least, p_values[order[i]] * count / static_cast<double>(i + 1));
    rates[order[i]] = least;
  }
  return rates;
}

}  // namespace roofgap
