#include "harness/analysis/crossover.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "harness/analysis/fastest.h"

namespace roofgap {
namespace {

// A curve of log(ratio) over log(n), by straight lines.
using Curve = std::vector<std::pair<double, Number>>;

Number Log(const Number& value) { return value && *value > 0 ? Number(std::log(*value)) : Number(); }

double ZeroBetween(double x0, double y0, double x1, double y1) { return x0 + (x1 - x0) * y0 / (y0 - y1); }

int Sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

// Where the curve reaches 0 on the way from segment `at` (between the points at and at + 1) to one end, step = -1 or 1.
// `side`: the sign that it has until then. Nothing where it does not, or where an interval is missing.
Number ReachesZero(const Curve& curve, size_t at, int step, int side) {
  // The segment itself begins beyond the crossing; a zero of this curve is on its far side by construction.
  for (auto i = static_cast<std::ptrdiff_t>(at); i >= 0 && i + 1 < static_cast<std::ptrdiff_t>(curve.size());
       i += step) {
    const auto& [from_x, from_y] = curve[static_cast<size_t>(step > 0 ? i : i + 1)];
    const auto& [to_x, to_y] = curve[static_cast<size_t>(step > 0 ? i + 1 : i)];
    if (!from_y || !to_y) return {};
    if (Sign(*to_y) == side) continue;
    return ZeroBetween(from_x, *from_y, to_x, *to_y);
  }
  return {};
}

Number Exp(const Number& value) { return value ? Number(std::exp(*value)) : Number(); }

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
  const auto differs = std::find_if(common.points.begin(), common.points.end(),
                                    [](const RatioPoint& point) { return point.ratio != 1; });
  const bool first_leads = differs == common.points.end() || differs->ratio < 1;
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
  row.decided = std::count_if(common.points.begin(), common.points.end(), [](const RatioPoint& point) {
    return point.low.value_or(1) > 1 || point.high.value_or(1) < 1;
  });
  if (row.decided == 0) {
    row.verdict = kUndecided;
    all.push_back(row);
    return;
  }
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
  Curve low, high;
  std::vector<std::pair<double, double>> middle;
  for (const RatioPoint& point : points) {
    const double x = std::log(point.n);
    middle.emplace_back(x, std::log(point.ratio));
    low.emplace_back(x, Log(point.low));
    high.emplace_back(x, Log(point.high));
  }
  std::vector<Crossing> crossings;
  size_t last = 0;  // the last point before here at which the two differ
  for (size_t i = 0; i < middle.size(); ++i) {
    const int before = Sign(middle[last].second), now = Sign(middle[i].second);
    if (now == 0) continue;
    if (before * now < 0) {
      // Equal at the points in between: passed at the first of them.
      const double x = i - last > 1
                           ? middle[last + 1].first
                           : ZeroBetween(middle[last].first, middle[last].second, middle[i].first, middle[i].second);
      // A rising ratio passes early by its upper ends, late by its lower ones.
      const Curve& early = now > 0 ? high : low;
      const Curve& late = now > 0 ? low : high;
      crossings.push_back({.n = std::exp(x),
                           .low = Exp(ReachesZero(early, last, -1, now)),
                           .high = Exp(ReachesZero(late, i - 1, 1, before))});
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
