#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "harness/measure/memory.h"
#include "tests/harness/made_up_tree.h"

namespace roofgap {
namespace {

constexpr int64_t kMiB = 1 << 20;

// Memory that is used and given back.
void Touch(int64_t bytes) {
  std::vector<char> memory(static_cast<size_t>(bytes), 'x');
  volatile char* const data = memory.data();
  for (int64_t i = 0; i < bytes; i += 4096) data[i] = 'y';
}

TEST(ResidentMemory, IsReadFromTheStatusOfTheProcess) {
  MadeUpTree tree;
  tree.Set("proc/self/status",
           "Name:\tVmRSS:\nVmPeak:\t    9000 kB\nVmHWM:\t    1712 kB\nVmRSS:\t     512 kB\nThreads:\t1");
  const ResidentMemory memory = ReadResidentMemory(tree.root());
  EXPECT_EQ(memory.now_bytes, 512 * 1024);
  EXPECT_EQ(memory.peak_bytes, 1712 * 1024);
}

TEST(ResidentMemory, WhatIsMissingOrGarbageIsUnknown) {
  MadeUpTree tree;
  EXPECT_FALSE(ReadResidentMemory(tree.root()).now_bytes);
  tree.Set("proc/self/status", "VmHWM:\tmuch\nVmRSS:");
  EXPECT_FALSE(ReadResidentMemory(tree.root()).now_bytes);
  EXPECT_FALSE(ReadResidentMemory(tree.root()).peak_bytes);
}

TEST(ResidentGrowth, ClaimsNothingWhereThePeakCannotBeReset) {
  MadeUpTree tree;
  tree.Set("proc/self/status", "VmHWM:\t1712 kB\nVmRSS:\t512 kB");
  bool called = false;
  EXPECT_FALSE(ResidentGrowth([&] { called = true; }, tree.root()));
  EXPECT_TRUE(called);
}

TEST(ResidentGrowth, IsThePeakDuringTheCallOverWhatWasThereBefore) {
  MadeUpTree tree;
  tree.Set("proc/self/clear_refs", "").Set("proc/self/status", "VmHWM:\t1000 kB\nVmRSS:\t1000 kB");
  const auto call = [&] { tree.Set("proc/self/status", "VmHWM:\t1700 kB\nVmRSS:\t900 kB"); };
  EXPECT_EQ(ResidentGrowth(call, tree.root()), 700 * 1024);
}

TEST(ResidentGrowth, FindsMemoryThatACallTakesAndGivesBackEveryTime) {
  for (int time = 0; time < 3; ++time) {
    const auto growth = ResidentGrowth([] { Touch(32 * kMiB); });
    if (!growth) GTEST_SKIP() << "the system does not tell";
    EXPECT_GE(*growth, 32 * kMiB - kMiB);
    EXPECT_LT(*growth, 48 * kMiB);
  }
}

TEST(ResidentTolerance, GrowsWithTheCallAndItsThreads) {
  EXPECT_EQ(ResidentTolerance(0, 1, false), kMiB + kMiB / 2);
  EXPECT_EQ(ResidentTolerance(100 * kMiB, 4, false), kMiB + 2 * kMiB + 2 * kMiB);
  EXPECT_EQ(ResidentTolerance(0, 2, true), kMiB + 4 * kMiB);
}

}  // namespace
}  // namespace roofgap
