#include "harness/plan/suite.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "harness/plan/expand.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

using nlohmann::json;

// A value inside the suite and where it stands.
struct Node {
  const json& value;
  const std::filesystem::path& file;
  std::string pointer;

  std::string where() const { return file.string() + " " + (pointer.empty() ? "/" : pointer); }
  Node at(const std::string& key) const { return {value.at(key), file, pointer + "/" + key}; }
  Node at(size_t i) const { return {value.at(i), file, pointer + "/" + std::to_string(i)}; }

  [[noreturn]] void Fail(const std::string& allowed) const {
    std::string got = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (got.size() > 60) got = got.substr(0, 57) + "...";
    throw Error(where() + ": got " + got + "; allowed is " + allowed);
  }
};

const Node& CheckKeys(const Node& node, const std::set<std::string>& allowed) {
  if (!node.value.is_object()) node.Fail("an object");
  for (const auto& [key, value] : node.value.items()) {
    if (allowed.contains(key)) continue;
    std::string names;
    for (const std::string& name : allowed) names += (names.empty() ? "" : ", ") + name;
    throw Error(node.where() + ": unknown key '" + key + "'; allowed are " + names);
  }
  return node;
}

std::string Text(const Node& node) {
  if (!node.value.is_string()) node.Fail("a string");
  return node.value.get<std::string>();
}

// The elements of a list; a single value counts as a list of one.
std::vector<Node> Elements(const Node& node) {
  if (!node.value.is_array()) return {node};
  if (node.value.empty()) node.Fail("a list that is not empty");
  std::vector<Node> elements;
  for (size_t i = 0; i < node.value.size(); ++i) elements.push_back(node.at(i));
  return elements;
}

std::vector<std::string> Texts(const Node& node) {
  std::vector<std::string> texts;
  for (const Node& element : Elements(node)) texts.push_back(Text(element));
  return texts;
}

// A list of words of one vocabulary.
std::vector<std::string> Words(const Node& node, bool (*known)(std::string_view), const std::string& allowed) {
  std::vector<std::string> words;
  for (const Node& element : Elements(node)) {
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

int Threads(const Node& node) {
  if (node.value == "all") return kAllThreads;
  constexpr int64_t kMost = 65536;
  if (!node.value.is_number_integer() || node.value < 1 || node.value > kMost) node.Fail("1 to 65536, or \"all\"");
  return node.value.get<int>();
}

const std::set<std::string>& AxisKeys() {
  static const std::set<std::string> keys = {"variants", "threads", "isa", "dtype", "cache", "budget_s"};
  return keys;
}

Axes ParseAxes(const Node& node) {
  Axes axes;
  const auto has = [&](const char* key) { return node.value.contains(key); };
  if (has("variants")) axes.variants = Texts(node.at("variants"));
  if (has("isa")) axes.isas = Words(node.at("isa"), IsIsa, IsaNames());
  if (has("dtype")) axes.dtypes = Words(node.at("dtype"), IsDType, "f32, f64, bf16, s8");
  if (has("cache")) axes.caches = Words(node.at("cache"), IsCache, "warm, cold");
  if (has("threads")) {
    for (const Node& element : Elements(node.at("threads"))) axes.threads.push_back(Threads(element));
  }
  if (has("budget_s")) {
    const Node budget = node.at("budget_s");
    if (!budget.value.is_number() || !(budget.value > 0) || !(budget.value <= 3600)) budget.Fail("seconds, 0 to 3600");
    axes.budget_s = budget.value.get<double>();
  }
  return axes;
}

std::set<std::string> With(std::set<std::string> keys, std::initializer_list<std::string> more) {
  keys.insert(more);
  return keys;
}

void ParseCase(const Node& node, const Axes& defaults, Request* request) {
  CheckKeys(node, With(AxisKeys(), {"label", "problem"}));
  if (!node.value.contains("problem")) throw Error(node.where() + ": 'problem' is missing");
  const Axes axes = Override(defaults, ParseAxes(node));
  const std::string label = node.value.contains("label") ? Text(node.at("label")) : "";
  for (const Node& problem : Elements(node.at("problem"))) {
    request->problems.push_back({.label = label, .problem = Text(problem), .where = problem.where(), .axes = axes});
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
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
    const std::string what = error.what();
    const size_t at = what.find("parse error");
    throw Error(file.string() + ": not JSON: " + (at == std::string::npos ? what : what.substr(at)));
  }
  const Node root{document, file, ""};
  CheckKeys(root, {"description", "defaults", "cases"});
  if (document.contains("description")) Text(root.at("description"));
  Axes defaults;
  if (document.contains("defaults")) defaults = ParseAxes(CheckKeys(root.at("defaults"), AxisKeys()));
  if (!document.contains("cases")) throw Error(root.where() + ": 'cases' is missing");
  const Node cases = root.at("cases");
  if (!cases.value.is_array() || cases.value.empty()) cases.Fail("a list of cases that is not empty");
  Request request{.name = file.stem().string()};
  for (const Node& node : Elements(cases)) ParseCase(node, defaults, &request);
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

Request ReadSuite(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path)) throw Error(path.string() + ": cannot be read as a suite file");
  std::stringstream text;
  text << file.rdbuf();
  return ParseSuite(text.str(), path);
}

}  // namespace roofgap
