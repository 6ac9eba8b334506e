#include "harness/analysis/ratio.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "harness/analysis/fastest.h"
#include "harness/analysis/gap.h"

namespace roofgap {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Case {
  const Record* first;
  Fastest of, over;
};

void ExplainUnstable(const Fastest& side, Ratio& ratio) {
  if (side.record->status != kUnstable) return;
  ratio.status = kUnstable;
  AppendClause(ratio.reason, Explain(*side.record));
}

void ExplainMissing(const Fastest& side, const std::vector<std::string>& names, Ratio& ratio) {
  if (side.record != nullptr) return;
  if (ratio.status != kWrong) ratio.status = side.wrong ? kWrong : kSkipped;
  std::string none = "no row of ";
  for (const std::string& name : names) none += (&name == &names[0] ? "" : ", ") + name;
  AppendClause(ratio.reason, side.untimed.empty() ? none : side.untimed);
}

Ratio MakeRatio(const Case& both, const Sides& sides) {
  const Record& first = *both.first;
  Ratio ratio;
  ratio.run_id = first.run_id;
  ratio.machine_id = first.machine_id;
  ratio.op = first.op;
  ratio.problem = first.problem;
  ratio.label = first.label;
  ratio.dtype = first.dtype;
  ratio.isa = first.isa;
  ratio.threads = first.threads;
  ratio.core_kind = first.core_kind;
  ratio.cache = first.cache;
  ratio.status = kMeasured;
  if (const Record* of = both.of.record) {
    AppendClause(ratio.left_out, both.of.untimed);
    ratio.variant = of->variant;
    ratio.impl = of->impl;
    ratio.median_ns = of->median_ns;
    ratio.gflops = of->gflops;
    ratio.attainable_fraction = both.of.gap->attainable_fraction;
    ratio.roof_fraction = both.of.gap->roof_fraction;
    ratio.workspace_bytes = of->workspace_bytes;
    ratio.warnings = both.of.gap->warnings;
  }
  if (const Record* over = both.over.record) {
    AppendClause(ratio.left_out, both.over.untimed);
    ratio.over_variant = over->variant;
    ratio.over_impl = over->impl;
    ratio.over_median_ns = over->median_ns;
    ratio.over_workspace_bytes = over->workspace_bytes;
    ratio.over_warnings = both.over.gap->warnings;
  }
  if (both.of.record == nullptr || both.over.record == nullptr) {
    ExplainMissing(both.of, sides.of, ratio);
    ExplainMissing(both.over, sides.over, ratio);
    return ratio;
  }
  ExplainUnstable(both.of, ratio);
  ExplainUnstable(both.over, ratio);
  const Record& of = *both.of.record;
  const Record& over = *both.over.record;
  ratio.ratio = Quotient(over.median_ns, of.median_ns);
  ratio.ratio_low = Quotient(over.ci_low_ns, of.ci_high_ns);
  ratio.ratio_high = Quotient(over.ci_high_ns, of.ci_low_ns);
  ratio.ratio_bound = Quotient(over.median_ns, both.of.gap->t_attainable_ns);
  return ratio;
}

}  // namespace

std::vector<Ratio> PairSides(std::span<const Record> records, const Ceilings& ceilings, const Sides& sides) {
  const std::vector<Gap> gaps = JoinRoofs(records, ceilings);
  std::vector<Case> cases;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, int, std::string_view>, size_t> case_of;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& r = records[i];
    const bool of = Contains(sides.of, r.variant);
    const bool over = Contains(sides.over, r.variant);
    if (!of && !over) continue;
    const auto [found, is_new] = case_of.try_emplace({r.problem, r.dtype, r.isa, r.threads, r.cache}, cases.size());
    if (is_new) cases.push_back({.first = &r, .of = {}, .over = {}});
    if (of) cases[found->second].of.Add(r, gaps[i]);
    if (over) cases[found->second].over.Add(r, gaps[i]);
  }
  std::vector<Ratio> ratios;
  for (const Case& both : cases) ratios.push_back(MakeRatio(both, sides));
  std::stable_sort(ratios.begin(), ratios.end(),
                   [](const Ratio& a, const Ratio& b) { return a.ratio && (!b.ratio || *a.ratio < *b.ratio); });
  return ratios;
}

std::vector<const Ratio*> InClass(std::span<const Ratio* const> ratios, const ShapeClass& shapes) {
  std::vector<const Ratio*> found;
  for (const Ratio* ratio : ratios) {
    if (std::regex_search(ratio->problem, shapes.pattern)) found.push_back(ratio);
  }
  return found;
}

std::vector<std::vector<const Ratio*>> BySetting(std::span<const Ratio> ratios) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, int>, std::vector<const Ratio*>> groups;
  for (const Ratio& ratio : ratios) groups[{ratio.dtype, ratio.isa, ratio.cache, ratio.threads}].push_back(&ratio);
  std::vector<std::vector<const Ratio*>> list;
  for (auto& [setting, group] : groups) list.push_back(std::move(group));
  return list;
}

RatioSummary Summarise(std::span<const Ratio* const> ratios, double limit) {
  RatioSummary summary;
  GeometricMean ratio, bound, attainable, roof;
  for (const Ratio* r : ratios) {
    if (!r->ratio) continue;
    ++summary.pairs;
    summary.unstable += r->status == kUnstable ? 1 : 0;
    summary.under += *r->ratio < limit ? 1 : 0;
    summary.surely_under += r->ratio_high && *r->ratio_high < limit ? 1 : 0;
    ++summary.variants[r->variant];
    ++summary.over_variants[r->over_variant];
    ratio.Add(r->ratio);
    bound.Add(r->ratio_bound);
    attainable.Add(r->attainable_fraction);
    roof.Add(r->roof_fraction);
    if (summary.least == nullptr || *r->ratio < *summary.least->ratio) summary.least = r;
    if (summary.largest == nullptr || *r->ratio > *summary.largest->ratio) summary.largest = r;
  }
  summary.mean_ratio = ratio.value();
  summary.mean_ratio_bound = bound.value();
  summary.mean_attainable_fraction = attainable.value();
  summary.mean_roof_fraction = roof.value();
  return summary;
}

}  // namespace roofgap
