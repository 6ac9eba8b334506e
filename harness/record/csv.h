#ifndef ROOFGAP_HARNESS_RECORD_CSV_H_
#define ROOFGAP_HARNESS_RECORD_CSV_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/record/fields.h"
#include "kernels/api/error.h"

// CSV as RFC 4180 has it, with LF line ends (CRLF is read too): a header, then a row per line; a field with a quote, a
// comma or a line end is quoted. Numbers are the shortest text that reads back as the same double; an empty field is
// "not available". Columns are found by name, so their order is free, and unknown ones are ignored: later versions add
// columns. Errors name file, line, column, what was got and what is allowed.

namespace roofgap {

namespace csv {

std::string Quote(std::string_view text);

std::string Format(double value);  // NaN: empty
inline std::string Format(const Number& value) { return value ? Format(*value) : std::string(); }
inline std::string Format(int value) { return std::to_string(value); }
inline std::string Format(int64_t value) { return std::to_string(value); }
inline std::string Format(const std::string& value) { return Quote(value); }
std::string Format(const std::vector<double>& values);  // separated by spaces

struct Line {
  int number = 0;  // in the file, from 1: where the row begins
  std::vector<std::string> fields;
};

struct Table {
  std::string file;  // for messages
  std::vector<std::string> header;
  std::vector<Line> lines;  // each with as many fields as the header
};

// A last row without its line end, as a run leaves it that was killed while writing.
struct TornRow : Error {
  using Error::Error;
};

// Throws Error for broken quoting, a row of another length, no header, a column twice, and TornRow.
Table Parse(std::string_view text, const std::string& file);

// The longest beginning of `text` that holds whole rows: what is left of a file whose last row is torn.
std::string_view WholeRows(std::string_view text);

// Throws Error unless every row's schema_version is kSchemaVersion.
void CheckSchemaVersion(const Table& table);

// Index of the field's column. Throws Error where it is missing; nullopt where that is allowed (a later field).
std::optional<size_t> Find(const Table& table, const Field& field);

// Where a value was read, for messages.
struct Place {
  const Table& table;
  const Line& line;
  const Field& field;
};

void Read(const Place& place, const std::string& text, int& value);
void Read(const Place& place, const std::string& text, int64_t& value);
void Read(const Place& place, const std::string& text, Number& value);
void Read(const Place& place, const std::string& text, std::string& value);
void Read(const Place& place, const std::string& text, std::vector<double>& values);  // finite ones

// `at`: the line whose machine is not that of the first one.
[[noreturn]] void FailTwoMachines(const Table& table, size_t at, const std::string& machine, const std::string& first);

// Throws Error unless all rows, those of the table's lines, are of one machine.
template <class Row>
void CheckOneMachine(const Table& table, std::span<const Row> rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].machine_id != rows[0].machine_id) FailTwoMachines(table, i, rows[i].machine_id, rows[0].machine_id);
  }
}

// Throws Error for a number in the ceiling, of this line, that is not above 0.
void CheckRates(const Table& table, size_t row, const Ceiling& ceiling);

// An open file to which whole lines are appended.
class Appender {
 public:
  // Creates the file with its header. Throws Error when it exists already or cannot be written.
  Appender(const std::filesystem::path& path, std::string_view header);
  // Goes on with a file that holds so many rows, all whole. Throws Error when it cannot be written.
  Appender(const std::filesystem::path& path, int64_t rows);
  ~Appender();
  Appender(Appender&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_), rows_(other.rows_) {}
  Appender& operator=(Appender&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    std::swap(rows_, other.rows_);
    return *this;
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  // Writes `line` through to the system. Throws Error when it does not fit (a full disk); what had been written of it
  // is taken back, so that the lines before it stay a valid file.
  void Append(std::string_view line);

 private:
  std::string path_;
  int fd_;
  int64_t size_ = 0;  // of the whole lines
  int64_t rows_ = 0;
};

}  // namespace csv

template <class Row>
std::string CsvHeader() {
  std::string line;
  const Row row{};
  VisitFields(row, [&](const Field& field, const auto&) {
    if (!line.empty()) line += ',';
    line += field.name;
  });
  return line + '\n';
}

template <class Row>
std::string CsvLine(const Row& row) {
  std::string line;
  bool first = true;
  VisitFields(row, [&](const Field&, const auto& value) {
    if (!first) line += ',';
    first = false;
    line += csv::Format(value);
  });
  return line + '\n';
}

// Writes a new file row by row; each row is with the system before Write returns.
template <class Row>
class CsvWriter {
 public:
  explicit CsvWriter(const std::filesystem::path& path) : file_(path, CsvHeader<Row>()) {}
  // Goes on with a file that holds so many rows, all whole, of these columns in this order.
  static CsvWriter Continue(const std::filesystem::path& path, int64_t rows) {
    return CsvWriter(csv::Appender(path, rows));
  }
  void Write(const Row& row) { file_.Append(CsvLine(row)); }

 private:
  explicit CsvWriter(csv::Appender&& file) : file_(std::move(file)) {}

  csv::Appender file_;
};

// The whole file as text: the header, then `rows`.
template <class Row>
std::string CsvText(std::span<const Row> rows) {
  std::string text = CsvHeader<Row>();
  for (const Row& row : rows) text += CsvLine(row);
  return text;
}

// One row for each line of the table.
template <class Row>
std::vector<Row> ReadRows(const csv::Table& table) {
  csv::CheckSchemaVersion(table);
  std::vector<std::optional<size_t>> columns;
  const Row empty{};
  VisitFields(empty, [&](const Field& field, const auto&) { columns.push_back(csv::Find(table, field)); });
  std::vector<Row> rows;
  for (const csv::Line& line : table.lines) {
    size_t column = 0;
    VisitFields(rows.emplace_back(), [&](const Field& field, auto& value) {
      const std::optional<size_t> at = columns[column++];
      if (at) csv::Read({table, line, field}, line.fields[*at], value);
    });
  }
  return rows;
}

// `file` is for messages.
template <class Row>
std::vector<Row> ParseCsv(std::string_view text, const std::string& file) {
  return ReadRows<Row>(csv::Parse(text, file));
}

// The measurements.csv of a run directory. Throws Error, in one line that says what to do, where there is no such
// directory or no such file in it, the last row is torn, rows are of two machines, a case has two rows, or a time is
// not above 0.
std::vector<Record> ReadMeasurements(const std::filesystem::path& path);

// The same for the text of the file.
std::vector<Record> ParseMeasurements(std::string_view text, const std::filesystem::path& path);

// A time of the row that is not above 0, and its column; nothing where all are times.
struct BadTime {
  std::string_view column;
  double ns = 0;
};
std::optional<BadTime> FindBadTime(const Record& record);

// Throws Error for rows of two machines and numbers that are not above 0, too.
Ceilings ReadCeilings(const std::filesystem::path& path);
Ceilings ParseCeilings(std::string_view text, const std::filesystem::path& path);

// In place of what was there, in one step.
void WriteCeilings(const std::filesystem::path& path, const Ceilings& ceilings);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_CSV_H_
