#include "harness/plan/suite.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/plan/expand.h"
#include "harness/plan/json_node.h"
#include "harness/plan/shapes.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

using nlohmann::json;

// A list of words of one vocabulary.
std::vector<std::string> Words(const JsonNode& node, bool (*known)(std::string_view), const std::string& allowed) {
  std::vector<std::string> words;
  for (const JsonNode& element : Elements(node)) {
    words.push_back(Text(element));
    if (!known(words.back())) element.Fail(allowed);
  }
  return words;
}

std::string IsaNames() {
  std::string names;
  for (std::string_view name : IsaVocabulary()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

int Threads(const JsonNode& node) {
  if (node.value == "all") return kAllThreads;
  constexpr int64_t kMost = 65536;
  if (!node.value.is_number_integer() || node.value < 1 || node.value > kMost) node.Fail("1 to 65536, or \"all\"");
  return node.value.get<int>();
}

const std::set<std::string>& AxisKeys() {
  static const std::set<std::string> keys = {"variants", "threads", "isa", "dtype", "cache", "budget_s"};
  return keys;
}

Axes ParseAxes(const JsonNode& node) {
  Axes axes;
  const auto has = [&](const char* key) { return node.value.contains(key); };
  if (has("variants")) axes.variants = Texts(node.at("variants"));
  if (has("isa")) axes.isas = Words(node.at("isa"), IsIsa, IsaNames());
  if (has("dtype")) axes.dtypes = Words(node.at("dtype"), IsDType, "f32, f64, bf16, s8");
  if (has("cache")) axes.caches = Words(node.at("cache"), IsCache, "warm, cold");
  if (has("threads")) {
    for (const JsonNode& element : Elements(node.at("threads"))) axes.threads.push_back(Threads(element));
  }
  if (has("budget_s")) {
    const JsonNode budget = node.at("budget_s");
    if (!budget.value.is_number() || !(budget.value > 0) || !(budget.value <= 3600)) budget.Fail("seconds, 0 to 3600");
    axes.budget_s = budget.value.get<double>();
  }
  return axes;
}

std::set<std::string> With(std::set<std::string> keys, std::initializer_list<std::string> more) {
  keys.insert(more);
  return keys;
}

// The problem with its batch, in front of the letters. What it becomes is checked when it is parsed.
std::string WithBatch(std::string problem, int64_t mb) {
  const size_t colon = problem.find(':');
  return problem.insert(colon == std::string::npos ? problem.size() : colon + 1, "mb" + std::to_string(mb));
}

// The layers of the file that `name` names, relative to the suite's own folder.
std::vector<Layer> ReadLayers(const JsonNode& name) {
  try {
    return ReadShapes((name.file.parent_path() / Text(name)).lexically_normal());
  } catch (const Error& error) {
    throw Error(name.where() + ": " + error.what());
  }
}

// The layers of the files that a case names; with `op`, those of one op.
std::vector<Layer> LayersOf(const JsonNode& node) {
  const std::string op = node.has("op") ? Text(node.at("op")) : "";
  std::vector<Layer> layers;
  for (const JsonNode& name : Elements(node.at("shapes"))) {
    const size_t before = layers.size();
    for (Layer& layer : ReadLayers(name)) {
      if (op.empty() || layer.problem.substr(0, layer.problem.find(':')) == op) layers.push_back(std::move(layer));
    }
    if (layers.size() == before) throw Error(name.where() + ": " + Text(name) + " has no layer of op '" + op + "'");
  }
  return layers;
}

// What a case names: problems in place, or the layers of shapes files.
std::vector<Layer> Asked(const JsonNode& node) {
  if (node.has("problem") == node.has("shapes")) {
    throw Error(node.where() + (node.has("problem") ? ": 'problem' and 'shapes' exclude each other"
                                                    : ": 'problem' is missing, or 'shapes' in its place"));
  }
  if (node.has("shapes")) {
    if (node.has("label"))
      throw Error(node.where() + ": 'label' goes with 'problem'; layers of 'shapes' have their own");
    return LayersOf(node);
  }
  if (node.has("op")) throw Error(node.where() + ": 'op' goes with 'shapes'");
  const std::string label = node.has("label") ? Text(node.at("label")) : "";
  std::vector<Layer> problems;
  for (const JsonNode& problem : Elements(node.at("problem"))) {
    problems.push_back({.label = label, .problem = Text(problem), .where = problem.where()});
  }
  return problems;
}

void ParseCase(const JsonNode& node, const Axes& defaults, Request* request) {
  CheckKeys(node, With(AxisKeys(), {"label", "problem", "shapes", "op", "mb"}));
  const Axes axes = Override(defaults, ParseAxes(node));
  std::vector<int64_t> batches;
  if (node.has("mb")) {
    for (const JsonNode& mb : Elements(node.at("mb"))) batches.push_back(Integer(mb, 1, 1 << 20));
  }
  for (const Layer& layer : Asked(node)) {
    if (batches.empty()) request->problems.push_back({layer.label, layer.problem, layer.where, axes});
    for (int64_t mb : batches) {
      request->problems.push_back({layer.label, WithBatch(layer.problem, mb), layer.where, axes});
    }
  }
}

json AxesJson(const Axes& axes) {
  json node = json::object();
  if (!axes.variants.empty()) node["variants"] = axes.variants;
  if (!axes.isas.empty()) node["isa"] = axes.isas;
  if (!axes.dtypes.empty()) node["dtype"] = axes.dtypes;
  if (!axes.caches.empty()) node["cache"] = axes.caches;
  if (axes.budget_s) node["budget_s"] = *axes.budget_s;
  for (int threads : axes.threads) node["threads"].push_back(threads == kAllThreads ? json("all") : json(threads));
  return node;
}

}  // namespace

Axes Override(Axes base, const Axes& over) {
  if (!over.variants.empty()) base.variants = over.variants;
  if (!over.threads.empty()) base.threads = over.threads;
  if (!over.isas.empty()) base.isas = over.isas;
  if (!over.dtypes.empty()) base.dtypes = over.dtypes;
  if (!over.caches.empty()) base.caches = over.caches;
  if (over.budget_s) base.budget_s = over.budget_s;
  return base;
}

Request ParseSuite(std::string_view text, const std::filesystem::path& file) {
  const json document = ParseJson(text, file);
  const JsonNode root{document, file, ""};
  CheckKeys(root, {"description", "defaults", "cases"});
  if (document.contains("description")) Text(root.at("description"));
  Axes defaults;
  if (document.contains("defaults")) defaults = ParseAxes(CheckKeys(root.at("defaults"), AxisKeys()));
  if (!document.contains("cases")) throw Error(root.where() + ": 'cases' is missing");
  Request request{.name = file.stem().string()};
  for (const JsonNode& node : List(root.at("cases"), "cases")) ParseCase(node, defaults, &request);
  return request;
}

std::string SuiteText(const Request& request) {
  json document = {{"cases", json::array()}};
  for (const RequestedProblem& asked : request.problems) {
    json node = AxesJson(asked.axes);
    node["problem"] = asked.problem;
    if (!asked.label.empty()) node["label"] = asked.label;
    document["cases"].push_back(node);
  }
  return document.dump(2) + "\n";
}

Request ReadSuite(const std::filesystem::path& path) { return ParseSuite(ReadFile(path), path); }

}  // namespace roofgap
