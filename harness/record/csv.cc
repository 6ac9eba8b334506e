#include "harness/record/csv.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace csv {
namespace {

[[noreturn]] void FailAt(const std::string& file, int line, const std::string& what) {
  throw Error(file + ":" + std::to_string(line) + ": " + what);
}

[[noreturn]] void FailAt(const Place& place, const std::string& text, const std::string& allowed) {
  FailAt(place.table.file, place.line.number,
         "column '" + std::string(place.field.name) + "' is '" + Shown(text) + "'; allowed is " + allowed);
}

[[noreturn]] void FailTorn(const std::string& file, int line, const std::string& lacks) {
  throw TornRow(file + ":" + std::to_string(line) + ": the last row is torn: got no " + lacks +
                "; remove it to read the rows before it");
}

// Reads one line at a time; a quoted field may hold line ends.
class Scanner {
 public:
  Scanner(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // the mark that spreadsheets put before UTF-8
  }

  bool Next(Line& line) {
    if (at_ == text_.size()) return false;
    line = {.number = number_, .fields = {}};
    do line.fields.push_back(NextField(line.number));
    while (Take(','));
    Take('\r');
    if (at_ == text_.size()) {
      FailTorn(file_, line.number, "line end after it");
    }
    if (!Take('\n')) FailAt(file_, number_, "text after a closing quote; allowed is a comma or the line end");
    ++number_;
    return true;
  }

 private:
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string NextField(int row) {
    if (Take('"')) return QuotedField(row);
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(",\r\n\"", begin), text_.size());
    if (at_ < text_.size() && text_[at_] == '"') {
      FailAt(file_, number_, "a quote inside an unquoted field; allowed is a quoted field with the quote doubled");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string QuotedField(int row) {
    std::string field;
    while (true) {
      const size_t end = text_.find('"', at_);
      if (end == std::string_view::npos) {
        FailTorn(file_, row, "closing quote");
      }
      number_ += static_cast<int>(std::count(text_.begin() + at_, text_.begin() + end, '\n'));
      field += text_.substr(at_, end - at_);
      at_ = end + 1;
      if (!Take('"')) return field;
      field += '"';
    }
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0;
  int number_ = 1;
};

template <class Int>
void ReadInteger(const Place& place, const std::string& text, Int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) FailAt(place, text, "an integer");
}

}  // namespace

std::string Quote(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Format(double value) {
  if (std::isnan(value)) return "";
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end);
}

std::string Format(const std::vector<double>& values) {
  std::string text;
  for (double value : values) text += (text.empty() ? "" : " ") + Format(value);
  return text;
}

Table Parse(std::string_view text, const std::string& file) {
  Table table{.file = file, .header = {}, .lines = {}};
  Scanner scanner(text, table.file);
  Line line;
  if (!scanner.Next(line)) FailAt(file, 1, "the file is empty; expected a header");
  table.header = std::move(line.fields);
  std::set<std::string_view> names;
  for (const std::string& name : table.header) {
    if (!names.insert(name).second) FailAt(file, 1, "column '" + Shown(name) + "' stands twice; allowed is once");
  }
  while (scanner.Next(line)) {
    if (line.fields.size() != table.header.size()) {
      FailAt(file, line.number,
             "the row has " + std::to_string(line.fields.size()) + " fields; allowed are " +
                 std::to_string(table.header.size()) + ", as in the header");
    }
    table.lines.push_back(std::move(line));
  }
  return table;
}

void CheckSchemaVersion(const Table& table) {
  const Field field{"schema_version", "", ""};
  const size_t column = *Find(table, field);
  for (const Line& line : table.lines) {
    int version = 0;
    Read({table, line, field}, line.fields[column], version);
    if (version != kSchemaVersion) {
      FailAt({table, line, field}, line.fields[column], std::to_string(kSchemaVersion) + ", which this program writes");
    }
  }
}

std::optional<size_t> Find(const Table& table, const Field& field) {
  const auto found = std::find(table.header.begin(), table.header.end(), field.name);
  if (found == table.header.end() && field.later) return std::nullopt;
  if (found == table.header.end()) FailAt(table.file, 1, "column '" + std::string(field.name) + "' is missing");
  return static_cast<size_t>(found - table.header.begin());
}

void Read(const Place& place, const std::string& text, int& value) { ReadInteger(place, text, value); }
void Read(const Place& place, const std::string& text, int64_t& value) { ReadInteger(place, text, value); }

void Read(const Place& place, const std::string& text, Number& value) {
  value.reset();
  if (text.empty()) return;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(number)) {
    FailAt(place, text, "a number or nothing");
  }
  value = number;
}

void Read(const Place& place, const std::string& text, std::string& value) {
  if (text.empty() && place.field.required) FailAt(place, text, "a text that is not empty");
  if (!Allows(place.field, text)) FailAt(place, text, "one of: " + std::string(place.field.allowed));
  value = text;
}

void Read(const Place& place, const std::string& text, std::vector<double>& values) {
  values.clear();
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data() + at, text.data() + end, value);
    if (error != std::errc() || rest != text.data() + end || !std::isfinite(value)) {
      FailAt(place, text, "numbers separated by single spaces");
    }
    values.push_back(value);
    at = end + 1;
  }
}

std::string_view WholeRows(std::string_view text) {
  size_t whole = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\n' && !quoted) whole = i + 1;
  }
  return text.substr(0, whole);
}

void FailTwoMachines(const Table& table, size_t at, const std::string& machine, const std::string& first) {
  FailAt(table.file, table.lines[at].number,
         "column 'machine_id' is '" + Shown(machine) + "', but '" + Shown(first) + "' in line " +
             std::to_string(table.lines[0].number) + "; allowed is one machine in a file");
}

void CheckRates(const Table& table, size_t row, const Ceiling& ceiling) {
  VisitFields(ceiling, [&]<class Value>(const Field& field, const Value& value) {
    if constexpr (std::same_as<Value, Number>) {
      if (!value || (*value > 0 && std::isfinite(*value))) return;
      FailAt({table, table.lines[row], field}, Format(value), "a number above 0, or nothing");
    }
  });
}

Appender::Appender(const std::filesystem::path& path, std::string_view header) : path_(path.string()) {
  fd_ = open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) throw Error("cannot create " + path_ + ": " + std::strerror(errno));
  try {
    Append(header);
  } catch (...) {
    close(fd_);
    unlink(path_.c_str());
    throw;
  }
  rows_ = 0;
}

Appender::Appender(const std::filesystem::path& path, int64_t rows) : path_(path.string()), rows_(rows) {
  fd_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) throw Error("cannot write " + path_ + ": " + std::strerror(errno));
  size_ = lseek(fd_, 0, SEEK_END);
}

Appender::~Appender() {
  if (fd_ >= 0) close(fd_);
}

void Appender::Append(std::string_view line) {
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = write(fd_, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string why = std::strerror(errno);
      const bool whole = done == 0 || ftruncate(fd_, size_) == 0;
      throw Error("cannot write " + path_ + ": " + why + "; " +
                  (whole ? "the " + std::to_string(rows_) + " rows before it are whole" : "its last row is torn"));
    }
    done += static_cast<size_t>(written);
  }
  size_ += static_cast<int64_t>(line.size());
  ++rows_;
}

}  // namespace csv

Ceilings ParseCeilings(std::string_view text, const std::filesystem::path& path) {
  const csv::Table table = csv::Parse(text, path.string());
  Ceilings ceilings{.rows = ReadRows<Ceiling>(table)};
  csv::CheckOneMachine<Ceiling>(table, ceilings.rows);
  for (size_t i = 0; i < ceilings.rows.size(); ++i) csv::CheckRates(table, i, ceilings.rows[i]);
  return ceilings;
}

Ceilings ReadCeilings(const std::filesystem::path& path) { return ParseCeilings(ReadFile(path), path); }

void WriteCeilings(const std::filesystem::path& path, const Ceilings& ceilings) {
  ReplaceFile(path, CsvText<Ceiling>(ceilings.rows));
}

}  // namespace roofgap
