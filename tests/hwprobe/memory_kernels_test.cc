#include "hwprobe/memory_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/buffer.h"

namespace roofgap {
namespace {

constexpr float kScale = 0.5f;

// One pass of the pattern over `x`, element by element; returns elements loaded plus elements stored. `lanes`: of the
// loop's vectors, which read2_write1 is about.
int64_t Pass(const MemoryLoop& loop, int64_t lanes, std::vector<float>& x) {
  const int64_t count = static_cast<int64_t>(x.size());
  const int64_t next = count / loop.arrays;
  int64_t moved = 0;
  for (int64_t i = 0; i < next; ++i) {
    if (loop.pattern == "load") {
      moved += 1;
    } else if (loop.pattern == "store" || loop.pattern == "nt_store") {
      x[i] = kScale;
      moved += 1;
    } else if (loop.pattern == "copy" || loop.pattern == "nt_copy") {
      x[i + next] = x[i];
      moved += 2;
    } else if (loop.pattern == "update") {
      x[i] += kScale;
      moved += 2;
    } else if (loop.pattern == "triad") {
      x[i + 2 * next] = x[i] + kScale * x[i + next];
      moved += 3;
    } else if (loop.pattern == "read2_write1") {
      if (i / lanes % 3 == 2) x[i] = std::max(x[i - lanes], x[i - 2 * lanes]);
      moved += 1;
    }
  }
  return moved;
}

int64_t LanesOf(const MemoryLoop& loop) {
  const int span = loop.pattern == "read2_write1" ? 3 : 1;
  return loop.granule_bytes / (4 * loop.arrays * loop.streams * loop.unroll * span);
}

std::vector<float> Values(int64_t count) {
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) x.push_back(static_cast<float>(i * 7919 % 1009) / 64);
  return x;
}

TEST(MemoryKernelsTest, EveryPatternWritesWhatItShouldAndNothingElse) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const MemoryLoop& loop : MemoryLoops()) {
      for (const int passes : {1, 3}) {
        const int64_t footprint = 5 * loop.granule_bytes;
        const int64_t count = footprint / 4;
        constexpr int64_t kBeyond = 64;
        const Buffer buffer(static_cast<size_t>(footprint + kBeyond * 4));
        const std::vector<float> start = Values(count + kBeyond);
        std::copy(start.begin(), start.end(), buffer.as<float>());
        std::vector<float> expected(start.begin(), start.begin() + count);
        for (int pass = 0; pass < passes; ++pass) Pass(loop, LanesOf(loop), expected);
        expected.insert(expected.end(), start.begin() + count, start.end());

        loop.run(buffer.as<float>(), footprint, passes, kScale);
        const std::vector<float> got(buffer.as<float>(), buffer.as<float>() + count + kBeyond);
        EXPECT_EQ(got, expected) << isa << ' ' << loop.pattern << " unroll " << loop.unroll << " streams "
                                 << loop.streams;
      }
    }
  }
}

TEST(MemoryKernelsTest, BytesAreTheProgramsLoadsAndStores) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const MemoryLoop& loop : MemoryLoops()) {
      const int64_t footprint = 3 * loop.granule_bytes;
      std::vector<float> x(static_cast<size_t>(footprint / 4));
      EXPECT_EQ(loop.BytesPerPass(footprint), 4.0 * static_cast<double>(Pass(loop, LanesOf(loop), x)))
          << isa << ' ' << loop.pattern;
    }
  }
}

TEST(MemoryKernelsTest, FootprintIsTheMostWholeGranulesThatFit) {
  const IsaScope scope(SupportedIsas().front());
  for (const MemoryLoop& loop : MemoryLoops()) {
    EXPECT_EQ(loop.Footprint(7 * loop.granule_bytes + 1), 7 * loop.granule_bytes);
    EXPECT_LE(loop.granule_bytes, 4096) << "the smallest working set of the sweep";
  }
}

TEST(MemoryKernelsTest, EveryIsaHasEveryPatternInItsOwnCode) {
  const std::set<std::string> all = {"load", "read2_write1", "copy", "update", "triad", "store", "nt_copy", "nt_store"};
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    std::set<std::string> patterns;
    for (const MemoryLoop& loop : MemoryLoops()) {
      patterns.insert(std::string(loop.pattern));
      EXPECT_EQ(loop.isa, isa);
      EXPECT_EQ(loop.past_caches(), loop.pattern.starts_with("nt_"));
    }
    EXPECT_EQ(patterns, all) << isa;
  }
}

}  // namespace
}  // namespace roofgap
