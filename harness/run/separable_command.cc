#include "harness/run/separable_command.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "harness/analysis/drift.h"
#include "harness/analysis/separable.h"
#include "harness/analysis/separable_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/problem_of.h"
#include "harness/run/run_ceilings.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

// What the letters of both ops have in common.
template <class P>
LayerShape CommonShape(const P& p) {
  return {.mb = p.mb,
          .ic = p.ic,
          .oc = p.oc,
          .ih = p.ih,
          .iw = p.iw,
          .kh = p.kh,
          .kw = p.kw,
          .sh = p.sh,
          .sw = p.sw,
          .ph = p.ph,
          .pw = p.pw,
          .bia = p.bia,
          .act = p.act};
}

// Nothing where a separable convolution cannot have that shape.
std::optional<LayerShape> ShapeOf(const Problem& problem) {
  if (const auto* separable = std::get_if<DwSep>(&problem)) return CommonShape(*separable);
  const auto* standard = std::get_if<Conv2d>(&problem);
  if (standard == nullptr || standard->g != 1 || standard->dh != 1 || standard->dw != 1) return {};
  return CommonShape(*standard);
}

std::map<std::string, LayerShape> ShapesOf(const std::vector<Record>& records, const std::filesystem::path& run_dir) {
  std::map<std::string, LayerShape> shapes;
  for (size_t i = 0; i < records.size(); ++i) {
    if (shapes.contains(records[i].problem)) continue;
    const std::optional<Problem> problem = ProblemOf(records, i, run_dir);
    const std::optional<LayerShape> shape = problem ? ShapeOf(*problem) : std::nullopt;
    if (shape) shapes[records[i].problem] = *shape;
  }
  return shapes;
}

std::string ConditionsOf(const Record& row) {
  return row.dtype + ' ' + row.isa + ' ' + row.cache + ", " + std::to_string(row.threads) +
         (row.threads == 1 ? " thread" : " threads");
}

// What stands in no pair, by the conditions of measuring: separable problems without a standard one, and wrong rows of
// either op, which decide the exit code.
std::string RenderAlone(const std::vector<Record>& records, const std::vector<SeparablePair>& pairs,
                        const std::map<std::string, LayerShape>& shapes) {
  using Key = std::tuple<LayerShape, std::string, std::string, int, std::string>;
  std::set<Key> paired;
  for (const SeparablePair& pair : pairs) paired.insert({pair.shape, pair.dtype, pair.isa, pair.threads, pair.cache});
  std::map<std::string, std::vector<std::string>> alone;
  std::string wrong;
  for (const Record& row : records) {
    if (row.op != "dwsep" && row.op != "conv2d") continue;
    const auto shape = shapes.find(row.problem);
    if (shape != shapes.end() && paired.contains({shape->second, row.dtype, row.isa, row.threads, row.cache})) continue;
    if (row.status == kWrong) {
      wrong += Wrap(
          "Wrong, and in no pair: " + row.problem + ' ' + row.variant + ", " + ConditionsOf(row) + ": " + row.reason,
          kTableWidth, "");
    }
    if (row.op != "dwsep") continue;
    std::vector<std::string>& problems = alone[ConditionsOf(row)];
    if (std::find(problems.begin(), problems.end(), row.problem) == problems.end()) problems.push_back(row.problem);
  }
  std::string text;
  for (const auto& [conditions, problems] : alone) {
    std::string list;
    for (const std::string& problem : problems) list += (list.empty() ? "" : ", ") + problem;
    text += Wrap("No conv2d to compare with, " + conditions + ": " + list + ".", kTableWidth, "");
  }
  return text + wrong;
}

}  // namespace

int SeparableCommand(const SeparableOptions& options) {
  const std::filesystem::path file = options.run_dir / files::kMeasurements;
  const std::vector<Record> records = ReadMeasurements(file);
  const std::optional<RunCeilings> ceilings = ReadRunCeilings(options.run_dir, records);
  const std::map<std::string, LayerShape> shapes = ShapesOf(records, options.run_dir);
  const std::vector<SeparablePair> pairs =
      PairSeparable(records, ceilings ? BothVisits(ceilings->begin, ceilings->end) : Ceilings{}, shapes);
  const std::string csv = CsvText<SeparablePair>(pairs);
  const std::filesystem::path stored = options.run_dir / files::kSeparable;
  if (pairs.empty()) {
    std::filesystem::remove(stored);
  } else {
    ReplaceFile(stored, csv);
  }
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  if (options.csv == "-") {
    std::fputs(csv.c_str(), stdout);
  } else {
    std::string text = RenderSeparableTable(pairs) + (pairs.empty() ? "" : "\n") + RenderSeparableFindings(pairs);
    if (pairs.empty()) text = "Nothing to compare; configs/suites/separable.json has both for many shapes.\n";
    text += RenderAlone(records, pairs, shapes);
    text +=
        ceilings ? RenderMissingRoofs(pairs) : Wrap("No roofs: " + NoCeilings(options.run_dir) + ".", kTableWidth, "");
    std::fputs(text.c_str(), stdout);
  }
  return std::any_of(records.begin(), records.end(),
                     [](const Record& record) {
                       return record.status == kWrong && (record.op == "conv2d" || record.op == "dwsep");
                     })
             ? 1
             : 0;
}

}  // namespace roofgap
