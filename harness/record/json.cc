#include "harness/record/json.h"

#include <cmath>
#include <string>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json_document.h"
#include "harness/record/json_fields.h"
#include "harness/record/json_text.h"

namespace roofgap {
namespace fs = std::filesystem;
namespace {

template <class T>
T Parse(std::string_view text, const fs::path& path) {
  const std::string file = path.string();
  T value;
  FromJson(JsonPlace{file, ""}, ParseDocument(text, file), value);
  return value;
}

template <class T>
std::string TextOf(const T& value) {
  // What the system's own files say of the machine need not be UTF-8.
  return ToJson(value).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

namespace json {

std::string Quote(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string Format(double value) { return std::isfinite(value) ? csv::Format(value) : "null"; }

}  // namespace json

Machine ParseMachine(std::string_view text, const fs::path& file) { return Parse<Machine>(text, file); }
Machine ReadMachine(const fs::path& path) { return ParseMachine(ReadFile(path), path); }
std::string MachineText(const Machine& machine) { return TextOf(machine); }
void WriteMachine(const fs::path& path, const Machine& machine) { ReplaceFile(path, MachineText(machine)); }

RunInfo ParseRunInfo(std::string_view text, const fs::path& file) { return Parse<RunInfo>(text, file); }
RunInfo ReadRunInfo(const fs::path& path) { return ParseRunInfo(ReadFile(path), path); }
std::string RunInfoText(const RunInfo& info) { return TextOf(info); }
void WriteRunInfo(const fs::path& path, const RunInfo& info) { ReplaceFile(path, RunInfoText(info)); }

}  // namespace roofgap
