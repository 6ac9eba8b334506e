#include "harness/run/ratio_command.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "harness/analysis/drift.h"
#include "harness/analysis/ratio_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/pattern.h"
#include "harness/run/run_ceilings.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

void CheckVariants(const std::string& option, const std::vector<std::string>& names,
                   const std::set<std::string>& of_run) {
  for (const std::string& name : names) {
    if (of_run.contains(name)) continue;
    std::string allowed;
    for (const std::string& variant : of_run) allowed += (allowed.empty() ? "" : ", ") + variant;
    throw Error(option + ": the run has no variant '" + Shown(name) + "'; allowed are " + allowed);
  }
}

ShapeClass ParseClass(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string pattern = equals == std::string::npos ? text : text.substr(equals + 1);
  const std::string label = equals == std::string::npos || equals == 0 ? pattern : text.substr(0, equals);
  if (pattern.empty()) throw Error("--match: got '" + text + "'; allowed is REGEX or LABEL=REGEX");
  return {.label = label, .pattern = ParsePattern("--match", pattern)};
}

}  // namespace

int RatioCommand(const RatioOptions& options) {
  std::vector<ShapeClass> classes;
  for (const std::string& text : options.classes) classes.push_back(ParseClass(text));
  const std::filesystem::path file = options.run_dir / files::kMeasurements;
  const std::vector<Record> records = ReadMeasurements(file);
  if (records.empty()) throw Error(file.string() + ": the run has no rows");
  std::set<std::string> variants;
  for (const Record& record : records) variants.insert(record.variant);
  CheckVariants("--of", options.sides.of, variants);
  CheckVariants("--over", options.sides.over, variants);

  const std::optional<RunCeilings> ceilings = ReadRunCeilings(options.run_dir, records);
  const std::vector<Ratio> ratios =
      PairSides(records, ceilings ? BothVisits(ceilings->begin, ceilings->end) : Ceilings{}, options.sides);
  // Pairs come first.
  if (!ratios[0].ratio) {
    throw Error(file.string() + ": no problem has a time on both sides; the first, " + ratios[0].problem +
                ", has not because of: " + ratios[0].reason);
  }
  const std::string csv = options.csv.empty() ? "" : CsvText<Ratio>(ratios);
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  if (options.csv == "-") {
    std::fputs(csv.c_str(), stdout);
  } else {
    const std::string note =
        ceilings ? "" : Wrap("No percent of the roof: " + NoCeilings(options.run_dir) + ".", kTableWidth, "");
    std::fputs(
        (RenderRatioTable(ratios, options.sides) + "\n" + RenderRatioSummary(ratios, options.limit, classes) + note)
            .c_str(),
        stdout);
  }
  const bool wrong = std::any_of(records.begin(), records.end(), [&](const Record& record) {
    const auto stands_on = [&](const std::vector<std::string>& side) {
      return std::find(side.begin(), side.end(), record.variant) != side.end();
    };
    return record.status == kWrong && (stands_on(options.sides.of) || stands_on(options.sides.over));
  });
  return wrong ? 1 : 0;
}

}  // namespace roofgap
