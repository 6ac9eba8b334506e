#include "harness/plan/budgets_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

std::string ErrorOf(const std::string& text) {
  try {
    ParseBudgets(text, "mine.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(BudgetsFile, ReadsLimitsAndRanges) {
  const std::vector<Budget> budgets = ParseBudgets(
      R"({"targets": [{"target": "a", "description": "d", "latency_ms": 2.5, "memory_bytes": [1e3, 4e3], "power_w": 2},
                      {"target": "b", "memory_bytes": 7}]})",
      "mine.json");
  ASSERT_EQ(budgets.size(), 2u);
  EXPECT_EQ(budgets[0].target + budgets[0].description, "ad");
  EXPECT_EQ(budgets[0].latency_ns, 2.5e6);
  EXPECT_EQ(budgets[0].memory_least_bytes, 1e3);
  EXPECT_EQ(budgets[0].memory_most_bytes, 4e3);
  EXPECT_EQ(budgets[0].power_least_w, 2);
  EXPECT_EQ(budgets[0].power_most_w, 2);
  EXPECT_FALSE(budgets[1].latency_ns || budgets[1].power_most_w);
  EXPECT_EQ(budgets[1].memory_least_bytes, 7);
}

TEST(BudgetsFile, CommittedTargetsHaveTheTextbooksLimits) {
  const std::vector<Budget> budgets =
      ReadBudgets(std::filesystem::path(ROOFGAP_SOURCE_DIR) / "configs" / "budgets.json");
  ASSERT_EQ(budgets.size(), 5u);
  const Budget& edge = budgets[3];
  EXPECT_EQ(edge.target, "edge");
  EXPECT_EQ(edge.latency_ns, 10e6);
  EXPECT_EQ(edge.memory_least_bytes, 256e3);
  EXPECT_EQ(edge.memory_most_bytes, 4e6);
  EXPECT_EQ(edge.power_least_w, 1e-3);
  EXPECT_EQ(edge.power_most_w, 0.1);
  EXPECT_EQ(budgets[1].latency_ns, 50e6);
  EXPECT_EQ(budgets[2].latency_ns, 30e6);
  EXPECT_EQ(budgets[4].latency_ns, 100e6);
  EXPECT_FALSE(budgets[4].power_most_w) << "a browser has no budget of power";
}

TEST(BudgetsFile, FaultsNameFilePlaceGotAndAllowed) {
  EXPECT_EQ(ErrorOf("[]"), "mine.json /: got []; allowed is an object");
  EXPECT_EQ(ErrorOf("{}"), "mine.json /: got {}; allowed is an object with the key targets");
  EXPECT_EQ(ErrorOf(R"({"targets": []})"),
            "mine.json /targets: got []; allowed is a list of targets that is not empty");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "latency": 3}]})"),
            "mine.json /targets/0: unknown key 'latency'; allowed are description, latency_ms, memory_bytes, power_w, "
            "target");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"latency_ms": 3}]})"),
            "mine.json /targets/0: got {\"latency_ms\":3}; allowed is an object with the key target");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a"}]})"),
            "mine.json /targets/0: got {\"target\":\"a\"}; allowed is an object with latency_ms, memory_bytes or "
            "power_w");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "latency_ms": -3}]})"),
            "mine.json /targets/0/latency_ms: got -3; allowed is a number above 0");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "memory_bytes": [4, 1]}]})"),
            "mine.json /targets/0/memory_bytes: got [4,1]; allowed is [least, most], least first");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "memory_bytes": [4]}]})"),
            "mine.json /targets/0/memory_bytes: got [4]; allowed is a number, or [least, most]");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "power_w": [1, "x"]}]})"),
            "mine.json /targets/0/power_w/1: got \"x\"; allowed is a number above 0");
  EXPECT_EQ(ErrorOf(R"({"targets": [{"target": "a", "power_w": 1}, {"target": "a", "power_w": 1}]})"),
            "mine.json /targets/1/target: got \"a\"; allowed is a name that no other target has");
  EXPECT_TRUE(ErrorOf("{").starts_with("mine.json: not JSON: parse error"));
}

}  // namespace
}  // namespace roofgap
