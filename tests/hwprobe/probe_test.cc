#include "hwprobe/probe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json.h"
#include "hwprobe/dot_kernels.h"
#include "hwprobe/report.h"
#include "tests/hwprobe/tiny_probe.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

TEST(ProbeTest, HasAComputeRoofOfEveryTypeAndMixForEveryIsaAndThreadCount) {
  std::set<std::tuple<std::string, std::string, std::string, int>> expected, got;
  for (const int threads : CheckedThreads({}, ReadHost())) {
    for (const std::string& isa : TinyProbe().machine.isa) {
      for (const char* dtype : {"f32", "f64"}) {
        for (const char* mix : {"fma", "fma_add", "mul_add"}) expected.insert({isa, dtype, mix, threads});
      }
    }
    for (const ComputeLoop& loop : DotLoops()) {
      expected.insert({std::string(loop.isa), std::string(loop.dtype), "dot", threads});
    }
  }
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind != "compute") continue;
    EXPECT_TRUE(got.insert({row.isa, row.dtype, row.op_mix, row.threads}).second)
        << "twice: " << row.isa << ' ' << row.dtype << ' ' << row.op_mix;
    EXPECT_EQ(row.unit, "GFLOP/s");
  }
  EXPECT_EQ(got, expected);
}

TEST(ProbeTest, HasEveryPatternOfEveryLevelAndThreeOnSmallPages) {
  const std::vector<std::string>& isas = TinyProbe().machine.isa;
  std::set<std::string> widths = {isas.front()};
  if (std::find(isas.begin(), isas.end(), "AVX2") != isas.end()) widths.insert("AVX2");
  std::set<std::string> expected, got;
  for (const int threads : CheckedThreads({}, ReadHost())) {
    const std::string team = " " + std::to_string(threads);
    for (const std::string level : {"L1", "L2", "DRAM"}) {
      for (const std::string pattern : {"load", "read2_write1", "copy"}) {
        expected.insert(isas.front() + " " + level + " " + pattern + " small" + team);
      }
      for (const std::string& isa : widths) {
        for (const std::string pattern : {"load", "read2_write1", "copy", "update", "triad", "store"}) {
          expected.insert(isa + " " + level + " " + pattern + " huge" + team);
        }
        if (level != "DRAM") continue;
        expected.insert(isa + " DRAM nt_copy huge" + team);
        expected.insert(isa + " DRAM nt_store huge" + team);
      }
    }
  }
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind != "memory") continue;
    const std::string key =
        row.isa + " " + row.level + " " + row.pattern + " " + row.pages + " " + std::to_string(row.threads);
    EXPECT_TRUE(got.insert(key).second) << "twice: " << key;
    EXPECT_EQ(row.unit, "GB/s");
    EXPECT_EQ(row.capacity_bytes.has_value(), row.level != "DRAM");
    if (row.capacity_bytes) {
      EXPECT_LT(*row.working_set_bytes, *row.capacity_bytes) << key;
    }
  }
  EXPECT_EQ(got, expected);
}

TEST(ProbeTest, TheCurveHasLoadAndCopyOnBothPageSizesFromASmallSetToPastTheCaches) {
  std::map<std::tuple<int, std::string, std::string>, std::vector<double>> sizes;
  for (const CurveRow& row : TinyProbe().curve) {
    EXPECT_EQ(row.machine_id, TinyProbe().machine.machine_id);
    EXPECT_FALSE(row.core_kind.empty());
    EXPECT_EQ(row.isa, TinyProbe().machine.isa.front());
    EXPECT_EQ(row.unit, "GB/s");
    ASSERT_TRUE(row.best && row.median && row.working_set_bytes);
    EXPECT_GE(*row.best, *row.median);
    EXPECT_GT(row.n, 0);
    sizes[{row.threads, row.pages, row.pattern}].push_back(*row.working_set_bytes);
  }
  for (const int threads : CheckedThreads({}, ReadHost())) {
    for (const std::string pages : {"huge", "small"}) {
      for (const std::string pattern : {"load", "copy"}) {
        const std::vector<double>& of = sizes[{threads, pages, pattern}];
        ASSERT_GE(of.size(), 5u) << threads << ' ' << pages << ' ' << pattern;
        EXPECT_TRUE(std::is_sorted(of.begin(), of.end()));
        EXPECT_LE(of.front(), 4096.0 * threads);
        EXPECT_GT(of.back(), 2.0 * (128 << 10) * threads);
      }
    }
  }
  EXPECT_EQ(sizes.size(), 4 * CheckedThreads({}, ReadHost()).size());
}

TEST(ProbeTest, ComputeRowsTellFlopsPerCycleOfACore) {
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind != "compute" || !row.clock_ghz) {
      EXPECT_FALSE(row.flop_per_cycle.has_value());
      continue;
    }
    ASSERT_TRUE(row.flop_per_cycle.has_value());
    EXPECT_DOUBLE_EQ(*row.flop_per_cycle * row.threads * *row.clock_ghz, *row.median);
  }
}

TEST(ProbeTest, HasTheLatencyOfEveryLevel) {
  std::vector<std::string> levels;
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind != "latency") continue;
    levels.push_back(row.level);
    EXPECT_EQ(row.unit, "ns");
    EXPECT_LE(*row.best, *row.median);
  }
  EXPECT_EQ(levels, (std::vector<std::string>{"L1", "L2", "DRAM"}));
}

TEST(ProbeTest, EveryRoofIsNoLowerThanItsMedianAndNamesItsMachine) {
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    EXPECT_EQ(row.machine_id, TinyProbe().machine.machine_id);
    EXPECT_FALSE(row.core_kind.empty());
    ASSERT_TRUE(row.best && row.median);
    EXPECT_GT(*row.best, 0);
    EXPECT_GT(row.n, 0);
    if (row.kind != "latency") {
      EXPECT_GE(*row.best, *row.median);
    }
    if (row.ci_low) {
      EXPECT_LE(*row.ci_low, *row.median);
    }
    if (row.ci_high) {
      EXPECT_GE(*row.ci_high, *row.median);
    }
  }
}

TEST(ProbeTest, RowsAreInFileOrder) {
  Ceilings shuffled = TinyProbe().ceilings;
  std::reverse(shuffled.rows.begin(), shuffled.rows.end());
  SortCeilings(TinyProbe().machine, shuffled);
  EXPECT_EQ(CsvText<Ceiling>(shuffled.rows), CsvText<Ceiling>(TinyProbe().ceilings.rows));
  EXPECT_EQ(shuffled.rows.front().kind, "compute");
  EXPECT_EQ(shuffled.rows.front().isa, TinyProbe().machine.isa.front());
  EXPECT_EQ(shuffled.rows.front().op_mix, "fma");
  EXPECT_EQ(shuffled.rows.back().level, "DRAM");
}

TEST(ProbeTest, IsWrittenAndReadBackAndReplacesAnEarlierProbe) {
  const fs::path dir = NewDir("written") / "deeper";
  for (int time = 0; time < 2; ++time) {
    CheckProbeDir(dir);
    WriteProbe(dir, TinyProbe());
  }
  EXPECT_EQ(ReadMachine(dir / files::kMachine).machine_id, TinyProbe().machine.machine_id);
  EXPECT_EQ(CsvText<Ceiling>(ReadCeilings(dir / files::kCeilings).rows), CsvText<Ceiling>(TinyProbe().ceilings.rows));
  int entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir)) ++entries;
  EXPECT_EQ(entries, 3);
  const std::vector<CurveRow> curve = ParseCsv<CurveRow>(ReadFile(dir / files::kCurve), "curve.csv");
  EXPECT_EQ(CsvText<CurveRow>(curve), CsvText<CurveRow>(TinyProbe().curve));
}

TEST(ProbeTest, RefusesADirectoryThatHoldsARun) {
  for (const std::string_view file : {files::kMeasurements, files::kRun}) {
    const fs::path dir = NewDir("holds_run");
    fs::create_directories(dir);
    std::ofstream(dir / file) << "x\n";
    EXPECT_NE(MessageOf([&] { CheckProbeDir(dir); }).find("holds a run"), std::string::npos);
  }
}

TEST(ProbeTest, ThreadsDefaultToOneAndAll) {
  Host host;
  host.cores = {0, 1, 2, 3};
  EXPECT_EQ(CheckedThreads({}, host), (std::vector<int>{1, 4}));
  EXPECT_EQ(CheckedThreads({4, 2, 2}, host), (std::vector<int>{2, 4}));
  host.cores = {0};
  EXPECT_EQ(CheckedThreads({}, host), std::vector<int>{1});
}

TEST(ProbeTest, RefusesThreadCountsThatTheHostDoesNotHave) {
  Host host;
  host.cores = {0, 1};
  for (const int threads : {0, -1, 3}) {
    const std::string message = MessageOf([&] { CheckedThreads({1, threads}, host); });
    EXPECT_NE(message.find("got " + std::to_string(threads) + "; allowed is 1 to 2"), std::string::npos) << message;
  }
}

TEST(ProbeTest, StopsWhenTold) {
  const Host host = ReadHost();
  const Watch stop = [](std::string_view, double) { return true; };
  EXPECT_THROW(RunProbe(host, TinyTopology(), {1}, TinyEffort(), stop), Interrupted);
}

TEST(ProbeTest, NotesWhenMemoryIsTooSmallForTheCaches) {
  const auto noted = [](int64_t cache_bytes) {
    Topology topology = TinyTopology();
    topology.caches.back().bytes = cache_bytes;
    const Machine machine = RunProbe(ReadHost(), topology, {1}, TinyEffort(), {}).machine;
    return std::any_of(machine.notes.begin(), machine.notes.end(),
                       [](const std::string& note) { return note.find("for want of memory") != std::string::npos; });
  };
  EXPECT_FALSE(noted(128 << 10));
  EXPECT_TRUE(noted(4 << 20));
}

TEST(ProbeTest, RefusesToMeasureWithoutMemory) {
  Host host = ReadHost();
  host.available_bytes = 0;
  Effort effort = TinyEffort();
  effort.most_bytes = 0;
  EXPECT_NE(MessageOf([&] { RunProbe(host, TinyTopology(), {1}, effort, {}); }).find("too little memory"),
            std::string::npos);
}

TEST(ProbeTest, TheSummaryNamesEveryRoofThatCounts) {
  const std::string text = Summary(TinyProbe().machine, TinyProbe().ceilings);
  for (const std::string& isa : TinyProbe().machine.isa) EXPECT_NE(text.find("\n" + isa + " "), std::string::npos);
  for (const char* word : {"\nL1 ", "\nL2 ", "\nDRAM ", "latency: L1", "FLOP/cycle"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  }
}

TEST(ProbeTest, CoresOfTwoKindsHaveRoofsOfTheirOwn) {
  Host host = ReadHost();
  if (host.max_threads() < 2 || host.cores[0] != 0 || host.cores[1] != 1) GTEST_SKIP() << "needs CPUs 0 and 1";
  host.cores = {0, 1};
  const ProbeResult result = RunProbe(host, HybridTopology(), {1, 2}, TinyEffort(), {});
  std::map<std::pair<std::string, std::string>, std::set<int>> threads;  // by kind of roof and of core
  std::map<std::string, std::set<std::string>> levels;
  std::set<std::string> keys;
  for (const Ceiling& row : result.ceilings.rows) {
    threads[{row.kind, row.core_kind}].insert(row.threads);
    levels[row.core_kind].insert(row.level);
    EXPECT_TRUE(keys.insert(row.kind + row.isa + row.dtype + row.op_mix + row.level + row.pattern + row.pages +
                            row.core_kind + std::to_string(row.threads))
                    .second);
  }
  for (const char* kind : {"compute", "memory"}) {
    EXPECT_EQ((threads[{kind, "performance"}]), std::set<int>{1}) << kind;
    EXPECT_EQ((threads[{kind, "efficiency"}]), std::set<int>{1}) << kind;
    EXPECT_EQ((threads[{kind, "mixed"}]), std::set<int>{2}) << kind;
  }
  EXPECT_EQ((threads[{"latency", "performance"}]), std::set<int>{1});
  EXPECT_EQ((threads[{"latency", "efficiency"}]), std::set<int>{1});
  EXPECT_EQ(threads.size(), 8u);
  EXPECT_TRUE(levels["performance"].contains("L2"));
  EXPECT_FALSE(levels["efficiency"].contains("L2")) << "a kind has the levels that it reaches";
  const std::string summary = Summary(result.machine, result.ceilings);
  for (const char* kind : {"performance", "efficiency", "mixed"}) {
    EXPECT_NE(summary.find(kind), std::string::npos) << summary;
  }
}

TEST(ProbeTest, QuickMeasuresTheDenominatorsOfTheBestIsaAndF32FmaOfAll) {
  Effort effort = TinyEffort();
  effort.denominators_only = true;
  const ProbeResult result = RunProbe(ReadHost(), TinyTopology(), {1}, effort, {});
  const std::string best = result.machine.isa.front();
  std::set<std::string> expected = {best + " f64 fma"}, got;
  for (const std::string& isa : result.machine.isa) expected.insert(isa + " f32 fma");
  for (const ComputeLoop& loop : DotLoops()) {
    if (loop.isa == best) expected.insert(best + " " + std::string(loop.dtype) + " dot");
  }
  for (const Ceiling& row : result.ceilings.rows) {
    if (row.kind == "compute") got.insert(row.isa + " " + row.dtype + " " + row.op_mix);
  }
  EXPECT_EQ(got, expected);
}

// As in a container that hides /sys: no caches, no governor.
Host WithoutSystemFiles() {
  Host host = ReadHost();
  host.caches.clear();
  host.last_level_caches.clear();
  host.governor.clear();
  return host;
}

TEST(ProbeTest, WhereTheSystemTellsNoCachesTheCurveNamesTheLevels) {
  const Host host = WithoutSystemFiles();
  const Topology topology;
  const ProbeResult result = RunProbe(host, topology, CheckedThreads({}, host), TinyEffort(), {});
  EXPECT_TRUE(result.machine.caches.empty());
  EXPECT_NE(std::find(result.machine.notes.begin(), result.machine.notes.end(),
                      "the system reports no caches: levels are those of the curve"),
            result.machine.notes.end());
  for (const int threads : CheckedThreads({}, host)) {
    std::set<std::string> levels;
    for (const Ceiling& row : result.ceilings.rows) {
      if (row.kind == "memory" && row.threads == threads) levels.insert(row.level);
      EXPECT_EQ(row.core_kind, "unknown");
    }
    EXPECT_TRUE(levels.contains("DRAM")) << threads;
    levels.erase("DRAM");
    int level = 0;
    for (const std::string& name : levels) EXPECT_EQ(name, "L" + std::to_string(++level)) << threads;
  }
}

TEST(ProbeTest, ASystemWithoutFilesIsOneCoreThatHasAllRoofs) {
  const Host host = ReadHost(NewDir("no_files"));
  const ProbeResult result = RunProbe(host, Topology(), CheckedThreads({}, host), TinyEffort(), {});
  std::set<std::string> kinds;
  for (const Ceiling& row : result.ceilings.rows) {
    kinds.insert(row.kind);
    EXPECT_EQ(row.threads, 1);
    EXPECT_EQ(row.machine_id, host.machine_id);
    EXPECT_GT(row.best.value_or(0), 0);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"compute", "memory", "latency"}));
  EXPECT_GE(result.machine.notes.size(), host.notes.size());
}

TEST(ProbeTest, NotesEachTypeWithoutADotProduct) {
  for (const std::string& note : MissingDotNotes({}, {})) {
    EXPECT_NE(note.find("the processor has no"), std::string::npos) << note;
  }
  const std::vector<std::string> unbuilt = MissingDotNotes({}, {.avx_vnni = true, .neon_bf16 = true});
  ASSERT_EQ(unbuilt.size(), 2u);
  for (const std::string& note : unbuilt) EXPECT_NE(note.find("this build"), std::string::npos) << note;
  for (const ComputeLoop& loop : DotLoops()) {
    const ComputeLoop* const only = &loop;
    const std::vector<std::string> notes = MissingDotNotes({&only, 1}, {});
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_NE(notes[0].find(loop.dtype == "s8" ? "no dot roof for bf16" : "no dot roof for s8"), std::string::npos);
  }
  const std::vector<std::string>& noted = TinyProbe().machine.notes;
  for (const std::string& note : MissingDotNotes(ComputeLoopsOf(TinyProbe().machine.isa), ReadDotFeatures())) {
    EXPECT_NE(std::find(noted.begin(), noted.end(), note), noted.end()) << note;
  }
}

}  // namespace
}  // namespace roofgap
