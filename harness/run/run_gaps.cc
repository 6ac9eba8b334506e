#include "harness/run/run_gaps.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "harness/analysis/drift.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"
#include "kernels/api/problem.h"

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

// The first runs did not write it. A run of a later version may have ops that are not known here.
void FillBatch(std::vector<Record>& records) {
  const std::vector<std::string_view> ops = OpNames();
  for (Record& record : records) {
    if (record.batch || std::find(ops.begin(), ops.end(), record.op) == ops.end()) continue;
    record.batch = static_cast<double>(Batch(ParseProblem(record.problem)));
  }
}

}  // namespace

RunGaps ReadRunGaps(const std::filesystem::path& run_dir, const Price& price) {
  CheckPrice(price);
  RunGaps run{
      .records = ReadMeasurements(run_dir / files::kMeasurements), .ceilings = ReadRunCeilings(run_dir), .gaps = {}};
  FillBatch(run.records);
  run.gaps = JoinRoofs(run.records, run.ceilings ? BothVisits(run.ceilings->begin, run.ceilings->end) : Ceilings{});
  SetPrices(run.gaps, price);
  return run;
}

}  // namespace roofgap
