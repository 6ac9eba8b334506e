#include "harness/record/json.h"

#include <cmath>
#include <string>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json_fields.h"
#include "harness/record/json_text.h"

namespace roofgap {
namespace {

template <class T>
T ReadJson(const std::filesystem::path& path) {
  const std::string file = path.string();
  Json json;
  try {
    json = Json::parse(ReadFile(path));
  } catch (const nlohmann::json::exception& exception) {
    throw Error(file + ": broken JSON: " + exception.what());
  }
  T value;
  FromJson(JsonPlace{file, ""}, json, value);
  return value;
}

template <class T>
void WriteJson(const std::filesystem::path& path, const T& value) {
  // What the system's own files say of the machine need not be UTF-8.
  ReplaceFile(path, ToJson(value).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

namespace json {

std::string Quote(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string Format(double value) { return std::isfinite(value) ? csv::Format(value) : "null"; }

}  // namespace json

Machine ReadMachine(const std::filesystem::path& path) { return ReadJson<Machine>(path); }
void WriteMachine(const std::filesystem::path& path, const Machine& machine) { WriteJson(path, machine); }

RunInfo ReadRunInfo(const std::filesystem::path& path) { return ReadJson<RunInfo>(path); }
void WriteRunInfo(const std::filesystem::path& path, const RunInfo& info) { WriteJson(path, info); }

}  // namespace roofgap
