#include "harness/run/merge_command.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include "harness/analysis/drift.h"
#include "harness/analysis/merge.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "harness/run/run_ceilings.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// The run directory itself, or those below it, by name. What is no directory is left to the reader, which says so.
std::vector<fs::path> RunDirs(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir / files::kMeasurements, error) || !fs::is_directory(dir, error)) return {dir};
  std::vector<fs::path> runs;
  error.clear();
  for (fs::recursive_directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == files::kMeasurements) runs.push_back(entry->path().parent_path());
  }
  if (error) throw Error("cannot read all of " + dir.string() + ": " + error.message());
  if (runs.empty()) {
    throw Error(dir.string() + ": it holds no " + std::string(files::kMeasurements) +
                ", nor does a folder below it; allowed are run directories, and folders with some below");
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::vector<Merged> ReadRun(const fs::path& dir) {
  const std::vector<Record> records = ReadMeasurements(dir / files::kMeasurements);
  const Machine machine = ReadMachine(dir / files::kMachine);
  if (!records.empty() && records[0].machine_id != machine.machine_id) {
    throw Error((dir / files::kMachine).string() + ": machine_id is '" + machine.machine_id + "', that of " +
                std::string(files::kMeasurements) + " '" + records[0].machine_id +
                "'; allowed is one machine in a run");
  }
  const RunInfo info = fs::exists(dir / files::kRun) ? ReadRunInfo(dir / files::kRun) : RunInfo();
  const std::optional<RunCeilings> ceilings = ReadRunCeilings(dir, records);
  return MergeRows(records, machine, info, ceilings ? BothVisits(ceilings->begin, ceilings->end) : Ceilings{});
}

}  // namespace

int MergeCommand(const MergeOptions& options) {
  std::vector<Merged> rows;
  std::map<std::pair<std::string, std::string>, fs::path> seen;  // machine and run
  size_t runs = 0;
  for (const fs::path& given : options.dirs) {
    for (const fs::path& dir : RunDirs(given)) {
      std::vector<Merged> more = ReadRun(dir);
      ++runs;
      if (more.empty()) continue;
      const Record& first = more[0].record;
      const auto [found, is_new] = seen.try_emplace({first.machine_id, first.run_id}, dir);
      if (!is_new) {
        throw Error(dir.string() + ": run " + first.run_id + " of machine " + first.machine_id +
                    " was given before, as " + found->second.string() + "; allowed is once");
      }
      std::move(more.begin(), more.end(), std::back_inserter(rows));
    }
  }
  const std::string csv = CsvText<Merged>(rows);
  if (options.csv == "-") {
    std::fputs(csv.c_str(), stdout);
  } else {
    ReplaceFile(options.csv, csv);
    std::fputs((RenderMachines(rows) + std::to_string(rows.size()) + " rows of " + std::to_string(runs) +
                (runs == 1 ? " run" : " runs") + " in " + options.csv + "\n")
                   .c_str(),
               stdout);
  }
  return std::any_of(rows.begin(), rows.end(), [](const Merged& row) { return row.record.status == kWrong; }) ? 1 : 0;
}

}  // namespace roofgap
