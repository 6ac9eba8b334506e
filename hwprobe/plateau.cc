#include "hwprobe/plateau.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace roofgap {
namespace {

constexpr double kStep = 0.25;   // of ln(bandwidth): a fall by 22 %
constexpr size_t kShortest = 2;  // points of a segment
constexpr double kMatch = 2.5;   // a knee belongs to a reported capacity within this factor
constexpr double kDramFactor = 4, kDramLast = 6;

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// ln(bandwidth) with lone outliers taken out.
std::vector<double> Smoothed(std::span<const CurvePoint> curve) {
  std::vector<double> y;
  for (size_t i = 0; i < curve.size(); ++i) {
    const size_t begin = i == 0 ? 0 : i - 1;
    const size_t end = std::min(curve.size(), i + 2);
    std::vector<double> window;
    for (size_t k = begin; k < end; ++k) window.push_back(std::log(curve[k].gbps));
    y.push_back(window.size() < 3 ? std::log(curve[i].gbps) : MedianOf(window));
  }
  return y;
}

struct Segment {
  size_t begin, end;  // points [begin, end)
  double mean;
};

// Splits y into constant segments with the least sum of squares plus a price per segment, at which a step of kStep
// for one octave on both sides just pays.
std::vector<Segment> Split(std::span<const double> y) {
  const size_t n = y.size();
  constexpr double kPrice = kStep * kStep;
  std::vector<double> sum(n + 1), square(n + 1);
  for (size_t i = 0; i < n; ++i) {
    sum[i + 1] = sum[i] + y[i];
    square[i + 1] = square[i] + y[i] * y[i];
  }
  const auto mean = [&](size_t b, size_t e) { return (sum[e] - sum[b]) / static_cast<double>(e - b); };
  const auto cost = [&](size_t b, size_t e) { return square[e] - square[b] - mean(b, e) * (sum[e] - sum[b]); };
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  std::vector<size_t> from(n + 1, 0);
  best[0] = 0;
  for (size_t e = std::min(kShortest, n); e <= n; ++e) {
    for (size_t b = 0; b == 0 || b + kShortest <= e; ++b) {
      const double total = best[b] + cost(b, e) + kPrice;
      if (total < best[e]) {
        best[e] = total;
        from[e] = b;
      }
    }
  }
  std::vector<Segment> segments;
  for (size_t e = n; e > 0; e = from[e]) segments.push_back({from[e], e, mean(from[e], e)});
  std::reverse(segments.begin(), segments.end());
  return segments;
}

// A segment between two others that itself falls by most of the way from one to the other is a slope.
bool IsSlope(std::span<const double> y, const Segment& before, const Segment& s, const Segment& after) {
  const auto points = y.subspan(s.begin, s.end - s.begin);
  const double fall = *std::max_element(points.begin(), points.end()) - *std::min_element(points.begin(), points.end());
  return fall > 0.5 * (before.mean - after.mean) || (s.end - s.begin < 3 && fall > 0.2 * (before.mean - after.mean));
}

std::vector<Segment> WithoutSlopes(std::span<const double> y, std::vector<Segment> segments) {
  for (size_t i = 1; i + 1 < segments.size();) {
    if (IsSlope(y, segments[i - 1], segments[i], segments[i + 1])) {
      segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return segments;
}

// Joins neighbours between which bandwidth does not fall by kStep: noise, or the start-up cost of the smallest sets.
std::vector<Segment> Merged(std::span<const Segment> segments) {
  std::vector<Segment> merged;
  for (const Segment& s : segments) {
    if (merged.empty() || merged.back().mean - s.mean >= kStep) {
      merged.push_back(s);
      continue;
    }
    Segment& last = merged.back();
    const double a = static_cast<double>(last.end - last.begin), b = static_cast<double>(s.end - s.begin);
    last.mean = (last.mean * a + s.mean * b) / (a + b);
    last.end = s.end;
  }
  return merged;
}

// The size at which y falls through `level` for good between two plateaus, interpolated.
double Crossing(std::span<const CurvePoint> curve, std::span<const double> y, const Segment& from, const Segment& to) {
  const double level = (from.mean + to.mean) / 2;
  size_t i = to.begin;
  while (i > from.begin && y[i - 1] < level) --i;
  if (i == from.begin) return curve[i].bytes;
  const double fall = y[i - 1] - y[i];
  const double part = fall > 0 ? std::clamp((y[i - 1] - level) / fall, 0.0, 1.0) : 0.5;
  return std::exp(std::lerp(std::log(curve[i - 1].bytes), std::log(curve[i].bytes), part));
}

// Knees of at most kMostCaches caches, ascending: where there are more, those at which bandwidth falls most.
std::vector<double> LargestSteps(std::span<const Plateau> plateaus) {
  constexpr size_t kMostCaches = 4;              // L1 to L4
  std::vector<std::pair<double, double>> steps;  // (fall, knee)
  for (size_t i = 0; i + 1 < plateaus.size(); ++i) {
    steps.emplace_back(plateaus[i].gbps / plateaus[i + 1].gbps, plateaus[i].knee_bytes);
  }
  std::sort(steps.rbegin(), steps.rend());
  steps.resize(std::min(steps.size(), kMostCaches));
  std::vector<double> knees;
  for (const auto& [fall, knee] : steps) knees.push_back(knee);
  std::sort(knees.begin(), knees.end());
  return knees;
}

// The less of what the curve shows and of what is claimed: sets must fit into the part that is there.
double EndOf(const Level& level) {
  double end = level.capacity_bytes;
  for (const double other : {level.knee_bytes, level.reported_bytes}) {
    if (other > level.nearer_bytes) end = std::min(end, other);
  }
  return end;
}

std::vector<double> Geometric(double first, double last, int count) {
  std::vector<double> values = {first};
  for (int i = 1; i < count; ++i)
    values.push_back(first * std::pow(last / first, static_cast<double>(i) / (count - 1)));
  return values;
}

}  // namespace

std::vector<Plateau> FindPlateaus(std::span<const CurvePoint> curve) {
  if (curve.empty()) return {};
  const std::vector<double> y = Smoothed(curve);
  const std::vector<Segment> segments = Merged(WithoutSlopes(y, Split(y)));
  std::vector<Plateau> plateaus;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& s = segments[i];
    std::vector<double> gbps;
    for (size_t k = s.begin; k < s.end; ++k) gbps.push_back(curve[k].gbps);
    plateaus.push_back({curve[s.begin].bytes, curve[s.end - 1].bytes, MedianOf(gbps),
                        i + 1 < segments.size() ? Crossing(curve, y, s, segments[i + 1]) : 0});
  }
  return plateaus;
}

void SetCapacity(Ceiling& row, const Level& level) {
  const auto known = [](double bytes) { return bytes > 0 ? Number(bytes) : Number(); };
  row.capacity_bytes = known(level.capacity_bytes);
  row.knee_bytes = known(level.knee_bytes);
  row.reported_bytes = known(level.reported_bytes);
}

std::string CacheLevelName(int level) { return {'L', static_cast<char>('0' + level)}; }

std::vector<Level> NameLevels(std::span<const Plateau> plateaus, std::span<const ReportedLevel> reported) {
  std::vector<Level> levels;
  double nearer = 0;
  const auto add = [&](const std::string& name, double knee, double report) {
    const double capacity = std::max({knee, report, nearer});
    levels.push_back({name, nearer, capacity, knee, report});
    nearer = capacity;
  };
  if (reported.empty()) {
    int level = 0;
    for (const double knee : LargestSteps(plateaus)) add(CacheLevelName(++level), knee, 0);
  }
  double last_knee = 0;
  for (size_t i = 0; i < reported.size(); ++i) {
    double knee = 0;
    double distance = std::log(kMatch);
    for (const Plateau& plateau : plateaus) {
      if (plateau.knee_bytes <= last_knee) continue;
      const auto off = [&](const ReportedLevel& r) {
        return std::abs(std::log(plateau.knee_bytes / r.capacity_bytes));
      };
      // A knee nearer to another level's size is that level's.
      if (i + 1 < reported.size() && off(reported[i + 1]) < off(reported[i])) continue;
      if (off(reported[i]) < distance) {
        distance = off(reported[i]);
        knee = plateau.knee_bytes;
      }
    }
    last_knee = std::max(last_knee, knee);
    add(reported[i].level, knee, reported[i].capacity_bytes);
  }
  levels.push_back({"DRAM", nearer, 0, 0, 0});
  return levels;
}

std::vector<double> WorkingSets(const Level& level, int count, double most_bytes) {
  constexpr double kSmallest = 4096;
  std::vector<double> sizes;
  if (level.capacity_bytes == 0) {
    if (level.nearer_bytes == 0) return {most_bytes};  // no cache was found: whatever there is lies within this
    sizes = Geometric(kDramFactor * level.nearer_bytes, kDramLast * level.nearer_bytes, count);
  } else {
    const double end = EndOf(level);
    const double last = 0.8 * end;
    // Never so little that it lives in the nearer level.
    const double half = std::max((end - level.nearer_bytes) / 2, std::sqrt(level.nearer_bytes * last));
    const double first = level.nearer_bytes == 0 ? last / 4 : std::min(4 * level.nearer_bytes, half);
    sizes = count == 1 ? std::vector{half} : Geometric(std::min(first, half), half, std::max(2, count - 1));
    if (count > 2) sizes.push_back(last);
  }
  for (double& size : sizes) size = std::min(most_bytes, std::max(kSmallest, size));
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

}  // namespace roofgap
