#include "harness/run/compare_command.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "harness/analysis/comparison_json.h"
#include "harness/analysis/comparison_table.h"
#include "harness/analysis/drift.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/benchmark_json.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "harness/run/run_ceilings.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// One run of one side.
struct Side {
  fs::path path;
  ComparedRun run;
  std::optional<RunInfo> info;                // nothing where the run was copied without run.json
  std::optional<BenchmarkContext> benchmark;  // of Google Benchmark's JSON
  std::optional<Ceilings> ceilings_end;       // measured again after the run, where that was asked for
  std::string machine;                        // as people call it
};

Side ReadSide(const fs::path& path) {
  Side side;
  if (fs::is_regular_file(path)) {
    side.run.name = path.filename().string();
    side.run.rows = ReadBenchmarkJson(path, &side.benchmark.emplace());
    if (side.run.rows.empty()) throw Error(path.string() + ": it holds no benchmarks");
    side.machine = side.run.rows[0].machine_id;
    return side;
  }
  side.run.rows = ReadMeasurements(path / files::kMeasurements);
  if (side.run.rows.empty()) throw Error((path / files::kMeasurements).string() + ": the run has no rows");
  side.run.name = side.run.rows[0].run_id;
  if (const std::optional<RunCeilings> ceilings = ReadRunCeilings(path, side.run.rows)) {
    side.run.ceilings = ceilings->begin;
    if (!ceilings->end.rows.empty()) side.ceilings_end = ceilings->end;
  }
  if (fs::exists(path / files::kRun)) side.info = ReadRunInfo(path / files::kRun);
  side.machine = side.run.rows[0].machine_id;
  if (fs::exists(path / files::kMachine)) side.machine += " (" + ReadMachine(path / files::kMachine).cpu_model + ")";
  return side;
}

// The runs of one side as they were typed.
std::vector<fs::path> SplitRuns(const std::string& word) {
  if (fs::exists(word)) return {word};
  std::vector<fs::path> paths;
  for (size_t begin = 0; begin <= word.size();) {
    const size_t end = std::min(word.find(',', begin), word.size());
    paths.emplace_back(word.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

std::vector<std::vector<Side>> ReadSides(const std::vector<std::string>& words) {
  std::vector<std::vector<Side>> sides;
  std::set<std::string> names;
  for (const std::string& word : words) {
    std::vector<Side>& runs = sides.emplace_back();
    for (const fs::path& path : SplitRuns(word)) {
      Side& side = runs.emplace_back(ReadSide(path));
      side.path = path;
      if (side.run.rows[0].machine_id != runs[0].run.rows[0].machine_id) {
        throw Error(word + ": the runs of one side are of one build on one machine; got " + runs[0].machine + " and " +
                    side.machine);
      }
      if (names.contains(side.run.name)) side.run.name += " (" + path.string() + ")";  // a run and its copy
      while (!names.insert(side.run.name).second) side.run.name += " again";
    }
  }
  return sides;
}

// "a", "b", "c": how the text calls the runs.
std::string Letter(size_t i) { return i < 26 ? std::string(1, static_cast<char>('a' + i)) : std::to_string(i + 1); }

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string RenderRun(const std::string& letter, const Side& side) {
  std::string text = letter + ": " + side.path.string() + ", run " + side.run.name + ", machine " + side.machine;
  if (side.info) {
    text += ", roofgap " + side.info->roofgap_version +
            (side.info->program.empty() ? "" : " (program " + side.info->program + ")") + ", " + side.info->compiler +
            ' ' + side.info->build_type + ", " + Join(side.info->libraries);
    if (side.info->status != "complete") text += ", " + side.info->status;
  }
  if (side.benchmark) {
    const auto add = [&](std::string_view what, const std::string& value) {
      if (!value.empty()) text += ", " + std::string(what) + ' ' + value;
    };
    add("of", side.benchmark->date);
    add("executable", side.benchmark->executable);
    add("Google Benchmark's own build:", side.benchmark->library_build_type);
  }
  return Wrap(text, kTableWidth, "");
}

// The ISAs of a run's rows.
std::string IsasOf(const Side& side) {
  std::set<std::string> isas;
  for (const Record& row : side.run.rows) {
    if (!row.isa.empty()) isas.insert(row.isa);
  }
  return Join({isas.begin(), isas.end()});
}

void NameDifference(std::string_view what, const std::string& a, const std::string& b,
                    std::vector<std::string>* names) {
  if (a != b && !a.empty() && !b.empty()) names->push_back(std::string(what) + ' ' + a + " / " + b);
}

// What may explain a difference, before any kernel does.
std::string RenderDifferences(const Side& a, const Side& b) {
  std::vector<std::string> names;
  if (a.run.rows[0].machine_id != b.run.rows[0].machine_id) names.push_back("machine");
  if (a.info && b.info) {
    const RunInfo &x = *a.info, &y = *b.info;
    if (x.roofgap_version != y.roofgap_version) names.push_back("version");
    if (x.program != y.program && !x.program.empty() && !y.program.empty()) names.push_back("program");
    if (x.compiler != y.compiler) names.push_back("compiler");
    if (x.build_type != y.build_type) names.push_back("build type");
    if (x.libraries != y.libraries) names.push_back("libraries");
    if (x.cores != y.cores && !x.cores.empty() && !y.cores.empty()) names.push_back("cores");
  }
  if (a.benchmark && b.benchmark) {
    NameDifference("executable", a.benchmark->executable, b.benchmark->executable, &names);
    NameDifference("build of Google Benchmark", a.benchmark->library_build_type, b.benchmark->library_build_type,
                   &names);
  }
  NameDifference("isa", IsasOf(a), IsasOf(b), &names);
  const std::string unknown = a.info && b.info ? "" : "; what the programs were is not known";
  if (!names.empty()) return "they differ in: " + Join(names) + unknown;
  return unknown.empty() ? "the same machine and program" : "the same machine" + unknown;
}

std::string RenderRoofsOf(const Side& a, const Side& b) {
  if (!a.run.ceilings || !b.run.ceilings) {
    const std::string who = !a.run.ceilings && !b.run.ceilings ? "neither run has" : "only one of the runs has";
    return Wrap("Roofs are not compared: " + who + " a ceilings.csv (hwprobe writes it).", kTableWidth, "");
  }
  const bool one_probe = a.run.ceilings == b.run.ceilings;
  if (one_probe && !(a.ceilings_end && b.ceilings_end)) {
    return Wrap(
        "Roofs are not compared: both runs hold those of one probe (`hwprobe --recheck` measures them again "
        "after a run).",
        kTableWidth, "");
  }
  if (one_probe && IsasOf(a) != IsasOf(b)) {
    return "Roofs are not compared: both runs hold those of one probe, measured again with another ISA each.\n";
  }
  const std::vector<Drift> roofs =
      one_probe ? CompareRoofs(*a.ceilings_end, *b.ceilings_end) : CompareRoofs(*a.run.ceilings, *b.run.ceilings);
  if (roofs.empty()) return "Roofs are not compared: none is of the same kind and thread count.\n";
  return Wrap(std::string("Roofs") + (one_probe ? ", of one probe, measured again after each run" : "") +
                  " (medians; above 1, the machine of b is faster):",
              kTableWidth, "") +
         RenderRoofs(roofs);
}

// What differs between the runs of one side, which should be nothing.
std::string RenderWithin(const std::string& letter, const std::vector<Side>& runs) {
  std::string text;
  for (size_t i = 1; i < runs.size(); ++i) {
    const std::string found = RenderDifferences(runs[0], runs[i]);
    if (!found.starts_with("the same"))
      text += letter + "1 and " + letter + std::to_string(i + 1) + ": " + found + ". ";
  }
  return text.empty() ? "" : Wrap("Within one side " + text, kTableWidth, "");
}

// The text about one side against the baseline.
std::string RenderAgainst(size_t i, const Side& a, const Side& b, const std::string& run_b,
                          std::span<const Compared> all, const CompareOptions& options) {
  std::vector<Compared> rows;
  std::copy_if(all.begin(), all.end(), std::back_inserter(rows),
               [&](const Compared& row) { return row.run_b == run_b; });
  const std::string who = i == 1 ? "" : " (b below is " + Letter(i) + ")";
  return Wrap("a against " + Letter(i) + ": " + RenderDifferences(a, b) + who + ".", kTableWidth, "") + "\n" +
         RenderComparison(rows) + "\n" + RenderRoofsOf(a, b) + "\n" +
         RenderComparisonSummary(SummariseComparison(rows), rows, options.same_within) +
         (options.fail_over ? RenderRegressions(rows, *options.fail_over) : "");
}

}  // namespace

int CompareCommand(const CompareOptions& options) {
  if (options.csv == "-" && options.json == "-") {
    throw Error("--csv -, --json -: only one of them can be printed; give the other a file");
  }
  const std::vector<std::vector<Side>> sides = ReadSides(options.runs);
  std::vector<ComparedRun> runs;
  for (const std::vector<Side>& side : sides) {
    std::vector<ComparedRun> parts;
    for (const Side& part : side) parts.push_back(part.run);
    runs.push_back(parts.size() == 1 ? parts[0] : JoinRuns(parts));
  }
  const std::vector<Compared> rows = CompareRuns(runs, options.same_within, options.unchanged);
  const std::string csv = options.csv.empty() ? "" : CsvText<Compared>(rows);
  const std::string json = options.json.empty() ? "" : ComparisonJson(rows, ComparedRoofs(runs), options.fail_over);
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  if (!options.json.empty() && options.json != "-") ReplaceFile(options.json, json);
  if (options.csv == "-") {
    std::fputs(csv.c_str(), stdout);
  } else if (options.json == "-") {
    std::fputs(json.c_str(), stdout);
  } else {
    std::string text;
    for (size_t i = 0; i < sides.size(); ++i) {
      for (size_t k = 0; k < sides[i].size(); ++k) {
        text += RenderRun(Letter(i) + (sides[i].size() > 1 ? std::to_string(k + 1) : ""), sides[i][k]);
      }
      text += RenderWithin(Letter(i), sides[i]);
    }
    for (size_t i = 1; i < sides.size(); ++i) {
      text += "\n" + RenderAgainst(i, sides[0][0], sides[i][0], runs[i].name, rows, options);
    }
    std::fputs(text.c_str(), stdout);
  }
  const bool regressed = options.fail_over && std::any_of(rows.begin(), rows.end(), [&](const Compared& row) {
                           return Regressed(row, *options.fail_over) || Lost(row);
                         });
  const bool wrong = std::any_of(rows.begin(), rows.end(),
                                 [](const Compared& row) { return row.status_a == kWrong || row.status_b == kWrong; });
  return regressed || wrong ? 1 : 0;
}

}  // namespace roofgap
