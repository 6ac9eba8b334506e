#include "harness/analysis/attention.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "harness/analysis/fastest.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

AttentionPoint MakePoint(const Record& row, const AttentionShape& shape) {
  AttentionPoint point;
  point.family = {.run_id = row.run_id,
                  .machine_id = row.machine_id,
                  .sweep = std::string(shape.s == shape.t ? kSelf
                                       : shape.s == 1     ? kDecode
                                                          : ""),
                  .b = shape.b,
                  .h = shape.h,
                  .kvh = shape.kvh,
                  .d = shape.d,
                  .causal = shape.causal,
                  .dtype = row.dtype,
                  .isa = row.isa,
                  .threads = row.threads,
                  .core_kind = row.core_kind,
                  .cache = row.cache};
  point.method = {.op = row.op, .variant = row.variant, .k = shape.k, .m = shape.m};
  point.problem = row.problem;
  point.label = row.label;
  point.s = shape.s;
  point.t = shape.t;
  if (!point.family.sweep.empty()) point.n = static_cast<double>(shape.t);
  point.status = row.status;
  point.reason = row.reason;
  point.median_ns = row.median_ns;
  point.ci_low_ns = row.ci_low_ns;
  point.ci_high_ns = row.ci_high_ns;
  point.workspace_bytes = row.workspace_bytes;
  if (row.bytes_read && row.bytes_written) point.bytes = *row.bytes_read + *row.bytes_written;
  point.flops = row.flops;
  point.distance_from_exact = row.distance_from_exact;
  if (Approximates(point.method) || shape.s != shape.t) return point;
  const auto b = static_cast<double>(shape.b);
  const auto n = static_cast<double>(shape.s);
  const double width = static_cast<double>(shape.h) * static_cast<double>(shape.d);
  const double kv_width = static_cast<double>(shape.kvh) * static_cast<double>(shape.d);
  point.chapter_flops = b * (2 * n * n * width + 2 * n * width * width);
  point.projection_flops = 4 * b * n * width * (width + kv_width);
  return point;
}

auto ShapeKey(const AttentionPoint& point) {
  return std::tuple_cat(std::tie(point.family), std::tie(point.s, point.t));
}

void CompareWithExact(std::vector<AttentionPoint>& points) {
  std::map<std::tuple<AttentionFamily, int64_t, int64_t>, const AttentionPoint*> fastest;
  for (const AttentionPoint& point : points) {
    if (Approximates(point.method) || point.method.variant == "reference" || !(point.median_ns.value_or(0) > 0)) {
      continue;
    }
    const auto [found, is_new] = fastest.try_emplace(ShapeKey(point), &point);
    if (!is_new && *point.median_ns < *found->second->median_ns) found->second = &point;
  }
  for (AttentionPoint& point : points) {
    const auto found = fastest.find(ShapeKey(point));
    if (!Approximates(point.method) || found == fastest.end()) continue;
    const AttentionPoint& exact = *found->second;
    point.exact_variant = exact.method.variant;
    point.exact_median_ns = exact.median_ns;
    point.speedup = Quotient(exact.median_ns, point.median_ns);
    point.speedup_low = Quotient(exact.ci_low_ns, point.ci_high_ns);
    point.speedup_high = Quotient(exact.ci_high_ns, point.ci_low_ns);
  }
}

}  // namespace

std::string FamilyName(const AttentionFamily& family) {
  std::string name = family.b == 1 ? "" : "b" + std::to_string(family.b) + ' ';
  name += "h" + std::to_string(family.h);
  if (family.kvh != family.h) name += " kvh" + std::to_string(family.kvh);
  name += " d" + std::to_string(family.d);
  return family.causal == 1 ? name + " causal" : name;
}

std::string SweepName(const AttentionFamily& family) {
  const bool alike = family.core_kind.empty() || family.core_kind == "uniform" || family.core_kind == "unknown";
  return FamilyName(family) + (family.sweep == kDecode ? ", one query over n keys: " : ", n = s = t: ") + family.dtype +
         ' ' + family.isa + ' ' + family.cache + ", " + std::to_string(family.threads) +
         (alike ? "" : ' ' + family.core_kind) + (family.threads == 1 ? " thread" : " threads");
}

std::string MethodName(const AttentionMethod& method) {
  std::string name = Approximates(method) ? method.op + ' ' + method.variant : method.variant;
  if (method.k) name += " k" + csv::Format(method.k);
  if (method.m) name += " m" + csv::Format(method.m);
  return name;
}

std::vector<AttentionPoint> FindAttention(std::span<const Record> records,
                                          const std::map<std::string, AttentionShape>& shapes) {
  std::vector<AttentionPoint> points;
  for (const Record& row : records) {
    const auto shape = shapes.find(row.problem);
    if (shape != shapes.end()) points.push_back(MakePoint(row, shape->second));
  }
  CompareWithExact(points);
  return points;
}

std::vector<AttentionSeries> FindSeries(std::span<const AttentionPoint> points) {
  std::vector<AttentionSeries> all;
  std::map<AttentionFamily, size_t> order;  // of first mention
  std::map<std::pair<AttentionFamily, AttentionMethod>, size_t> series_of;
  for (const AttentionPoint& point : points) {
    if (!point.n) continue;
    order.try_emplace(point.family, order.size());
    const auto [found, is_new] = series_of.try_emplace({point.family, point.method}, all.size());
    if (is_new) all.push_back({.family = &point.family, .method = &point.method, .points = {}});
    all[found->second].points.push_back(&point);
  }
  const auto by_length = [](const AttentionPoint* a, const AttentionPoint* b) { return *a->n < *b->n; };
  for (AttentionSeries& series : all) std::stable_sort(series.points.begin(), series.points.end(), by_length);
  std::erase_if(all, [](const AttentionSeries& s) { return *s.points.front()->n == *s.points.back()->n; });
  std::stable_sort(all.begin(), all.end(), [&](const AttentionSeries& a, const AttentionSeries& b) {
    return order.at(*a.family) < order.at(*b.family);
  });
  return all;
}

}  // namespace roofgap
