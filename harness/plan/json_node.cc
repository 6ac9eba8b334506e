#include "harness/plan/json_node.h"

#include "kernels/api/error.h"

namespace roofgap {

using nlohmann::json;

void JsonNode::Fail(const std::string& allowed) const {
  std::string got = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (got.size() > 60) got = got.substr(0, 57) + "...";
  throw Error(where() + ": got " + got + "; allowed is " + allowed);
}

json ParseJson(std::string_view text, const std::filesystem::path& file) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
    const std::string what = error.what();
    const size_t at = what.find("parse error");
    throw Error(file.string() + ": not JSON: " + (at == std::string::npos ? what : what.substr(at)));
  }
}

const JsonNode& CheckKeys(const JsonNode& node, const std::set<std::string>& allowed) {
  if (!node.value.is_object()) node.Fail("an object");
  for (const auto& [key, value] : node.value.items()) {
    if (allowed.contains(key)) continue;
    std::string names;
    for (const std::string& name : allowed) names += (names.empty() ? "" : ", ") + name;
    throw Error(node.where() + ": unknown key '" + key + "'; allowed are " + names);
  }
  return node;
}

std::string Text(const JsonNode& node) {
  if (!node.value.is_string()) node.Fail("a string");
  return node.value.get<std::string>();
}

int64_t Integer(const JsonNode& node, int64_t least, int64_t most) {
  if (!node.value.is_number_integer() || node.value < least || node.value > most) {
    node.Fail("a whole number, " + std::to_string(least) + " to " + std::to_string(most));
  }
  return node.value.get<int64_t>();
}

std::vector<JsonNode> List(const JsonNode& node, const std::string& of_what) {
  if (!node.value.is_array() || node.value.empty()) node.Fail("a list of " + of_what + " that is not empty");
  std::vector<JsonNode> elements;
  for (size_t i = 0; i < node.value.size(); ++i) elements.push_back(node.at(i));
  return elements;
}

std::vector<JsonNode> Elements(const JsonNode& node) {
  if (!node.value.is_array()) return {node};
  if (node.value.empty()) node.Fail("a list that is not empty");
  return List(node, "values");
}

std::vector<std::string> Texts(const JsonNode& node) {
  std::vector<std::string> texts;
  for (const JsonNode& element : Elements(node)) texts.push_back(Text(element));
  return texts;
}

}  // namespace roofgap
