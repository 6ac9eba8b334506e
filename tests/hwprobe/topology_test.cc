#include "hwprobe/topology.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

fs::path Data(const std::string& name) { return fs::path(ROOFGAP_SOURCE_DIR) / "tests/hwprobe/data" / name; }

// `text` without its parts that start with `begin`, each up to the next `end`.
std::string Without(std::string text, const std::string& begin, const std::string& end) {
  for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    text.erase(at, text.find(end, at + begin.size()) + end.size() - at);
  }
  return text;
}

void ExpectCache(const Cache& cache, const std::string& level, int64_t kib, int shared_by, int count) {
  EXPECT_EQ(cache.level, level);
  EXPECT_EQ(cache.bytes, kib * 1024);
  EXPECT_EQ(cache.shared_by, shared_by);
  EXPECT_EQ(cache.count, count);
}

Machine MachineOf(const std::string& xml) { return DescribeMachine(ReadTopology(Data(xml)), Host{}); }

TEST(TopologyTest, ReadsATwoSocketServer) {
  const Topology topology = ReadTopology(Data("two_socket_server.xml"));
  EXPECT_EQ(topology.packages, 2);
  EXPECT_EQ(topology.cores, 16);
  EXPECT_EQ(topology.hardware_threads, 32);
  EXPECT_EQ(topology.numa_nodes, 2);
  ASSERT_EQ(topology.caches.size(), 3u);
  ExpectCache(topology.caches[0], "L1", 32, 1, 16);
  ExpectCache(topology.caches[1], "L2", 1024, 1, 16);
  ExpectCache(topology.caches[2], "L3", 32 * 1024, 4, 4);
  ASSERT_EQ(topology.core_kinds.size(), 1u);
  EXPECT_EQ(topology.core_kinds[0].name, "uniform");
  const std::vector<int>& cpus = topology.core_kinds[0].cpus;
  ASSERT_EQ(cpus.size(), 32u);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(cpus[i], i) << "siblings, 16 and up, come after one CPU of each core";
}

TEST(TopologyTest, ReadsAHybridLaptop) {
  const Topology topology = ReadTopology(Data("hybrid_laptop.xml"));
  EXPECT_EQ(topology.cores, 6);
  EXPECT_EQ(topology.hardware_threads, 8);
  ASSERT_EQ(topology.caches.size(), 5u);
  ExpectCache(topology.caches[0], "L1", 48, 1, 2);
  ExpectCache(topology.caches[1], "L1", 32, 1, 4);
  ExpectCache(topology.caches[2], "L2", 2048, 4, 1);
  ExpectCache(topology.caches[3], "L2", 1280, 1, 2);
  ExpectCache(topology.caches[4], "L3", 12 * 1024, 6, 1);
  ASSERT_EQ(topology.core_kinds.size(), 2u);
  EXPECT_EQ(topology.core_kinds[0].name, "performance");
  EXPECT_EQ(topology.core_kinds[0].cpus, (std::vector<int>{0, 2, 1, 3}));
  EXPECT_EQ(topology.core_kinds[1].name, "efficiency");
  EXPECT_EQ(topology.core_kinds[1].cpus, (std::vector<int>{4, 5, 6, 7}));
}

TEST(TopologyTest, ReadsABigLittleBoardWithoutL3) {
  const Topology topology = ReadTopology(Data("big_little_board.xml"));
  EXPECT_EQ(topology.cores, 6);
  ASSERT_EQ(topology.caches.size(), 4u);
  ExpectCache(topology.caches[2], "L2", 1024, 2, 1);
  ExpectCache(topology.caches[3], "L2", 512, 4, 1);
  ASSERT_EQ(topology.core_kinds.size(), 2u);
  EXPECT_EQ(topology.core_kinds[0].name, "performance");
  EXPECT_EQ(topology.core_kinds[0].cpus, (std::vector<int>{4, 5}));
}

TEST(TopologyTest, CallsKindsUnknownThatTheSystemDoesNotRank) {
  std::ifstream file(Data("big_little_board.xml"));
  std::stringstream text;
  text << file.rdbuf();
  const std::string unranked =
      Without(Without(text.str(), " forced_efficiency=\"", "\""), "<info name=\"LinuxCapacity\"", "/>");
  ASSERT_NE(unranked, text.str());
  const fs::path xml = fs::path(testing::TempDir()) / "unranked.xml";
  std::ofstream(xml) << unranked;
  const Topology topology = ReadTopology(xml);
  ASSERT_EQ(topology.core_kinds.size(), 2u);
  EXPECT_EQ(topology.core_kinds[0].name, "unknown");
  EXPECT_EQ(topology.core_kinds[1].name, "unknown");
}

TEST(TopologyTest, RefusesAFileThatIsNoTopologyInOneLine) {
  const fs::path xml = fs::path(testing::TempDir()) / "no_topology.xml";
  std::ofstream(xml) << "not XML at all\n";
  for (const fs::path& path : {xml, fs::path("/nonexistent/topology.xml")}) {
    try {
      ReadTopology(path);
      FAIL() << path;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(path.string()), std::string::npos);
      EXPECT_EQ(message.find('\n'), std::string::npos);
    }
  }
}

TEST(TopologyTest, ReadsThisSystem) {
  const Topology topology = ReadTopology();
  EXPECT_GE(topology.cores, 1);
  EXPECT_GE(topology.hardware_threads, topology.cores);
  EXPECT_FALSE(topology.core_kinds.empty());
}

TEST(TopologyTest, CapacitiesGrowWithTheThreadsUntilAllCachesAreInUse) {
  const Machine server = MachineOf("two_socket_server.xml");
  const auto last = [&](int threads) { return ReportedCapacities(server, threads).back().capacity_bytes / 1024; };
  EXPECT_EQ(last(1), 32 + 1024 + 32768);
  EXPECT_EQ(last(4), 4 * (32 + 1024) + 32768);
  EXPECT_EQ(last(5), 5 * (32 + 1024) + 2 * 32768);
  EXPECT_EQ(last(16), 16 * (32 + 1024) + 4 * 32768);
  EXPECT_EQ(last(32), last(16));
}

TEST(TopologyTest, CapacitiesOfAHybridCountTheLargerCachesFirst) {
  const Machine laptop = MachineOf("hybrid_laptop.xml");
  const std::vector<ReportedLevel> one = ReportedCapacities(laptop, 1);
  ASSERT_EQ(one.size(), 3u);
  EXPECT_EQ(one[0].capacity_bytes, 48 * 1024);
  EXPECT_EQ(one[1].capacity_bytes, (48 + 2048) * 1024);
  const std::vector<ReportedLevel> all = ReportedCapacities(laptop, 6);
  EXPECT_EQ(all[0].capacity_bytes, (2 * 48 + 4 * 32) * 1024);
  EXPECT_EQ(all[1].capacity_bytes, all[0].capacity_bytes + (2048 + 2 * 1280) * 1024);
}

TEST(TopologyTest, TakesTheCachesOfTheSystemsFilesWhereHwlocSeesNone) {
  Host host;
  host.caches = {{1, 32 << 10, {0}}, {2, 1 << 20, {0, 1}}};
  Topology topology;
  topology.cores = topology.hardware_threads = 4;
  const Machine machine = DescribeMachine(topology, host);
  ASSERT_EQ(machine.caches.size(), 2u);
  ExpectCache(machine.caches[0], "L1", 32, 1, 4);
  ExpectCache(machine.caches[1], "L2", 1024, 2, 2);
}

}  // namespace
}  // namespace roofgap
