#include <gtest/gtest.h>

#include "harness/plan/expand.h"
#include "harness/run/runner.h"

namespace roofgap {
namespace {

TEST(RunCoreKind, IsThatOfTheCoresOfEachRowsOwnThreads) {
  Request request{.name = "test"};
  request.problems.push_back({.problem = "fc:ic8oc8", .where = "here"});
  request.problems.back().axes = {.variants = {"reference"}, .threads = {1, 2, 3}};
  std::vector<Case> cases = Expand(request, {.max_threads = 3, .isas = {"AVX2"}, .process_isa = "AVX2"});
  for (Case& one : cases) one.support = {.ok = false, .reason = "not here"};
  const RunContext context{
      .host = {.cores = {4, 5, 0}}, .run_id = "run", .core_kinds = {{"performance", {0, 1}}, {"efficiency", {4, 5}}}};
  const std::vector<Record> records = RunGroup(cases, context);
  ASSERT_EQ(records.size(), 3u);
  for (const Record& record : records) {
    EXPECT_EQ(record.core_kind, record.threads == 3 ? "mixed" : "efficiency") << record.threads;
  }
}

}  // namespace
}  // namespace roofgap
