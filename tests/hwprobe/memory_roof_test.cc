#include "hwprobe/memory_roof.h"

#include <gtest/gtest.h>

#include <vector>

#include "harness/measure/host.h"
#include "harness/measure/isa_scope.h"

namespace roofgap {
namespace {

TEST(MemoryRoofTest, RowsStandInTheOrderOfTheirCandidates) {
  const std::vector<int> cpus = {ReadHost().cores.front()};
  Bench bench(cpus, {}, 1);
  Arena arena(int64_t{4} << 20, 1, Buffer::Pages::kHuge, cpus);
  const std::vector<const MemoryLoop*> loops = LoopsOf(SupportedIsas().front(), "load");
  ASSERT_FALSE(loops.empty());
  const Level dram{.name = "DRAM"}, l1{.name = "L1", .capacity_bytes = 32 << 10};
  // The two are measured in groups of their own, DRAM last.
  const std::vector<MemoryCandidate> candidates = {{loops[0], dram, arena.slice_bytes()},
                                                   {loops[0], l1, loops[0]->Footprint(8 << 10)},
                                                   {loops[0], dram, arena.slice_bytes()}};
  const std::vector<Ceiling> rows =
      RefineMemory(bench, arena, candidates, {.explore_bytes = 1 << 14, .refine_bytes = 1 << 14, .refine_s = 1e-4});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].level, "DRAM");
  EXPECT_EQ(rows[1].level, "L1");
  EXPECT_EQ(rows[2].level, "DRAM");
  EXPECT_FALSE(rows[0].capacity_bytes.has_value());
  EXPECT_EQ(rows[1].capacity_bytes, 32 << 10);
}

}  // namespace
}  // namespace roofgap
