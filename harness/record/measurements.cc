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

csv::Table Parse(const fs::path& path, const fs::path& dir) {
  try {
    return csv::Parse(ReadFile(path), path.string());
  } catch (const csv::TornRow& torn) {
    throw Error(std::string(torn.what()) + ", or `roofgap run --resume " + dir.string() + "` drops it and goes on");
  }
}

void CheckTimes(const csv::Table& table, size_t row, const Record& record) {
  const auto check = [&](const char* column, const Number& ns) {
    if (!ns || (*ns > 0 && std::isfinite(*ns))) return;
    Fail(table, row, "column '" + std::string(column) + "' is '" + csv::Format(ns) + "'; allowed is a time above 0");
  };
  check("min_ns", record.min_ns);
  check("median_ns", record.median_ns);
  check("ci_low_ns", record.ci_low_ns);
  check("ci_high_ns", record.ci_high_ns);
  for (double ns : record.turns_ns) check("turns_ns", ns);
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
         "a second row of " + key + ", after line " + std::to_string(table.lines[found->second].number) +
             "; allowed is one row for each case");
  }
}

}  // namespace

std::vector<Record> ReadMeasurements(const fs::path& path) {
  const fs::path dir = path.has_parent_path() ? path.parent_path() : fs::path(".");
  CheckRunDir(dir);
  std::error_code unknown;
  if (!fs::exists(path, unknown)) {
    throw Error(dir.string() + ": it holds no " + path.filename().string() + "; allowed is a run directory");
  }
  const csv::Table table = Parse(path, dir);
  std::vector<Record> records = ReadRows<Record>(table);
  csv::CheckOneMachine<Record>(table, records);
  CheckNoneTwice(table, records);
  for (size_t i = 0; i < records.size(); ++i) CheckTimes(table, i, records[i]);
  return records;
}

}  // namespace roofgap
