#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "harness/analysis/comparison.h"
#include "harness/analysis/fastest.h"

namespace roofgap {
namespace {

using Case = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, int, std::string_view>;
Case CaseOf(const Record& r) { return {r.problem, r.variant, r.dtype, r.isa, r.threads, r.cache}; }

// One row for all that were measured; what is not the same in all of them, and no mean of theirs, is left out.
Record JoinRows(const std::vector<const Record*>& rows, std::vector<double>* logs) {
  Record joined = *rows[0];
  GeometricMean median, canary;
  bool all_canaries = true, unstable = false;
  for (const Record* row : rows) {
    if (row->status == kWrong) return *row;
    if (!(row->median_ns.value_or(0) > 0)) continue;
    if (logs->empty()) joined = *row;
    logs->push_back(std::log(*row->median_ns));
    median.Add(row->median_ns);
    canary.Add(row->canary_ns);
    all_canaries = all_canaries && row->canary_ns && row->canary_bytes == rows[0]->canary_bytes;
    unstable = unstable || row->status == kUnstable;
  }
  if (logs->size() < 2) return joined;
  joined.median_ns = median.value();
  joined.canary_ns = all_canaries ? canary.value() : Number();
  if (unstable) joined.status = kUnstable;
  joined.ci_low_ns = joined.ci_high_ns = {};
  joined.turns_ns.clear();
  return joined;
}

}  // namespace

ComparedRun JoinRuns(std::span<const ComparedRun> runs) {
  ComparedRun joined{.name = runs[0].name, .ceilings = runs[0].ceilings};
  std::map<Case, size_t> index;
  std::vector<std::vector<const Record*>> rows;
  for (const ComparedRun& run : runs) {
    if (&run != &runs[0]) joined.name += ", " + run.name;
    for (const Record& row : run.rows) {
      const auto [found, added] = index.insert({CaseOf(row), rows.size()});
      if (added) rows.emplace_back();
      rows[found->second].push_back(&row);
    }
  }
  for (const std::vector<const Record*>& these : rows) {
    joined.rows.push_back(JoinRows(these, &joined.logs.emplace_back()));
  }
  return joined;
}

}  // namespace roofgap
