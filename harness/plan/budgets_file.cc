#include "harness/plan/budgets_file.h"

#include <set>
#include <string>

#include "harness/plan/json_node.h"
#include "harness/record/files.h"

namespace roofgap {
namespace {

double Positive(const JsonNode& node) {
  if (!node.value.is_number() || !(node.value.get<double>() > 0)) node.Fail("a number above 0");
  return node.value.get<double>();
}

// [least, most], or one number that is both.
void ReadRange(const JsonNode& node, Number& least, Number& most) {
  if (node.value.is_number()) {
    least = most = Positive(node);
    return;
  }
  if (!node.value.is_array() || node.value.size() != 2) node.Fail("a number, or [least, most]");
  least = Positive(node.at(size_t{0}));
  most = Positive(node.at(size_t{1}));
  if (*least > *most) node.Fail("[least, most], least first");
}

Budget ReadBudget(const JsonNode& node) {
  CheckKeys(node, {"target", "description", "latency_ms", "memory_bytes", "power_w"});
  Budget budget;
  if (!node.has("target")) node.Fail("an object with the key target");
  budget.target = Text(node.at("target"));
  if (budget.target.empty()) node.at("target").Fail("a text that is not empty");
  if (node.has("description")) budget.description = Text(node.at("description"));
  if (node.has("latency_ms")) budget.latency_ns = 1e6 * Positive(node.at("latency_ms"));
  if (node.has("memory_bytes")) {
    ReadRange(node.at("memory_bytes"), budget.memory_least_bytes, budget.memory_most_bytes);
  }
  if (node.has("power_w")) ReadRange(node.at("power_w"), budget.power_least_w, budget.power_most_w);
  if (!budget.latency_ns && !budget.memory_most_bytes && !budget.power_most_w) {
    node.Fail("an object with latency_ms, memory_bytes or power_w");
  }
  return budget;
}

}  // namespace

std::vector<Budget> ParseBudgets(std::string_view text, const std::filesystem::path& file) {
  const nlohmann::json document = ParseJson(text, file);
  const JsonNode root{document, file, ""};
  CheckKeys(root, {"description", "targets"});
  if (root.has("description")) Text(root.at("description"));
  if (!root.has("targets")) root.Fail("an object with the key targets");
  std::vector<Budget> budgets;
  std::set<std::string> names;
  for (const JsonNode& node : List(root.at("targets"), "targets")) {
    budgets.push_back(ReadBudget(node));
    if (!names.insert(budgets.back().target).second) node.at("target").Fail("a name that no other target has");
  }
  return budgets;
}

std::vector<Budget> ReadBudgets(const std::filesystem::path& path) { return ParseBudgets(ReadFile(path), path); }

}  // namespace roofgap
