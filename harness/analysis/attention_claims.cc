#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/analysis/attention_table.h"
#include "harness/analysis/fastest.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

std::string Where(const AttentionPoint& point) {
  return point.problem + ", " + std::to_string(point.family.threads) +
         (point.family.threads == 1 ? " thread" : " threads") + (point.status == kUnstable ? ", unstable" : "");
}

std::string FlopsLine(std::string_view shape, std::string_view n, std::string_view chapter, std::string_view counted,
                      std::string_view projections, std::string_view core, std::string_view layer) {
  std::string line = "  " + PadRight(Shorten(shape, 34), 34) + PadLeft(n, 8) + PadLeft(chapter, 11) +
                     PadLeft(counted, 10) + PadLeft(projections, 13) + PadLeft(core, 10) + PadLeft(layer, 10);
  return line + '\n';
}

// Of two rows with times the faster one.
void KeepFaster(const AttentionPoint*& kept, const AttentionPoint& point) {
  if (kept == nullptr || *point.median_ns < *kept->median_ns) kept = &point;
}

// Quotients, their ends and where these are.
struct Ratios {
  int64_t count = 0, above = 0;  // above: with the whole interval over 1
  GeometricMean mean;
  Number least, largest;
  const AttentionPoint* least_at = nullptr;
  const AttentionPoint* largest_at = nullptr;

  // low: the lower end of the quotient's interval, where it has one.
  void Add(const Number& ratio, const AttentionPoint& at, const Number& low = std::nullopt) {
    if (!ratio) return;
    ++count;
    above += low && *low > 1 ? 1 : 0;
    mean.Add(ratio);
    if (!least || *ratio < *least) {
      least = ratio;
      least_at = &at;
    }
    if (!largest || *ratio > *largest) {
      largest = ratio;
      largest_at = &at;
    }
  }
  std::string range(int decimals = 2) const {
    const std::string low = Short(least, decimals), high = Short(largest, decimals);
    return low == high ? low : low + ".." + high;
  }
};

using Case = std::tuple<AttentionFamily, int64_t, int64_t>;  // with s and t

std::string FlashClaim(std::span<const AttentionPoint> points) {
  std::map<Case, std::pair<const AttentionPoint*, const AttentionPoint*>> cases;  // flash, standard
  for (const AttentionPoint& point : points) {
    if (Approximates(point.method) || point.method.variant == "reference" || !(point.median_ns.value_or(0) > 0)) {
      continue;
    }
    auto& [flash, standard] = cases[{point.family, point.s, point.t}];
    KeepFaster(ExpectedOf(point.method, kSelf, kTime).name == "flash" ? flash : standard, point);
  }
  Ratios speed;
  int64_t smaller = 0;
  for (const auto& [key, both] : cases) {
    const auto& [flash, standard] = both;
    if (flash == nullptr || standard == nullptr) continue;
    speed.Add(Quotient(standard->median_ns, flash->median_ns), *flash,
              Quotient(standard->ci_low_ns, flash->ci_high_ns));
    smaller +=
        flash->workspace_bytes && standard->workspace_bytes && *flash->workspace_bytes < *standard->workspace_bytes;
  }
  if (speed.count == 0) return "";
  const std::string count = std::to_string(speed.count);
  return Wrap("The fastest flash against the fastest standard attention: faster with its whole interval in " +
                  std::to_string(speed.above) + " of " + count + " cases (geometric mean " + Short(speed.mean.value()) +
                  ", least " + Short(speed.least) + " at " + Where(*speed.least_at) + ", largest " +
                  Short(speed.largest) + " at " + Where(*speed.largest_at) + "); fewer bytes of workspace in " +
                  std::to_string(smaller) + " of " + count + ".",
              kTableWidth, "");
}

std::string MultiQueryLine(std::string_view method, std::string_view lengths, std::string_view time,
                           std::string_view bytes) {
  std::string line = "  " + PadRight(Shorten(method, 32), 34) + PadRight(lengths, 22) + PadRight(time, 16);
  line += bytes;
  return Trimmed(line);
}

std::string MultiQueryClaim(std::span<const AttentionPoint> points) {
  std::map<std::tuple<Case, AttentionMethod>, const AttentionPoint*> multi_head;
  for (const AttentionPoint& point : points) {
    const AttentionFamily& family = point.family;
    if (family.kvh == family.h && family.h > 1) multi_head[{{family, point.s, point.t}, point.method}] = &point;
  }
  struct Numbers {
    Ratios time, bytes, length;
    bool unstable = false;
  };
  std::map<AttentionFamily, std::map<AttentionMethod, Numbers>> families;
  for (const AttentionPoint& point : points) {
    AttentionFamily family = point.family;
    if (family.kvh != 1 || family.h == 1 || family.sweep.empty()) continue;
    family.kvh = family.h;
    const auto found = multi_head.find({{family, point.s, point.t}, point.method});
    if (found == multi_head.end()) continue;
    const AttentionPoint& heads = *found->second;
    const Number time = Quotient(point.median_ns, heads.median_ns);
    if (!time) continue;
    Numbers& numbers = families[point.family][point.method];
    numbers.time.Add(time, point);
    numbers.bytes.Add(Quotient(point.bytes, heads.bytes), point);
    numbers.length.Add(point.n, point);
    numbers.unstable = numbers.unstable || point.status == kUnstable || heads.status == kUnstable;
  }
  if (families.empty()) return "";
  std::string text = Wrap(
      "Multi-query over multi-head attention of the same heads, lengths and setting: ratios of the medians, and of the "
      "bytes that must be read and written (least..largest over n; * with an unstable row)",
      kTableWidth, "");
  text += MultiQueryLine("", "n", "time", "bytes");
  for (const auto& [family, methods] : families) {
    text += Wrap(SweepName(family), kTableWidth, "");
    for (const auto& [method, numbers] : methods) {
      const auto& [time, bytes, length, unstable] = numbers;
      const std::string from = csv::Format(length.least), to = csv::Format(length.largest);
      text += MultiQueryLine(MethodName(method),
                             (from == to ? from : from + ".." + to) + " (" + std::to_string(length.count) + ")",
                             time.range() + (unstable ? "*" : ""), bytes.range(3));
    }
  }
  return text;
}

// Lengths next to each other: what odd ones cost.
std::string JumpClaim(std::span<const AttentionPoint> points) {
  constexpr double kShortest = 64;  // below it a call is little but its overhead
  std::map<AttentionMethod, Ratios> jumps;
  for (const AttentionSeries& series : FindSeries(points)) {
    for (size_t i = 1; i < series.points.size(); ++i) {
      const AttentionPoint& one = *series.points[i - 1];
      const AttentionPoint& two = *series.points[i];
      if (*one.n < kShortest || *two.n != *one.n + 1) continue;
      const Number ratio = Quotient(Quotient(two.median_ns, two.flops), Quotient(one.median_ns, one.flops));
      if (ratio) jumps[*series.method].Add(std::max(*ratio, 1 / *ratio), two);
    }
  }
  std::string text;
  for (const auto& [method, ratios] : jumps) {
    text += (text.empty() ? " " : "; ") + MethodName(method) + " " + Short(ratios.largest) + " (of " +
            std::to_string(ratios.count) + ", at " + Where(*ratios.largest_at) + ")";
  }
  if (text.empty()) return "";
  return Wrap("From n to n + 1 the time per FLOP changes at most by a factor of:" + text + ".", kTableWidth, "");
}

std::string ApproximationClaims(std::span<const AttentionPoint> points) {
  struct Numbers {
    Ratios speed, distance;
  };
  std::map<AttentionMethod, Numbers> methods;
  for (const AttentionPoint& point : points) {
    if (!Approximates(point.method)) continue;
    methods[point.method].speed.Add(point.speedup, point, point.speedup_low);
    methods[point.method].distance.Add(point.distance_from_exact, point);
  }
  const auto line = [](std::string_view method, std::string_view faster, std::string_view speed,
                       std::string_view distance) {
    std::string text = "  " + PadRight(Shorten(method, 34), 36) + PadRight(faster, 14) + PadRight(speed, 18);
    text += distance;
    return Trimmed(text);
  };
  std::string text;
  for (const auto& [method, numbers] : methods) {
    const auto& [speed, distance] = numbers;
    if (speed.count == 0) continue;
    text += line(MethodName(method), std::to_string(speed.above) + " of " + std::to_string(speed.count), speed.range(),
                 distance.range());
  }
  if (text.empty()) return "";
  return Wrap(
             "Approximations against the fastest exact attention of the same shape: in how many cases they are faster "
             "with the whole interval, "
             "how many times as fast, and how far their result is from it (least..largest)",
             kTableWidth, "") +
         line("", "faster in", "times as fast", "distance") + text;
}

}  // namespace

std::string RenderChapterFlops(std::span<const AttentionPoint> points) {
  using Shape = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t>;
  std::vector<const AttentionPoint*> longest;
  std::map<Shape, size_t> at;
  for (const AttentionPoint& point : points) {
    if (!point.chapter_flops || !point.flops) continue;
    const AttentionFamily& f = point.family;
    const auto [found, is_new] = at.try_emplace({f.b, f.h, f.kvh, f.d, f.causal}, longest.size());
    if (is_new) longest.push_back(&point);
    if (*point.n > *longest[found->second]->n) longest[found->second] = &point;
  }
  if (longest.empty()) return "";
  std::string text = Wrap(
      "GFLOP of self-attention, at the longest of each shape: the textbook's 2 n^2 D + 2 n D^2 with D = h d; the "
      "scores and weighted sums that are counted, 4 n^2 D (causal: of the pairs that count), and the four "
      "projections, which are not; the textbook's over the counted, and over both",
      kTableWidth, "");
  text += FlopsLine("shape", "n", "textbook", "counted", "projections", "/counted", "/both");
  for (const AttentionPoint* point : longest) {
    const auto giga = [](double flops) { return Short(flops / 1e9); };
    text +=
        FlopsLine(FamilyName(point->family), csv::Format(point->n), giga(*point->chapter_flops), giga(*point->flops),
                  giga(*point->projection_flops), Short(Quotient(point->chapter_flops, point->flops)),
                  Short(Quotient(point->chapter_flops, *point->flops + *point->projection_flops)));
  }
  return text;
}

std::string RenderAttentionClaims(std::span<const AttentionPoint> points) {
  return FlashClaim(points) + MultiQueryClaim(points) + JumpClaim(points) + ApproximationClaims(points);
}

}  // namespace roofgap
