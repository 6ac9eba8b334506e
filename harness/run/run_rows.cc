#include "harness/run/run_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace fs = std::filesystem;

std::string RunRows::KeyOf(const Record& row) {
  return row.problem + "|" + row.variant + "|" + row.dtype + "|" + row.isa + "|" + std::to_string(row.threads) + "|" +
         row.cache;
}

std::string RunRows::KeyOf(const Case& one) {
  return KeyOf(Record{.problem = Describe(one.problem),
                      .variant = std::string(one.variant->name),
                      .dtype = std::string(Name(one.dtype)),
                      .isa = one.isa,
                      .threads = one.threads,
                      .cache = one.cold ? "cold" : "warm"});
}

RunRows::Places RunRows::PlacesOf(std::span<const Case> cases) {
  Places places;
  for (const Case& one : cases) places.emplace(KeyOf(one), places.size());
  return places;
}

RunRows::RunRows(const fs::path& path, std::span<const Case> cases)
    : path_(path), places_(PlacesOf(cases)), text_(CsvHeader<Record>()), file_(path) {}

RunRows::RunRows(const fs::path& path, Places places, std::map<size_t, Row> rows, std::string text)
    : path_(path),
      places_(std::move(places)),
      rows_(std::move(rows)),
      text_(std::move(text)),
      file_(CsvWriter<Record>::Continue(path, count())) {}

RunRows RunRows::Resume(const fs::path& path, std::span<const Case> cases) {
  const std::string left = fs::exists(path) ? ReadFile(path) : "";
  std::string text(csv::WholeRows(left));
  if (text.empty()) text = CsvHeader<Record>();
  Places places = PlacesOf(cases);
  std::map<size_t, Row> rows;
  if (!text.starts_with(CsvHeader<Record>())) {
    throw Error(path.string() + ":1: the columns are not those that this program writes; rows cannot be added");
  }
  for (const Record& record : ParseMeasurements(text, path)) {
    const auto place = places.find(KeyOf(record));
    if (place == places.end()) {
      throw Error(path.string() + ": the row of " + Shown(KeyOf(record), 200) + " is none of those that " +
                  std::string(files::kSuite) + " asks for");
    }
    rows[place->second] = {record.status, CsvLine(record)};
  }
  if (text != left) ReplaceFile(path, text);
  return RunRows(path, std::move(places), std::move(rows), std::move(text));
}

int64_t RunRows::count(std::string_view status) const {
  return std::count_if(rows_.begin(), rows_.end(), [&](const auto& row) { return row.second.status == status; });
}

void RunRows::Draft(const Record& record) {
  file_.Write(record);
  const Row& row = rows_[places_.at(KeyOf(record))] = {record.status, CsvLine(record)};
  text_ += row.line;
}

void RunRows::Settle(std::span<const Record> records) {
  for (const Record& record : records) rows_[places_.at(KeyOf(record))] = {record.status, CsvLine(record)};
  std::string text = CsvHeader<Record>();
  for (const auto& [place, row] : rows_) text += row.line;
  if (text == text_) return;
  ReplaceFile(path_, text);
  text_ = std::move(text);
  file_ = CsvWriter<Record>::Continue(path_, count());
}

}  // namespace roofgap
