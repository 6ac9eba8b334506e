#include "harness/plan/json_node.h"

#include "harness/record/json_document.h"
#include "kernels/api/error.h"

namespace roofgap {

using nlohmann::json;

void JsonNode::Fail(const std::string& allowed) const {
  const std::string got = Shown(value.dump(-1, ' ', false, json::error_handler_t::replace), 60);
  throw Error(where() + ": got " + got + "; allowed is " + allowed);
}

json ParseJson(std::string_view text, const std::filesystem::path& file) { return ParseDocument(text, file.string()); }

const JsonNode& CheckKeys(const JsonNode& node, const std::set<std::string>& allowed) {
  if (!node.value.is_object()) node.Fail("an object");
  for (const auto& [key, value] : node.value.items()) {
    if (allowed.contains(key)) continue;
    std::string names;
    for (const std::string& name : allowed) names += (names.empty() ? "" : ", ") + name;
    throw Error(node.where() + ": unknown key '" + Shown(key) + "'; allowed are " + names);
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
