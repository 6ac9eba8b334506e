#include "harness/analysis/run_spread.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "harness/analysis/two_samples.h"

namespace roofgap {
namespace {

constexpr size_t kFewestRows = 4;
constexpr double kMostFreedom = 1e6;  // rows that do not differ in their variances

// psi'(x) and psi(x) by their recurrence and asymptotic series (Abramowitz and Stegun 6.3.18, 6.4.12).
double Trigamma(double x) {
  double sum = 0;
  for (; x < 8; ++x) sum += 1 / (x * x);
  const double r = 1 / (x * x);
  return sum + 1 / x + r / 2 + r / x * (1.0 / 6 - r * (1.0 / 30 - r / 42));
}

double Digamma(double x) {
  double sum = 0;
  for (; x < 8; ++x) sum -= 1 / x;
  const double r = 1 / (x * x);
  return sum + std::log(x) - 0.5 / x - r * (1.0 / 12 - r * (1.0 / 120 - r / 252));
}

double MeanOf(std::span<const double> values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double FreedomOf(const RunGroups& groups) {
  double freedom = 0;
  for (const std::vector<double>& logs : groups) freedom += logs.size() > 1 ? static_cast<double>(logs.size() - 1) : 0;
  return freedom;
}

// Each run's distance from the mean of its group.
RunGroups Centred(RunGroups groups) {
  for (std::vector<double>& logs : groups) {
    const double mean = logs.empty() ? 0 : MeanOf(logs);
    for (double& log : logs) log -= mean;
  }
  return groups;
}

bool SameRuns(const RunGroups& a, const RunGroups& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.size() == y.size(); });
}

double SumOfSquares(const RunGroups& groups) {
  double sum = 0;
  for (const std::vector<double>& logs : groups) {
    for (double log : logs) sum += log * log;
  }
  return sum;
}

void AddTimes(const RunGroups& other, double factor, RunGroups* groups) {
  for (size_t g = 0; g < groups->size(); ++g) {
    for (size_t i = 0; i < (*groups)[g].size(); ++i) (*groups)[g][i] += factor * other[g][i];
  }
}

// Fitted by the mean and the variance of log(s^2), whose distribution is that of log F, shifted.
Spread FitUsual(std::span<const Spread> rows) {
  double greatest = 0;
  for (const Spread& row : rows) greatest = std::max(greatest, row.variance);
  if (!(greatest > 0)) return {.variance = 0, .freedom = kMostFreedom};
  std::vector<double> levels;
  double expected = 0;
  for (const Spread& row : rows) {
    const double variance = std::max(row.variance, 1e-8 * greatest);  // runs that agree to the last digit
    levels.push_back(std::log(variance) - Digamma(row.freedom / 2) + std::log(row.freedom / 2));
    expected += Trigamma(row.freedom / 2) / static_cast<double>(rows.size());
  }
  const double level = MeanOf(levels);
  double excess = -expected;
  for (double value : levels) excess += std::pow(value - level, 2) / static_cast<double>(levels.size() - 1);
  if (!(excess > Trigamma(kMostFreedom / 2))) return {.variance = std::exp(level), .freedom = kMostFreedom};
  double low = 1e-3, high = kMostFreedom / 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = std::sqrt(low * high);
    (Trigamma(middle) > excess ? low : high) = middle;
  }
  return {.variance = std::exp(level + Digamma(low) - std::log(low)), .freedom = 2 * low};
}

}  // namespace

RunSpread FindRunSpread(const std::vector<RunGroups>& rows) {
  RunGroups most;  // runs of the rows that lack none
  for (const RunGroups& row : rows) {
    if (FreedomOf(row) > FreedomOf(most)) most = row;
  }
  const double freedom = FreedomOf(most);
  const auto complete = static_cast<size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const RunGroups& row) { return SameRuns(row, most); }));
  const bool told_apart = freedom > 0 && complete >= kFewestRows;
  const auto count = static_cast<double>(complete);
  RunGroups means = Centred(most);
  AddTimes(means, -1, &means);
  for (const RunGroups& row : rows) {
    if (told_apart && SameRuns(row, most)) AddTimes(Centred(row), 1 / count, &means);
  }
  RunSpread spread;
  std::vector<Spread> known;
  for (const RunGroups& row : rows) {
    RunGroups centred = Centred(row);
    const bool without_shared = told_apart && SameRuns(row, most);
    if (without_shared) AddTimes(means, -1, &centred);
    Spread& own = spread.own.emplace_back();
    own.freedom = FreedomOf(row) * (without_shared ? 1 - 1 / count : 1);
    if (own.freedom > 0) own.variance = SumOfSquares(centred) / own.freedom;
    if (without_shared) known.push_back(own);
  }
  if (!told_apart) return spread;
  spread.usual = FitUsual(known);
  double of_rows = 0;
  for (const Spread& own : known) of_rows += own.variance / count;
  spread.shared = {.variance = std::max(0.0, SumOfSquares(means) / freedom - of_rows / count), .freedom = freedom};
  return spread;
}

Spread DifferenceSpread(const RunSpread& spread, size_t i, double runs_a, double runs_b) {
  const Spread &own = spread.own[i], &usual = spread.usual;
  const double freedom = own.freedom + usual.freedom;
  if (!(freedom > 0)) return {};
  const double of_row = (own.freedom * own.variance + usual.freedom * usual.variance) / freedom;
  const double variance = of_row + spread.shared.variance;
  double by_freedom = of_row * of_row / freedom;
  if (spread.shared.freedom > 0) by_freedom += std::pow(spread.shared.variance, 2) / spread.shared.freedom;
  return {.variance = variance * (1 / runs_a + 1 / runs_b),
          .freedom = by_freedom > 0 ? variance * variance / by_freedom : kMostFreedom};
}

double StudentQuantile(double freedom) {
  double low = 0, high = 1e4;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (StudentTail(middle, freedom) > 0.05 ? low : high) = middle;
  }
  return high;
}

}  // namespace roofgap
