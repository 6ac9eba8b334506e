#include "harness/plan/expand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "harness/plan/suite.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

const Offer kOffer{.max_threads = 2, .isas = {"AVX3", "AVX2"}, .process_isa = "AVX3"};

Request One(const std::string& problem, const Axes& axes = {}) {
  Request request{.name = "test"};
  request.problems.push_back({.problem = problem, .where = "here", .axes = axes});
  return request;
}

std::string ErrorOf(const Request& request) {
  try {
    Expand(request, kOffer);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ExpandTest, DefaultIsEveryVariantButReferenceAtOneThreadAndAll) {
  const std::vector<Case> cases = Expand(One("fc:ic64oc64"), kOffer);
  std::set<std::string_view> variants;
  std::set<int> threads;
  for (const Case& one : cases) {
    variants.insert(one.variant->name);
    threads.insert(one.threads);
    EXPECT_EQ(one.isa, "AVX3");
    EXPECT_EQ(one.dtype, DType::kF32);
    EXPECT_FALSE(one.cold);
  }
  EXPECT_EQ(threads, (std::set<int>{1, 2}));
  EXPECT_FALSE(variants.contains("reference"));
  EXPECT_EQ(variants.size() + 1, VariantsOf("fc").size());
  EXPECT_EQ(cases.size(), variants.size() * 2);
}

TEST(ExpandTest, WhatASuiteAsksForAndTheMachineLacksIsASkippedCase) {
  const std::vector<Case> cases =
      Expand(One("fc:ic64oc64", {.variants = {"reference"}, .threads = {1, 64}, .isas = {"AVX3", "NEON"}}), kOffer);
  ASSERT_EQ(cases.size(), 4u);
  EXPECT_TRUE(cases[0].support.ok);
  EXPECT_EQ(cases[1].support.reason, "64 threads asked for, 2 usable here");
  EXPECT_EQ(cases[2].support.reason, "isa NEON does not run on this machine");
}

TEST(ExpandTest, WhatABuildWithoutOnednnLacksIsASkippedCase) {
  Offer offer = kOffer;
  offer.onednn = false;
  const std::vector<Case> cases = Expand(One("fc:ic64oc64", {.variants = {"onednn", "gemm"}, .threads = {1}}), offer);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].variant->name, "onednn");
  EXPECT_EQ(cases[0].support.reason, "built without oneDNN");
  EXPECT_TRUE(cases[1].support.ok);
  for (const Case& one : Expand(One("fc:ic64oc64"), offer)) EXPECT_NE(one.variant->name, "onednn");
  for (const Variant& variant : AllVariants()) {
    if (!variant.name.starts_with("onednn")) continue;
    const std::string name(variant.name);
    EXPECT_EQ(Expand(One("fc:ic64oc64", {.variants = {name}, .threads = {1}}), offer).at(0).support.reason,
              "built without oneDNN");
  }
  EXPECT_THROW(Expand(One("fc:ic64oc64", {.variants = {"onednn_bets"}}), offer), Error);
}

TEST(ExpandTest, EverySuiteOfTheProjectCanBeRun) {
  Offer offer = kOffer;
  offer.onednn = FindVariant("fc", "onednn") != nullptr;
  int suites = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(ROOFGAP_SOURCE_DIR) + "/configs/suites")) {
    EXPECT_NO_THROW(EXPECT_FALSE(Expand(ReadSuite(entry.path()), offer).empty())) << entry.path();
    ++suites;
  }
  EXPECT_GT(suites, 0);
}

TEST(ExpandTest, VariantsThatDoNotDependOnTheIsaRunOnce) {
  const std::vector<Case> cases =
      Expand(One("fc:ic64oc64", {.variants = {"reference"}, .threads = {1}, .isas = {"AVX3", "AVX2"}}), kOffer);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_TRUE(cases[0].support.ok);
  EXPECT_FALSE(cases[1].support.ok);
}

TEST(ExpandTest, CasesAskedForTwiceAreOne) {
  Request request = One("fc:ic64oc64", {.variants = {"reference"}, .threads = {2, kAllThreads}});
  request.problems.push_back({.problem = "fc:oc64ic64mb1", .axes = request.problems[0].axes});
  EXPECT_EQ(Expand(request, kOffer).size(), 1u);
}

TEST(ExpandTest, UnknownWordsAreErrorsThatListWhatIsAllowed) {
  EXPECT_NE(ErrorOf(One("fc:ic64")).find("here: problem 'fc:ic64': 'oc' is missing"), std::string::npos);
  EXPECT_NE(ErrorOf(One("fc:ic64oc64", {.variants = {"none"}})).find("here: unknown variant 'none'; fc has "),
            std::string::npos);
  EXPECT_NE(ErrorOf(One("fc:ic64oc64", {.isas = {"AVX9"}})).find("unknown isa 'AVX9'"), std::string::npos);
  EXPECT_NE(ErrorOf(One("fc:ic64oc64", {.dtypes = {"f16"}})).find("unknown dtype 'f16'"), std::string::npos);
  EXPECT_NE(ErrorOf(One("fc:ic64oc64", {.caches = {"tepid"}})).find("unknown cache 'tepid'"), std::string::npos);
}

TEST(ExpandTest, VariantsOfOtherOpsLeaveNothingToRun) {
  EXPECT_EQ(ErrorOf(One("fc:ic64oc64", {.variants = {"flash"}})),
            "nothing to run: no op among the problems has a variant that was asked for");
}

TEST(ExpandTest, CommandLineAxesMustBeOffered) {
  EXPECT_NO_THROW(CheckOffered({.threads = {1, 2, kAllThreads}, .isas = {"AVX2"}}, kOffer));
  EXPECT_THROW(CheckOffered({.threads = {3}}, kOffer), Error);
  EXPECT_THROW(CheckOffered({.isas = {"NEON"}}, kOffer), Error);
  EXPECT_THROW(CheckOffered({.isas = {"AVX9"}}, kOffer), Error);
}

TEST(ExpandTest, OnlyIsaIsTheOneThatAllProblemsAskFor) {
  Request request = One("fc:ic64oc64");
  EXPECT_EQ(OnlyIsa(request, kOffer.isas), "AVX3");
  request.problems.push_back({.problem = "fc:ic64oc65", .axes = {.isas = {"AVX2"}}});
  EXPECT_EQ(OnlyIsa(request, kOffer.isas), "");
  request.problems[0].axes.isas = {"AVX2"};
  EXPECT_EQ(OnlyIsa(request, kOffer.isas), "AVX2");
}

}  // namespace
}  // namespace roofgap
