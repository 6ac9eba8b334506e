#include "harness/plan/shapes.h"

#include "harness/plan/json_node.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {

std::vector<Layer> ParseShapes(std::string_view text, const std::filesystem::path& file) {
  const nlohmann::json document = ParseJson(text, file);
  const JsonNode root{document, file, ""};
  CheckKeys(root, {"description", "layers"});
  if (root.has("description")) Text(root.at("description"));
  if (!root.has("layers")) throw Error(root.where() + ": 'layers' is missing");
  std::vector<Layer> layers;
  for (const JsonNode& node : List(root.at("layers"), "layers")) {
    CheckKeys(node, {"label", "problem", "count"});
    for (const char* needed : {"label", "problem"}) {
      if (!node.has(needed)) throw Error(node.where() + ": '" + needed + "' is missing");
    }
    constexpr int64_t kMost = 1000000;
    layers.push_back({.label = Text(node.at("label")),
                      .problem = Text(node.at("problem")),
                      .count = node.has("count") ? Integer(node.at("count"), 1, kMost) : 1,
                      .where = node.where()});
  }
  return layers;
}

std::vector<Layer> ReadShapes(const std::filesystem::path& path) { return ParseShapes(ReadFile(path), path); }

}  // namespace roofgap
