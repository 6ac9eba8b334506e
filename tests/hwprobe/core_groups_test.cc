#include "hwprobe/core_groups.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

namespace roofgap {
namespace {

std::vector<CoreGroup> GroupsOf(const std::string& xml, const std::vector<int>& cores,
                                const std::vector<int>& threads) {
  const Topology topology = ReadTopology(std::filesystem::path(ROOFGAP_SOURCE_DIR) / "tests/hwprobe/data" / xml);
  Host host;
  host.cores = cores;
  return CoreGroups(DescribeMachine(topology, host), topology, host, threads);
}

void ExpectGroup(const CoreGroup& group, const std::string& kind, const std::vector<int>& cores,
                 const std::vector<int>& threads) {
  EXPECT_EQ(group.kind, kind);
  EXPECT_EQ(group.cores, cores) << kind;
  EXPECT_EQ(group.threads, threads) << kind;
}

void ExpectCache(const Cache& cache, const std::string& level, int64_t kib, int shared_by, int count) {
  EXPECT_EQ(cache.level, level);
  EXPECT_EQ(cache.bytes, kib * 1024);
  EXPECT_EQ(cache.shared_by, shared_by) << level;
  EXPECT_EQ(cache.count, count) << level;
}

TEST(CoreGroupsTest, AHybridLaptopHasRoofsOfEachKindAndOfAllTogether) {
  const auto groups = GroupsOf("hybrid_laptop.xml", {0, 2, 4, 5, 6, 7}, {1, 6});
  ASSERT_EQ(groups.size(), 3u);
  ExpectGroup(groups[0], "performance", {0, 2}, {1, 2});
  ExpectGroup(groups[1], "efficiency", {4, 5, 6, 7}, {1, 4});
  ExpectGroup(groups[2], "mixed", {0, 2, 4, 5, 6, 7}, {6});
}

TEST(CoreGroupsTest, EachKindHasTheCachesThatItReaches) {
  const auto groups = GroupsOf("hybrid_laptop.xml", {0, 2, 4, 5, 6, 7}, {1, 6});
  ASSERT_EQ(groups.size(), 3u);
  ASSERT_EQ(groups[0].caches.size(), 3u);
  ExpectCache(groups[0].caches[0], "L1", 48, 1, 2);
  ExpectCache(groups[0].caches[1], "L2", 1280, 1, 2);
  ExpectCache(groups[0].caches[2], "L3", 12 * 1024, 2, 1);
  ASSERT_EQ(groups[1].caches.size(), 3u);
  ExpectCache(groups[1].caches[0], "L1", 32, 1, 4);
  ExpectCache(groups[1].caches[1], "L2", 2048, 4, 1);
  ExpectCache(groups[1].caches[2], "L3", 12 * 1024, 4, 1);
  EXPECT_EQ(groups[2].caches.size(), 5u);
}

TEST(CoreGroupsTest, ABigLittleBoardIsFastestFirst) {
  const auto groups = GroupsOf("big_little_board.xml", {0, 1, 2, 3, 4, 5}, {1, 6});
  ASSERT_EQ(groups.size(), 3u);
  ExpectGroup(groups[0], "performance", {4, 5}, {1, 2});
  ExpectGroup(groups[1], "efficiency", {0, 1, 2, 3}, {1, 4});
  ExpectGroup(groups[2], "mixed", {0, 1, 2, 3, 4, 5}, {6});
}

TEST(CoreGroupsTest, EveryTeamThatARunPinsHasRoofs) {
  const std::vector<int> cores = {0, 2, 4, 5, 6, 7};
  const auto groups = GroupsOf("hybrid_laptop.xml", cores, {1, 2, 3, 5, 6});
  ASSERT_EQ(groups.size(), 3u);
  ExpectGroup(groups[0], "performance", {0, 2}, {1, 2});
  ExpectGroup(groups[1], "efficiency", {4, 5, 6, 7}, {1, 2, 3, 4});
  ExpectGroup(groups[2], "mixed", cores, {3, 5, 6});
}

TEST(CoreGroupsTest, WhereOneKindIsAllThatMayBeUsedThereIsOneGroup) {
  const auto groups = GroupsOf("hybrid_laptop.xml", {4, 6}, {1, 2});
  ASSERT_EQ(groups.size(), 1u);
  ExpectGroup(groups[0], "efficiency", {4, 6}, {1, 2});
  ASSERT_EQ(groups[0].caches.size(), 3u);
  ExpectCache(groups[0].caches[0], "L1", 32, 1, 4);
}

TEST(CoreGroupsTest, ATwoSocketServerIsOneGroupOfOneThreadPerCore) {
  std::vector<int> cores(16);
  std::iota(cores.begin(), cores.end(), 0);
  const auto groups = GroupsOf("two_socket_server.xml", cores, {1, 16});
  ASSERT_EQ(groups.size(), 1u);
  ExpectGroup(groups[0], "uniform", cores, {1, 16});
}

TEST(CoreGroupsTest, KindsThatTheSystemDoesNotNameAreOneUnknownGroup) {
  Topology topology;
  topology.cores = topology.hardware_threads = 4;
  topology.core_kinds = {{"unknown", {0, 1}}, {"unknown", {2, 3}}};
  Host host;
  host.cores = {0, 1, 2, 3};
  const auto groups = CoreGroups(DescribeMachine(topology, host), topology, host, {1, 4});
  ASSERT_EQ(groups.size(), 1u);
  ExpectGroup(groups[0], "unknown", {0, 1, 2, 3}, {1, 4});
}

TEST(CoreGroupsTest, CpusThatNoKindHasAreUnknown) {
  Host host;
  host.cores = {0, 1};
  const Topology topology;
  const auto groups = CoreGroups(DescribeMachine(topology, host), topology, host, {1, 2});
  ASSERT_EQ(groups.size(), 1u);
  ExpectGroup(groups[0], "unknown", {0, 1}, {1, 2});
}

}  // namespace
}  // namespace roofgap
