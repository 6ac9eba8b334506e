#include <cmath>
#include <string>
#include <vector>

#include "harness/plan/budgets_file.h"
#include "harness/plan/expand.h"
#include "harness/plan/shapes.h"
#include "harness/plan/suite.h"
#include "harness/record/benchmark_json.h"
#include "harness/record/csv.h"
#include "harness/record/json.h"
#include "tests/fuzz/fuzz_target.h"

namespace roofgap::fuzz {
namespace {

constexpr const char* kFile = "file.json";

void CheckMachine(std::string_view input) {
  const auto machine = Reading(kFile, [&] { return ParseMachine(input, kFile); });
  if (!machine) return;
  const std::string text = MachineText(*machine);
  Require(MachineText(ParseMachine(text, kFile)) == text, "a machine that changes when it is read again", text);
}

void CheckRunInfo(std::string_view input) {
  const auto info = Reading(kFile, [&] { return ParseRunInfo(input, kFile); });
  if (!info) return;
  const std::string text = RunInfoText(*info);
  Require(RunInfoText(ParseRunInfo(text, kFile)) == text, "a run that changes when it is read again", text);
}

// Rows as benchmarks, and back.
void CheckBenchmarks(std::string_view input) {
  const auto rows = Reading(kFile, [&] { return ParseBenchmarkJson(input, kFile); });
  if (!rows) return;
  for (const Record& row : *rows) {
    const double median = row.median_ns.value_or(1);
    Require(median > 0 && std::isfinite(median), "a benchmark without a time above 0", input);
  }
  std::vector<Record> ours = *rows;  // others' have no variant
  std::erase_if(ours, [](const Record& row) { return row.variant.empty(); });
  const std::string text = BenchmarkJson({}, ours);
  const std::vector<Record> again = ParseBenchmarkJson(text, kFile);
  Require(CsvText<Record>(again) == CsvText<Record>(ours), "benchmarks that change when they are read again", text);
}

void CheckSuite(std::string_view input) {
  // Shapes are found beside it.
  const std::string file = std::string(ROOFGAP_SOURCE_DIR) + "/configs/suites/file.json";
  const auto request = Reading(kFile, [&] { return ParseSuite(input, file); });
  if (!request) return;
  const std::string text = SuiteText(*request);
  Require(SuiteText(ParseSuite(text, file)) == text, "a suite that changes when it is read again", text);
  Request small = *request;
  if (small.problems.size() > 8) small.problems.resize(8);
  const Offer offer{.max_threads = 2, .isas = {"AVX3", "AVX2"}, .process_isa = "AVX3", .onednn = false};
  Reading("", [&] { return Expand(small, offer).size(); });
}

void CheckBudgets(std::string_view input) {
  const auto budgets = Reading(kFile, [&] { return ParseBudgets(input, kFile); });
  if (!budgets) return;
  for (const Budget& budget : *budgets) {
    for (const Number& limit : {budget.latency_ns, budget.memory_least_bytes, budget.memory_most_bytes,
                                budget.power_least_w, budget.power_most_w}) {
      Require(!limit || (*limit > 0 && std::isfinite(*limit)), "a limit that is not above 0", input);
    }
  }
}

void Check(std::string_view input) {
  CheckMachine(input);
  CheckRunInfo(input);
  CheckBenchmarks(input);
  CheckSuite(input);
  Reading(kFile, [&] { return ParseShapes(input, kFile).size(); });
  CheckBudgets(input);
}

[[maybe_unused]] const bool kRegistered = Register({.name = "json", .check = Check});

}  // namespace
}  // namespace roofgap::fuzz
