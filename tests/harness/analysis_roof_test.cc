#include <gtest/gtest.h>

#include <tuple>

#include "harness/analysis/roof.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

void ExpectRoof(const Roof& roof, const char* bound, const char* level, double t_roof_ns) {
  EXPECT_EQ(roof.bound, bound);
  EXPECT_EQ(roof.level, level);
  ASSERT_TRUE(roof.t_roof_ns.has_value());
  EXPECT_DOUBLE_EQ(*roof.t_roof_ns, t_roof_ns);
  EXPECT_TRUE(roof.warnings.empty()) << roof.warnings[0];
}

void ExpectAttainable(const Roof& roof, const char* bound, const char* level, double t_attainable_ns) {
  EXPECT_EQ(roof.attainable_bound, bound);
  EXPECT_EQ(roof.attainable_level, level);
  ASSERT_TRUE(roof.t_attainable_ns.has_value());
  EXPECT_DOUBLE_EQ(*roof.t_attainable_ns, t_attainable_ns);
}

TEST(AnalysisRoof, ComputeBinds) {
  const Roof roof = FindRoof(MadeUpRow(1e6, 500), MadeUpCeilings());
  ExpectRoof(roof, "compute", "L1", 1e6 / 100);
  ExpectAttainable(roof, "compute", "L1", 1e6 / 90);
  EXPECT_DOUBLE_EQ(*roof.peak_median_gflops, 90);
}

TEST(AnalysisRoof, ExecutedWorkCountsNotWhatMustBeDone) {
  Record row = MadeUpRow(1e6, 500);
  row.executed_flops = 4e5;
  ExpectRoof(FindRoof(row, MadeUpCeilings()), "compute", "L1", 4000);
}

TEST(AnalysisRoof, L1Binds) {
  const Roof roof = FindRoof(MadeUpRow(100, 800), MadeUpCeilings());
  ExpectRoof(roof, "memory", "L1", 8);
  ExpectAttainable(roof, "memory", "L1", 10);
}

TEST(AnalysisRoof, L2Binds) {
  const Roof roof = FindRoof(MadeUpRow(100, 9000), MadeUpCeilings());
  ExpectRoof(roof, "memory", "L2", (9000 - 1000) / 50.0);
  ExpectAttainable(roof, "memory", "L2", 9000 / 40.0);
}

TEST(AnalysisRoof, L3Binds) {
  const Roof roof = FindRoof(MadeUpRow(100, 60000), MadeUpCeilings());
  ExpectRoof(roof, "memory", "L3", (60000 - 10000) / 20.0);
  ExpectAttainable(roof, "memory", "L3", 60000 / 16.0);
}

TEST(AnalysisRoof, DramBinds) {
  const Roof roof = FindRoof(MadeUpRow(100, 300000), MadeUpCeilings());
  ExpectRoof(roof, "memory", "DRAM", (300000 - 100000) / 10.0);
  ExpectAttainable(roof, "memory", "DRAM", 300000 / 8.0);
}

TEST(AnalysisRoof, WhatTheNearerCacheHoldsIsNotBroughtAgain) {
  // 1500 bytes live in L2, but only 500 of them must come from there: 10 ns, less than the 15 ns through L1.
  const Roof roof = FindRoof(MadeUpRow(100, 1500), MadeUpCeilings());
  ExpectRoof(roof, "memory", "L1", 15);
  ExpectAttainable(roof, "memory", "L2", 1500 / 40.0);
}

TEST(AnalysisRoof, ReadAndWrittenBytesCountTogether) {
  ExpectRoof(FindRoof(MadeUpRow(100, 6000, 3000), MadeUpCeilings()), "memory", "L2", 160);
}

TEST(AnalysisRoof, ColdBringsEverythingFromDram) {
  Record row = MadeUpRow(100, 800);
  row.cache = "cold";
  const Roof roof = FindRoof(row, MadeUpCeilings());
  ExpectRoof(roof, "memory", "DRAM", 80);
  ExpectAttainable(roof, "memory", "DRAM", 100);
}

TEST(AnalysisRoof, NextRoofIsWhatRemainsWithoutTheOneThatBinds) {
  EXPECT_DOUBLE_EQ(*FindRoof(MadeUpRow(1e6, 500), MadeUpCeilings()).t_next_ns, 5);
  EXPECT_DOUBLE_EQ(*FindRoof(MadeUpRow(100, 9000), MadeUpCeilings()).t_next_ns, 90);
  EXPECT_DOUBLE_EQ(*FindRoof(MadeUpRow(10000, 9000), MadeUpCeilings()).t_next_ns, 100);
}

TEST(AnalysisRoof, HardRoofTakesTheFastestPatternAndPages) {
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows.push_back(MadeUpBandwidth("L1", 160, 70, {}));
  ceilings.rows.back().pattern = "read2_write1";
  ceilings.rows.push_back(MadeUpBandwidth("L1", 90, 60, {}));
  ceilings.rows.back().pages = "small";
  ExpectRoof(FindRoof(MadeUpRow(100, 800), ceilings), "memory", "L1", 5);
}

TEST(AnalysisRoof, AttainableTakesThePatternNearestToTheMix) {
  Ceilings ceilings = MadeUpCeilings();
  for (auto [pattern, median] :
       {std::pair("copy", 20.0), {"update", 30.0}, {"nt_copy", 22.0}, {"store", 10.0}, {"triad", 25.0}}) {
    ceilings.rows.push_back(MadeUpBandwidth("L1", 1, median, {}));
    ceilings.rows.back().pattern = pattern;
  }
  const auto attainable = [&](double read, double written) {
    return *FindRoof(MadeUpRow(1, read, written), ceilings).t_attainable_ns;
  };
  EXPECT_DOUBLE_EQ(attainable(800, 0), 800 / 80.0) << "load";
  EXPECT_DOUBLE_EQ(attainable(700, 100), 800 / 80.0) << "load, 7/8 being nearer to 1 than to 2/3";
  EXPECT_DOUBLE_EQ(attainable(500, 300), 800 / 25.0) << "triad";
  EXPECT_DOUBLE_EQ(attainable(400, 400), 800 / 22.0) << "nt_copy, the faster of two equally near; not update";
  EXPECT_DOUBLE_EQ(attainable(0, 800), 800 / 10.0) << "store";
}

TEST(AnalysisRoof, NarrowerVectorsHaveTheirOwnBandwidthWhereItWasMeasuredNearTheCore) {
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows.push_back(MadeUpPeak("AVX2", 100, 90));
  Record row = MadeUpRow(100, 800);
  row.isa = "AVX2";
  ExpectRoof(FindRoof(row, ceilings), "memory", "L1", 8);  // AVX3's: the only one there is
  ceilings.rows.push_back(MadeUpBandwidth("L1", 50, 40, {}));
  ceilings.rows.back().isa = "AVX2";
  ExpectRoof(FindRoof(row, ceilings), "memory", "L1", 16);
  ExpectAttainable(FindRoof(row, ceilings), "memory", "L1", 20);
  ExpectRoof(FindRoof(MadeUpRow(100, 800), ceilings), "memory", "L1", 8);
}

TEST(AnalysisRoof, WhatANarrowerIsaReachedBoundsTheWiderToo) {
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows.push_back(MadeUpBandwidth("L1", 200, 40, {}));
  ceilings.rows.back().isa = "AVX2";
  ExpectRoof(FindRoof(MadeUpRow(100, 800), ceilings), "memory", "L1", 4);
}

TEST(AnalysisRoof, FartherOutAnyIsaBoundsAll) {
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows.push_back(MadeUpPeak("AVX2", 100, 90));
  ceilings.rows.push_back(MadeUpBandwidth("L3", 18, 15, {}));
  ceilings.rows.back().isa = "AVX2";
  Record row = MadeUpRow(100, 60000);
  row.isa = "AVX2";
  ExpectRoof(FindRoof(row, ceilings), "memory", "L3", 2500);
}

void ExpectNothing(const Roof& roof, const std::string& warning) {
  EXPECT_FALSE(roof.t_roof_ns || roof.t_attainable_ns);
  EXPECT_EQ(roof.bound + roof.level, "");
  ASSERT_FALSE(roof.warnings.empty());
  EXPECT_EQ(roof.warnings[0], warning);
}

TEST(AnalysisRoof, MissingThreadCountLeavesTheRoofEmptyAndSaysWhatToRun) {
  Record row = MadeUpRow(100, 800);
  row.threads = 2;
  const Roof roof = FindRoof(row, MadeUpCeilings());
  ExpectNothing(roof, "no fma ceiling for f32 AVX3 on 2 threads (uniform cores): run hwprobe --threads 2");
  EXPECT_EQ(roof.warnings.at(1), "no memory ceiling for 2 threads (uniform cores): run hwprobe --threads 2");
}

TEST(AnalysisRoof, MissingIsaOrTypeLeavesTheRoofEmpty) {
  Record row = MadeUpRow(100, 800);
  row.isa = "SSE4";
  ExpectNothing(FindRoof(row, MadeUpCeilings()), "no fma ceiling for f32 SSE4 on 1 thread (uniform cores)");
  row = MadeUpRow(100, 800);
  row.dtype = "bf16";
  ExpectNothing(FindRoof(row, MadeUpCeilings()), "no dot ceiling for bf16 AVX3 on 1 thread (uniform cores)");
  row.dtype = "f64";
  ExpectNothing(FindRoof(row, MadeUpCeilings()), "no fma ceiling for f64 AVX3 on 1 thread (uniform cores)");
}

TEST(AnalysisRoof, EachDataTypeStandsUnderItsOwnPeak) {
  Ceilings ceilings = MadeUpCeilings();
  for (const auto& [dtype, mix, best] : {std::tuple("f64", "fma", 50.0), std::tuple("f64", "fma_add", 70.0),
                                         std::tuple("bf16", "dot", 200.0), std::tuple("s8", "dot", 400.0)}) {
    ceilings.rows.push_back(MadeUpPeak("AVX3", best, best));
    ceilings.rows.back().dtype = dtype;
    ceilings.rows.back().op_mix = mix;
  }
  for (const auto& [dtype, best] :
       {std::pair("f32", 100.0), std::pair("f64", 50.0), std::pair("bf16", 200.0), std::pair("s8", 400.0)}) {
    Record row = MadeUpRow(1e6, 500);
    row.dtype = dtype;
    ExpectRoof(FindRoof(row, ceilings), "compute", "L1", 1e6 / best);
  }
}

// A slower kind of core beside the made-up one: half of everything.
Ceilings TwoKinds() {
  Ceilings ceilings = MadeUpCeilings();
  for (Ceiling row : MadeUpCeilings().rows) {
    row.core_kind = "efficiency";
    *row.best /= 2;
    *row.median /= 2;
    ceilings.rows.push_back(row);
  }
  for (size_t i = 0; i < MadeUpCeilings().rows.size(); ++i) ceilings.rows[i].core_kind = "performance";
  return ceilings;
}

TEST(AnalysisRoof, ARowStandsUnderTheRoofsOfItsKindOfCore) {
  Record row = MadeUpRow(1e6, 500);
  row.core_kind = "performance";
  ExpectRoof(FindRoof(row, TwoKinds()), "compute", "L1", 1e4);
  row.core_kind = "efficiency";
  ExpectRoof(FindRoof(row, TwoKinds()), "compute", "L1", 2e4);
  row = MadeUpRow(100, 9000);
  row.core_kind = "efficiency";
  ExpectRoof(FindRoof(row, TwoKinds()), "memory", "L2", (9000 - 1000) / 25.0);
}

TEST(AnalysisRoof, AKindThatWasNotMeasuredHasTheHighestRoofOfTheOthersAndAWarning) {
  Record row = MadeUpRow(1e6, 500);
  row.core_kind = "unknown";
  const Roof roof = FindRoof(row, TwoKinds());
  EXPECT_EQ(roof.t_roof_ns, 1e4);
  EXPECT_EQ(roof.warnings,
            std::vector<std::string>{"no ceilings of unknown cores: those of efficiency, performance cores instead"});
  row.threads = 2;
  ExpectNothing(FindRoof(row, TwoKinds()),
                "no fma ceiling for f32 AVX3 on 2 threads (unknown cores): run hwprobe --threads 2");
}

TEST(AnalysisRoof, ATeamAcrossKindsOfCoresHasTheRoofsOfSuchTeamsAndNoOthers) {
  Record row = MadeUpRow(1e6, 500);
  row.core_kind = "mixed";
  ExpectNothing(FindRoof(row, TwoKinds()),
                "no fma ceiling for f32 AVX3 on 1 thread (mixed cores): run hwprobe --threads 1");
  ExpectRoof(FindRoof(row, MadeUpCeilings()), "compute", "L1", 1e4);
  Ceilings ceilings = TwoKinds();
  for (Ceiling ceiling : MadeUpCeilings().rows) {
    ceiling.core_kind = "mixed";
    *ceiling.best *= 0.8;
    ceilings.rows.push_back(ceiling);
  }
  ExpectRoof(FindRoof(row, ceilings), "compute", "L1", 1e6 / 80);
}

TEST(AnalysisRoof, OnlyFmaIsADenominator) {
  Ceilings ceilings = MadeUpCeilings();
  ceilings.rows.push_back(MadeUpPeak("AVX3", 1000, 900));
  ceilings.rows.back().op_mix = "fma_add";
  ExpectRoof(FindRoof(MadeUpRow(1e6, 500), ceilings), "compute", "L1", 1e4);
}

TEST(AnalysisRoof, NoMemoryCeilingLeavesTheRoofEmpty) {
  const Ceilings ceilings = {.rows = {MadeUpPeak("AVX3", 100, 90)}};
  const Roof roof = FindRoof(MadeUpRow(100, 800), ceilings);
  ExpectNothing(roof, "no memory ceiling for 1 thread (uniform cores)");
  EXPECT_EQ(roof.peak_median_gflops, 90) << "what FLOPs promise can still be told";
}

TEST(AnalysisRoof, UnknownCapacityLeavesTheFartherLevelOutOfTheBound) {
  Ceilings ceilings = MadeUpCeilings();
  for (Ceiling& ceiling : ceilings.rows) {
    if (ceiling.level == "L1") ceiling.capacity_bytes.reset();
  }
  const Roof roof = FindRoof(MadeUpRow(100, 9000), ceilings);
  EXPECT_DOUBLE_EQ(*roof.t_roof_ns, 90) << "the L1 part; 8000 bytes from L2 would be made up";
  EXPECT_FALSE(roof.t_attainable_ns.has_value());
  EXPECT_EQ(roof.warnings.size(), 2u);
}

TEST(AnalysisRoof, MachineWithoutL3GoesFromL2ToDram) {
  Ceilings ceilings = MadeUpCeilings();
  std::erase_if(ceilings.rows, [](const Ceiling& ceiling) { return ceiling.level == "L3"; });
  const Roof roof = FindRoof(MadeUpRow(100, 300000), ceilings);
  ExpectRoof(roof, "memory", "DRAM", (300000 - 10000) / 10.0);
  ExpectAttainable(roof, "memory", "DRAM", 37500);
}

TEST(AnalysisRoof, RowWithoutCountsHasNoRoofAndNoWarning) {
  Record row = MadeUpRow(100, 800);
  row.bytes_read.reset();
  const Roof roof = FindRoof(row, MadeUpCeilings());
  EXPECT_FALSE(roof.t_roof_ns || roof.t_attainable_ns);
  EXPECT_TRUE(roof.warnings.empty());
}

TEST(AnalysisRoof, MemoryThatWasFasterBesideTheRowRaisesTheHardRoofOfDram) {
  Record row = MadeUpRow(1000, 1e6);
  row.cache = "cold";
  row.canary_ns = 100;
  const Roof usual = FindRoof(row, MadeUpCeilings());
  EXPECT_DOUBLE_EQ(*usual.t_roof_ns, 1e6 / 10);
  row.canary_bytes = 900;  // 9 GB/s, of the 10 that loads reached
  EXPECT_DOUBLE_EQ(*FindRoof(row, MadeUpCeilings()).t_roof_ns, *usual.t_roof_ns);
  EXPECT_EQ(FindRoof(row, MadeUpCeilings()).warnings, usual.warnings);
  row.canary_bytes = 1500;
  const Roof raised = FindRoof(row, MadeUpCeilings());
  EXPECT_DOUBLE_EQ(*raised.t_roof_ns, 1e6 / 15);
  EXPECT_EQ(raised.t_attainable_ns, usual.t_attainable_ns);
  ASSERT_EQ(raised.warnings.size(), usual.warnings.size() + 1);
  EXPECT_NE(raised.warnings.back().find("50 % faster"), std::string::npos);
}

}  // namespace
}  // namespace roofgap
