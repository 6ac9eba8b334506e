#include "harness/run/pareto_command.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <regex>

#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/pattern.h"
#include "harness/run/run_gaps.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

// Leaves the rows of the problems in which the pattern is found.
void KeepMatching(RunGaps& run, const std::string& match) {
  if (match.empty()) return;
  const std::regex pattern = ParsePattern("--match", match);
  const auto other = [&](const auto& row) { return !std::regex_search(row.problem, pattern); };
  std::erase_if(run.records, other);
  std::erase_if(run.gaps, other);
  if (run.records.empty()) throw Error("--match: no problem of the run has '" + Shown(match) + "' in it");
}

// A dimension that no row has a value of would leave every frontier empty.
void CheckValues(const std::vector<ParetoRow>& rows, const std::vector<Dimension>& dimensions, const RunGaps& run,
                 const ParetoOptions& options) {
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (std::any_of(rows.begin(), rows.end(), [&](const ParetoRow& row) { return row.values[i].has_value(); }))
      continue;
    const Dimension& dimension = dimensions[i];
    std::string why;
    if (dimension.column == "usd_per_1k") why = "; give --usd-per-hour";
    for (const Record& record : run.records) {
      if (dimension.column != "energy_j" || record.energy_status.empty()) continue;
      why = " (" + record.energy_status + ")";
      break;
    }
    if (why.empty() && dimension.of_gap && !run.ceilings) why = "; " + NoCeilings(options.run_dir);
    throw Error("--dims: no row of " + options.run_dir.string() + " has a value of " + dimension.name + why);
  }
}

std::string PriceNote(const Price& price) {
  if (!price.usd_per_hour) return "";
  return Wrap("$ per 1000 inferences at " + Usd(price.usd_per_hour) + " per hour and utilisation " +
                  Short(price.utilisation) + ", a machine to each call; the batch is in the problem.",
              kTableWidth, "");
}

}  // namespace

int ParetoCommand(const ParetoOptions& options) {
  if (!(options.choice.tolerance >= 0 && options.choice.tolerance < 1)) {
    throw Error("--tolerance: got " + csv::Format(100 * options.choice.tolerance) +
                "; allowed is a percentage from 0 to under 100");
  }
  const std::vector<Dimension> dimensions = FindDimensions(options.dims);
  RunGaps run = ReadRunGaps(options.run_dir, options.price);
  if (run.records.empty()) throw Error((options.run_dir / files::kMeasurements).string() + ": the run has no rows");
  KeepMatching(run, options.match);
  const std::vector<ParetoRow> rows = FindFrontiers(run.records, run.gaps, dimensions, options.choice);
  CheckValues(rows, dimensions, run, options);
  const std::string csv = CsvText<ParetoRow>(rows);
  ReplaceFile(options.run_dir / files::kPareto, csv);
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  const std::string text =
      options.csv == "-" ? csv : RenderPareto(rows, dimensions, options.choice) + PriceNote(options.price);
  std::fputs(text.c_str(), stdout);
  return std::any_of(rows.begin(), rows.end(), [](const ParetoRow& row) { return row.status == kWrong; }) ? 1 : 0;
}

}  // namespace roofgap
