#include "harness/analysis/comparison_json.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "harness/analysis/comparison_table.h"
#include "harness/record/json_text.h"

namespace roofgap {

std::vector<ComparedRoof> ComparedRoofs(std::span<const ComparedRun> runs) {
  std::vector<ComparedRoof> roofs;
  for (const ComparedRun& run : runs.subspan(1)) {
    if (!runs[0].ceilings || !run.ceilings || runs[0].ceilings == run.ceilings) continue;
    for (const Drift& roof : CompareRoofs(*runs[0].ceilings, *run.ceilings)) {
      roofs.push_back({.run_b = run.name,
                       .roof = roof.roof,
                       .unit = roof.unit,
                       .median_a = roof.before,
                       .median_b = roof.after,
                       .ratio = SpeedUp(roof)});
    }
  }
  return roofs;
}

std::string ComparisonJson(std::span<const Compared> rows, std::span<const ComparedRoof> roofs,
                           const std::optional<double>& fail_over) {
  std::vector<Compared> regressions;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(regressions),
               [&](const Compared& row) { return fail_over && Regressed(row, *fail_over); });
  return "{\"schema_version\": " + std::to_string(kSchemaVersion) + ",\n\"rows\": " + JsonArray<Compared>(rows) +
         ",\n\"summary\": " + JsonArray<ComparisonSummary>(SummariseComparison(rows)) +
         ",\n\"roofs\": " + JsonArray<ComparedRoof>(roofs) + ",\n\"regressions\": " + JsonArray<Compared>(regressions) +
         "}\n";
}

}  // namespace roofgap
