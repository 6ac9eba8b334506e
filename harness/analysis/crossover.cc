#include "harness/analysis/crossover.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "harness/analysis/fastest.h"

namespace roofgap {
namespace {

// A curve of log(ratio) over log(n), by straight lines.
using Curve = std::vector<std::pair<double, double>>;

int Sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

double ZeroBetween(const std::pair<double, double>& a, const std::pair<double, double>& b) {
  return a.first + (b.first - a.first) * a.second / (a.second - b.second);
}

// Of a curve whose ends have opposite signs.
double FirstZero(const Curve& curve) {
  size_t i = 1;
  while (Sign(curve[i].second) == Sign(curve[0].second)) ++i;
  return ZeroBetween(curve[i - 1], curve[i]);
}

double LastZero(Curve curve) {
  std::reverse(curve.begin(), curve.end());
  return FirstZero(curve);
}

// Of points whose first and last are decided, and differently.
Crossing Cross(std::span<const RatioPoint> points) {
  const bool rises = points.back().side() > 0;
  Curve middle, early, late;  // a rising ratio passes 1 early by its upper ends, late by its lower ones
  for (const RatioPoint& point : points) {
    if (!point.has_interval()) continue;
    const double x = std::log(point.n);
    middle.emplace_back(x, std::log(point.ratio));
    early.emplace_back(x, std::log(rises ? *point.high : *point.low));
    late.emplace_back(x, std::log(rises ? *point.low : *point.high));
  }
  return {.n = std::exp(FirstZero(middle)), .low = std::exp(FirstZero(early)), .high = std::exp(LastZero(late))};
}

// What two series have in common.
struct Common {
  std::vector<RatioPoint> points;
  int64_t unstable = 0;
};

Common Compare(const AttentionSeries& one, const AttentionSeries& two) {
  Common common;
  for (const AttentionPoint* a : one.points) {
    const auto same = std::find_if(two.points.begin(), two.points.end(),
                                   [&](const AttentionPoint* b) { return *a->n == *b->n && b->median_ns; });
    if (same == two.points.end()) continue;
    const Number ratio = Quotient(a->median_ns, (*same)->median_ns);
    if (!ratio || (!common.points.empty() && common.points.back().n == *a->n)) continue;
    common.points.push_back({.n = *a->n,
                             .ratio = *ratio,
                             .low = Quotient(a->ci_low_ns, (*same)->ci_high_ns),
                             .high = Quotient(a->ci_high_ns, (*same)->ci_low_ns)});
    common.unstable += a->status == kUnstable || (*same)->status == kUnstable ? 1 : 0;
  }
  return common;
}

void AddPair(const AttentionSeries& one, const AttentionSeries& two, std::vector<Crossover>& all) {
  const Common common = Compare(one, two);
  if (common.points.size() < 2) return;
  const auto decided = [](const RatioPoint& point) { return point.side() != 0; };
  const auto first = std::find_if(common.points.begin(), common.points.end(), decided);
  const bool first_leads = (first == common.points.end() ? common.points.front() : *first).ratio <= 1;
  Crossover row;
  row.family = *one.family;
  row.faster = first_leads ? *one.method : *two.method;
  row.rival = first_leads ? *two.method : *one.method;
  row.verdict = kAlways;
  row.status = common.unstable > 0 ? kUnstable : kMeasured;
  if (common.unstable > 0) row.reason = "unstable rows at " + std::to_string(common.unstable) + " lengths";
  row.n_from = common.points.front().n;
  row.n_to = common.points.back().n;
  row.lengths = static_cast<int64_t>(common.points.size());
  row.decided = std::count_if(common.points.begin(), common.points.end(), decided);
  if (row.decided == 0) row.verdict = kUndecided;
  const std::vector<Crossing> crossings = FindCrossings(common.points);
  if (crossings.empty()) all.push_back(row);
  for (const Crossing& crossing : crossings) {
    row.verdict = kCrossing;
    row.n = crossing.n;
    row.n_low = crossing.low;
    row.n_high = crossing.high;
    all.push_back(row);
    std::swap(row.faster, row.rival);
  }
}

}  // namespace

std::vector<Crossing> FindCrossings(std::span<const RatioPoint> points) {
  std::vector<Crossing> crossings;
  std::optional<size_t> last;  // decided
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].side() == 0) continue;
    if (last && points[*last].side() != points[i].side()) {
      crossings.push_back(Cross(points.subspan(*last, i - *last + 1)));
    }
    last = i;
  }
  return crossings;
}

std::vector<Crossover> FindCrossovers(std::span<const AttentionSeries> series) {
  std::vector<Crossover> all;
  for (size_t i = 0; i < series.size(); ++i) {
    // Series of a family stand together.
    for (size_t j = i + 1; j < series.size() && *series[j].family == *series[i].family; ++j) {
      AddPair(series[i], series[j], all);
    }
  }
  return all;
}

}  // namespace roofgap
