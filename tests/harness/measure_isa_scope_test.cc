#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

TEST(IsaScope, ListsTheBestTargetFirstAndTheBaselineLast) {
  const std::vector<std::string> isas = SupportedIsas();
  ASSERT_FALSE(isas.empty());
  EXPECT_EQ(isas.back(), hwy::TargetName(HWY_STATIC_TARGET));
  EXPECT_EQ(std::count(isas.begin(), isas.end(), "Unknown"), 0);
}

TEST(IsaScope, HoldsDispatchToItsTargetWithoutLeavingTheChoiceOpen) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    EXPECT_STREQ(hwy::TargetName(hwy::SupportedTargets()), isa.c_str());
    EXPECT_TRUE(hwy::GetChosenTarget().IsInitialized());
  }
}

TEST(IsaScope, ListIsTheSameInsideAScope) {
  const std::vector<std::string> outside = SupportedIsas();
  const IsaScope scope(outside.back());
  EXPECT_EQ(SupportedIsas(), outside);
}

TEST(IsaScope, NestsAndGivesBackWhatWasThere) {
  const std::vector<std::string> isas = SupportedIsas();
  const int64_t all = hwy::SupportedTargets();
  {
    const IsaScope outer(isas.back());
    {
      const IsaScope inner(isas.front());
      EXPECT_STREQ(hwy::TargetName(hwy::SupportedTargets()), isas.front().c_str());
    }
    EXPECT_STREQ(hwy::TargetName(hwy::SupportedTargets()), isas.back().c_str());
  }
  EXPECT_EQ(hwy::SupportedTargets(), all);
  EXPECT_TRUE(hwy::GetChosenTarget().IsInitialized());
}

TEST(IsaScope, RefusesWhatThisMachineDoesNotRunAndSaysWhatItDoes) {
  for (const char* isa : {"", "avx2", "AVX1024"}) {
    try {
      const IsaScope scope(isa);
      FAIL() << isa;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find('"' + std::string(isa) + '"'), std::string::npos) << message;
      EXPECT_NE(message.find(SupportedIsas().front()), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace roofgap
