#ifndef ROOFGAP_HARNESS_PLAN_JSON_NODE_H_
#define ROOFGAP_HARNESS_PLAN_JSON_NODE_H_

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace roofgap {

// A value inside a JSON file that a person wrote, and where it stands. Refers to the document and the file's name; all
// errors are thrown as Error and name the file, the JSON pointer, what was got and what is allowed.
struct JsonNode {
  const nlohmann::json& value;
  const std::filesystem::path& file;
  std::string pointer;

  std::string where() const { return file.string() + " " + (pointer.empty() ? "/" : pointer); }
  bool has(const std::string& key) const { return value.contains(key); }
  JsonNode at(const std::string& key) const { return {value.at(key), file, pointer + "/" + key}; }
  JsonNode at(size_t i) const { return {value.at(i), file, pointer + "/" + std::to_string(i)}; }

  [[noreturn]] void Fail(const std::string& allowed) const;
};

// Parses the text of `file`.
nlohmann::json ParseJson(std::string_view text, const std::filesystem::path& file);

// `node` itself, which must be an object with none but these keys: unknown ones are errors, so that a misspelt key
// cannot be ignored.
const JsonNode& CheckKeys(const JsonNode& node, const std::set<std::string>& allowed);

std::string Text(const JsonNode& node);
int64_t Integer(const JsonNode& node, int64_t least, int64_t most);

// The elements of a list that is not empty.
std::vector<JsonNode> List(const JsonNode& node, const std::string& of_what);

// The elements of a list that is not empty; a single value counts as a list of one.
std::vector<JsonNode> Elements(const JsonNode& node);
std::vector<std::string> Texts(const JsonNode& node);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_JSON_NODE_H_
