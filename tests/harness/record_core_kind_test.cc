#include <gtest/gtest.h>

#include "harness/record/core_kind.h"

namespace roofgap {
namespace {

const std::vector<CoreKind> kKinds = {{"performance", {0, 2, 1, 3}}, {"efficiency", {4, 5, 6, 7}}};

TEST(RecordCoreKind, IsThatOfTheCoresThatTheTeamIsPinnedTo) {
  const std::vector<int> cores = {0, 2, 4, 5, 6, 7};
  EXPECT_EQ(CoreKindOf(kKinds, cores, 1), "performance");
  EXPECT_EQ(CoreKindOf(kKinds, cores, 2), "performance");
  EXPECT_EQ(CoreKindOf(kKinds, cores, 3), "mixed");
  EXPECT_EQ(CoreKindOf(kKinds, cores, 6), "mixed");
  EXPECT_EQ(CoreKindOf(kKinds, {5, 4}, 2), "efficiency");
}

TEST(RecordCoreKind, IsUnknownForCpusOfNoKind) {
  EXPECT_EQ(CoreKindOf(kKinds, {99}, 1), "unknown");
  EXPECT_EQ(CoreKindOf({}, {0, 1}, 2), "unknown");
  EXPECT_EQ(CoreKindOf(kKinds, {0, 99}, 2), "mixed");
  EXPECT_EQ(CoreKindOf(kKinds, {}, 1), "unknown");
}

TEST(RecordCoreKind, KindsOfOneNameAreOne) {
  EXPECT_EQ(CoreKindOf({{"unknown", {0, 1}}, {"unknown", {2}}}, {0, 2}, 2), "unknown");
}

}  // namespace
}  // namespace roofgap
