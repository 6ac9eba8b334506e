#ifndef ROOFGAP_HARNESS_RUN_RUN_ROWS_H_
#define ROOFGAP_HARNESS_RUN_RUN_ROWS_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "harness/plan/expand.h"
#include "harness/record/csv.h"

namespace roofgap {

// The measurements.csv of a run that goes on: at most one row for each of its cases, all of them whole at any moment.
class RunRows {
 public:
  // A new file. Throws Error when it exists or cannot be written.
  RunRows(const std::filesystem::path& path, std::span<const Case> cases);
  // What a run left that ended at any moment: a torn last row is dropped; a file that is not there yet, or whose header
  // is torn, has no rows. Throws Error, and changes nothing, when a row is broken or belongs to none of the cases.
  static RunRows Resume(const std::filesystem::path& path, std::span<const Case> cases);

  bool has(const Case& one) const { return rows_.contains(places_.at(KeyOf(one))); }
  int64_t count() const { return static_cast<int64_t>(rows_.size()); }
  int64_t count(std::string_view status) const;

  // Appends a row; it is with the system before this returns.
  void Draft(const Record& record);
  // Puts final records in the place of their drafts, and all rows into the order of the cases: a new file, in one step,
  // unless the old one says the same.
  void Settle(std::span<const Record> records);

 private:
  struct Row {
    std::string status, line;
  };
  using Places = std::map<std::string, size_t>;

  RunRows(const std::filesystem::path& path, Places places, std::map<size_t, Row> rows, std::string text);
  static std::string KeyOf(const Record& row);
  static std::string KeyOf(const Case& one);
  static Places PlacesOf(std::span<const Case> cases);

  std::filesystem::path path_;
  Places places_;               // of the cases, by their keys
  std::map<size_t, Row> rows_;  // by place
  std::string text_;            // of the file
  CsvWriter<Record> file_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RUN_ROWS_H_
