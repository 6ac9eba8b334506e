#include "harness/plan/suite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

std::string ErrorOf(const std::string& text) {
  try {
    ParseSuite(text, "folder/mine.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SuiteTest, CasesTakeTheDefaultsAndReplaceThem) {
  const Request request = ParseSuite(R"({
    "description": "d",
    "defaults": {"threads": [1, "all"], "cache": "cold", "budget_s": 0.5},
    "cases": [
      {"label": "a", "problem": "fc:ic8oc8"},
      {"problem": ["fc:ic8oc9", "fc:ic8oc10"], "threads": 3, "variants": ["gemm"], "isa": "AVX2", "dtype": ["f32"]}
    ]})",
                                     "folder/mine.json");
  EXPECT_EQ(request.name, "mine");
  ASSERT_EQ(request.problems.size(), 3u);
  const RequestedProblem& first = request.problems[0];
  EXPECT_EQ(first.label, "a");
  EXPECT_EQ(first.problem, "fc:ic8oc8");
  EXPECT_EQ(first.axes.threads, (std::vector<int>{1, kAllThreads}));
  EXPECT_EQ(first.axes.caches, std::vector<std::string>{"cold"});
  EXPECT_EQ(first.axes.budget_s, 0.5);
  EXPECT_TRUE(first.axes.variants.empty());
  const RequestedProblem& third = request.problems[2];
  EXPECT_EQ(third.problem, "fc:ic8oc10");
  EXPECT_EQ(third.where, "folder/mine.json /cases/1/problem/1");
  EXPECT_EQ(third.axes.threads, std::vector<int>{3});
  EXPECT_EQ(third.axes.variants, std::vector<std::string>{"gemm"});
  EXPECT_EQ(third.axes.isas, std::vector<std::string>{"AVX2"});
  EXPECT_EQ(third.axes.caches, std::vector<std::string>{"cold"});
}

TEST(SuiteTest, ErrorsNameFilePointerWhatWasGotAndWhatIsAllowed) {
  EXPECT_NE(ErrorOf("{").find("folder/mine.json: not JSON: parse error at line 1"), std::string::npos);
  EXPECT_EQ(ErrorOf("[1]"), "folder/mine.json /: got [1]; allowed is an object");
  EXPECT_EQ(ErrorOf("{}"), "folder/mine.json /: 'cases' is missing");
  EXPECT_EQ(ErrorOf(R"({"cases": []})"),
            "folder/mine.json /cases: got []; allowed is a list of cases that is not empty");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"label": "x"}]})"), "folder/mine.json /cases/0: 'problem' is missing");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": 3}]})"), "folder/mine.json /cases/0/problem: got 3; allowed is a string");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "thread": 1}]})"),
            "folder/mine.json /cases/0: unknown key 'thread'; allowed are budget_s, cache, dtype, isa, label, problem, "
            "threads, variants");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "threads": [1, 0]}]})"),
            "folder/mine.json /cases/0/threads/1: got 0; allowed is 1 to 65536, or \"all\"");
  EXPECT_EQ(ErrorOf(R"({"defaults": {"budget_s": -1}, "cases": [{"problem": "fc:ic1oc1"}]})"),
            "folder/mine.json /defaults/budget_s: got -1; allowed is seconds, 0 to 3600");
}

TEST(SuiteTest, UnknownWordsOfAnAxisAreFoundWhereTheyStand) {
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "cache": ["warm", "tepid"]}]})"),
            "folder/mine.json /cases/0/cache/1: got \"tepid\"; allowed is warm, cold");
  EXPECT_EQ(ErrorOf(R"({"defaults": {"dtype": "f16"}, "cases": [{"problem": "fc:ic1oc1"}]})"),
            "folder/mine.json /defaults/dtype: got \"f16\"; allowed is f32, f64, bf16, s8");
  EXPECT_NE(
      ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "isa": "AVX9"}]})").find("/cases/0/isa: got \"AVX9\"; allowed"),
      std::string::npos);
}

TEST(SuiteTest, TextOfARequestAsksForTheSame) {
  const std::string text = R"({"cases": [
      {"problem": "fc:ic8oc8", "label": "one \"quoted\"", "threads": [1, "all"], "budget_s": 0.25},
      {"problem": "fc:ic8oc9", "variants": ["gemm"], "isa": ["AVX2"], "dtype": ["f32"], "cache": ["cold"]}]})";
  const Request request = ParseSuite(text, "a.json");
  const Request again = ParseSuite(SuiteText(request), "b.json");
  EXPECT_EQ(SuiteText(again), SuiteText(request));
  ASSERT_EQ(again.problems.size(), 2u);
  EXPECT_EQ(again.problems[0].label, "one \"quoted\"");
  EXPECT_EQ(again.problems[0].axes.threads, (std::vector<int>{1, kAllThreads}));
  EXPECT_EQ(again.problems[0].axes.budget_s, 0.25);
  EXPECT_EQ(again.problems[1].axes.caches, std::vector<std::string>{"cold"});
}

TEST(SuiteTest, ReadSuiteRefusesWhatIsNoFile) {
  EXPECT_THROW(ReadSuite("no/such/suite.json"), Error);
  EXPECT_THROW(ReadSuite(std::filesystem::temp_directory_path()), Error);
}

TEST(SuiteTest, EverySuiteOfTheProjectReads) {
  int suites = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(ROOFGAP_SOURCE_DIR) + "/configs/suites")) {
    EXPECT_NO_THROW(ReadSuite(entry.path())) << entry.path();
    ++suites;
  }
  EXPECT_GT(suites, 0);
}

}  // namespace
}  // namespace roofgap
