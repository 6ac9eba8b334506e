#include "harness/run/run_gaps.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "harness/analysis/drift.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/problem_of.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

void CheckPrice(const Price& price) {
  if (price.usd_per_hour && !(*price.usd_per_hour >= 0 && std::isfinite(*price.usd_per_hour))) {
    throw Error("--usd-per-hour: got " + csv::Format(price.usd_per_hour) + "; allowed is 0 or more");
  }
  if (!(price.utilisation > 0 && price.utilisation <= 1)) {
    throw Error("--utilisation: got " + csv::Format(price.utilisation) + "; allowed is more than 0, up to 1");
  }
}

// The first runs did not write it.
void FillBatch(std::vector<Record>& records, const std::filesystem::path& run_dir) {
  for (size_t i = 0; i < records.size(); ++i) {
    if (records[i].batch) continue;
    if (const std::optional<Problem> problem = ProblemOf(records, i, run_dir)) {
      records[i].batch = static_cast<double>(Batch(*problem));
    }
  }
}

}  // namespace

RunGaps ReadRunGaps(const std::filesystem::path& run_dir, const Price& price) {
  CheckPrice(price);
  RunGaps run{.records = ReadMeasurements(run_dir / files::kMeasurements), .ceilings = {}, .gaps = {}};
  run.ceilings = ReadRunCeilings(run_dir, run.records);
  FillBatch(run.records, run_dir);
  run.gaps = JoinRoofs(run.records, run.ceilings ? BothVisits(run.ceilings->begin, run.ceilings->end) : Ceilings{});
  SetPrices(run.gaps, price);
  return run;
}

}  // namespace roofgap
