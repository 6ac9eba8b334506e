#include <cmath>
#include <map>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// What is wrong with the directory is more to the point than that the file in it is missing.
void CheckRunDir(const fs::path& dir) {
  std::error_code unknown;
  if (!fs::exists(dir, unknown)) throw Error(dir.string() + ": there is no such directory; allowed is a run directory");
  if (!fs::is_directory(dir, unknown)) throw Error(dir.string() + ": it is a file; allowed is a run directory");
}

[[noreturn]] void Fail(const csv::Table& table, size_t row, const std::string& what) {
  throw Error(table.file + ":" + std::to_string(table.lines[row].number) + ": " + what);
}

fs::path DirOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

csv::Table Parse(std::string_view text, const fs::path& path) {
  try {
    return csv::Parse(text, path.string());
  } catch (const csv::TornRow& torn) {
    throw Error(std::string(torn.what()) + ", or `roofgap run --resume " + DirOf(path).string() +
                "` drops it and goes on");
  }
}

void CheckNoneTwice(const csv::Table& table, std::span<const Record> records) {
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& r = records[i];
    const std::string key = r.problem + ' ' + r.variant + ' ' + r.dtype + ' ' + r.isa + ", threads " +
                            std::to_string(r.threads) + ", " + r.cache;
    const auto [found, is_new] = seen.emplace(key, i);
    if (is_new) continue;
    Fail(table, i,
         "a second row of " + Shown(key, 200) + ", after line " + std::to_string(table.lines[found->second].number) +
             "; allowed is one row for each case");
  }
}

}  // namespace

std::optional<BadTime> FindBadTime(const Record& record) {
  const auto is_time = [](double ns) { return ns > 0 && std::isfinite(ns); };
  const std::pair<std::string_view, const Number&> times[] = {{"min_ns", record.min_ns},
                                                              {"median_ns", record.median_ns},
                                                              {"ci_low_ns", record.ci_low_ns},
                                                              {"ci_high_ns", record.ci_high_ns}};
  for (const auto& [column, ns] : times) {
    if (ns && !is_time(*ns)) return BadTime{column, *ns};
  }
  for (double ns : record.turns_ns) {
    if (!is_time(ns)) return BadTime{"turns_ns", ns};
  }
  return std::nullopt;
}

std::vector<Record> ParseMeasurements(std::string_view text, const fs::path& path) {
  const csv::Table table = Parse(text, path);
  std::vector<Record> records = ReadRows<Record>(table);
  csv::CheckOneMachine<Record>(table, records);
  CheckNoneTwice(table, records);
  for (size_t i = 0; i < records.size(); ++i) {
    const std::optional<BadTime> bad = FindBadTime(records[i]);
    if (!bad) continue;
    Fail(table, i,
         "column '" + std::string(bad->column) + "' is '" + csv::Format(bad->ns) + "'; allowed is a time above 0");
  }
  return records;
}

std::vector<Record> ReadMeasurements(const fs::path& path) {
  const fs::path dir = DirOf(path);
  CheckRunDir(dir);
  std::error_code unknown;
  if (!fs::exists(path, unknown)) {
    throw Error(dir.string() + ": it holds no " + path.filename().string() + "; allowed is a run directory");
  }
  return ParseMeasurements(ReadFile(path), path);
}

}  // namespace roofgap
