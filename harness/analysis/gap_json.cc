#include "harness/analysis/gap_json.h"

#include <vector>

#include "harness/analysis/findings.h"
#include "harness/analysis/predictors.h"
#include "harness/record/json_text.h"

namespace roofgap {

std::vector<MisorderRow> MisorderRows(std::span<const Gap> gaps) {
  constexpr size_t kMost = 100;
  std::vector<Gap> stable = FastestRows(gaps);
  std::erase_if(stable, [](const Gap& gap) { return gap.status != kMeasured || InSlowPhase(gap); });
  std::vector<MisorderRow> rows;
  for (const auto& [fewer, more] : WorstMisorders(stable, kMost)) {
    rows.push_back({.machine_id = fewer->machine_id,
                    .dtype = fewer->dtype,
                    .isa = fewer->isa,
                    .threads = fewer->threads,
                    .cache = fewer->cache,
                    .fewer_problem = fewer->problem,
                    .fewer_variant = fewer->variant,
                    .fewer_flops = fewer->flops,
                    .fewer_median_ns = fewer->median_ns,
                    .more_problem = more->problem,
                    .more_variant = more->variant,
                    .more_flops = more->flops,
                    .more_median_ns = more->median_ns});
  }
  return rows;
}

std::string GapJson(std::span<const Gap> gaps) {
  const std::vector<PredictorRow> predictors = JudgeSettings(gaps);
  const std::vector<MisorderRow> misordered = MisorderRows(gaps);
  return "{\"schema_version\": " + std::to_string(kSchemaVersion) + ",\n\"rows\": " + JsonArray<Gap>(gaps) +
         ",\n\"predictors\": " + JsonArray<PredictorRow>(predictors) +
         ",\n\"misordered\": " + JsonArray<MisorderRow>(misordered) +
         ",\n\"findings\": " + FindingsJson(FindFindings(gaps)) + "}\n";
}

}  // namespace roofgap
