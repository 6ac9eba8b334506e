#include "hwprobe/latency.h"

#include <gtest/gtest.h>

#include <set>

#include "kernels/api/buffer.h"

namespace roofgap {
namespace {

TEST(LatencyTest, TheCycleVisitsEveryLineOnceAndComesBack) {
  for (const int64_t lines : {2, 3, 64, 1000}) {
    for (const uint64_t seed : {1, 2, 3}) {
      const Buffer buffer(static_cast<size_t>(lines * kLineBytes));
      LinkCycle(buffer.data(), lines, seed);
      std::set<const std::byte*> visited;
      const std::byte* place = buffer.data();
      for (int64_t i = 0; i < lines; ++i) {
        EXPECT_EQ((place - buffer.data()) % kLineBytes, 0);
        visited.insert(place);
        place = Chase(place, 1);
      }
      EXPECT_EQ(place, buffer.data());
      EXPECT_EQ(static_cast<int64_t>(visited.size()), lines);
      EXPECT_EQ(Chase(buffer.data(), lines), buffer.data());
    }
  }
}

TEST(LatencyTest, ALevelThatIsNearlyAsSlowAsTheNextIsNoted) {
  std::vector<Ceiling> rows(4);
  const char* const names[] = {"L1", "L2", "L3", "DRAM"};
  const double ns[] = {1, 4, 138, 160};
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].level = names[i];
    rows[i].best = ns[i];
  }
  const std::vector<std::string> notes = NearlyEqualLatencies(rows);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].find("latency of L3 (138.0 ns) is nearly that of DRAM (160.0 ns)"), 0u) << notes[0];
  rows[2].best = 13;
  EXPECT_TRUE(NearlyEqualLatencies(rows).empty());
}

}  // namespace
}  // namespace roofgap
