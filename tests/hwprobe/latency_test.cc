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

}  // namespace
}  // namespace roofgap
