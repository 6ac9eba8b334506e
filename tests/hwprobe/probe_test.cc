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
#include "hwprobe/recheck.h"
#include "hwprobe/report.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// Sizes and times so small that the figures mean nothing and the shape of the result is all there.
Effort TinyEffort() {
  Effort effort;
  effort.compute = {.vector_operations = 512, .explore_s = 1e-5, .refine_s = 1e-5};
  effort.memory = {.explore_bytes = 1 << 14,
                   .refine_bytes = 1 << 14,
                   .points_per_octave = 2,
                   .sizes_per_level = 1,
                   .curve_s = 1e-5,
                   .explore_s = 1e-5,
                   .refine_s = 1e-5};
  effort.latency_s = 1e-5;
  effort.most_bytes = 8 << 20;
  return effort;
}

// Two caches that are not this machine's, small enough for TinyEffort.
Topology TinyTopology() {
  Topology topology = ReadTopology();
  topology.caches = {{"L1", 16 << 10, 1, topology.cores}, {"L2", 128 << 10, 1, topology.cores}};
  return topology;
}

const ProbeResult& TinyProbe() {
  static const ProbeResult result = [] {
    const Host host = ReadHost();
    return RunProbe(host, TinyTopology(), CheckedThreads({}, host), TinyEffort(), {});
  }();
  return result;
}

fs::path NewDir(const std::string& name) {
  const fs::path dir = fs::path(testing::TempDir()) / ("hwprobe_" + name);
  fs::remove_all(dir);
  return dir;
}

std::string MessageOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ProbeTest, HasAComputeRoofOfEveryMixForEveryIsaAndThreadCount) {
  std::set<std::tuple<std::string, std::string, int>> expected, got;
  for (const std::string& isa : TinyProbe().machine.isa) {
    for (const int threads : CheckedThreads({}, ReadHost())) {
      for (const char* mix : {"fma", "fma_add", "mul_add"}) expected.insert({isa, mix, threads});
    }
  }
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind != "compute") continue;
    EXPECT_TRUE(got.insert({row.isa, row.op_mix, row.threads}).second) << "twice: " << row.isa << ' ' << row.op_mix;
    EXPECT_EQ(row.unit, "GFLOP/s");
    EXPECT_EQ(row.dtype, "f32");
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

Record Row(const std::string& isa, int threads, std::string_view status) {
  Record record;
  record.machine_id = TinyProbe().machine.machine_id;
  record.op = "fc";
  record.problem = "fc:ic8oc8";
  record.variant = "direct";
  record.isa = isa;
  record.threads = threads;
  record.status = status;
  return record;
}

fs::path RunDir(const std::vector<Record>& rows) {
  const fs::path dir = NewDir("run");
  fs::create_directories(dir);
  WriteCeilings(dir / files::kCeilings, TinyProbe().ceilings);
  std::ofstream(dir / files::kMeasurements) << CsvText<Record>(rows);
  return dir;
}

TEST(RecheckTest, MeasuresAgainWhatTheRunReliesOnAndNothingElse) {
  const std::string last = TinyProbe().machine.isa.back();
  const fs::path dir = RunDir({Row(last, 1, kMeasured), Row("AVX9", 1, kSkipped)});
  const Ceilings again = Recheck(dir, ReadHost(), TinyTopology(), TinyEffort(), {});
  std::vector<std::string> keys;
  for (const Ceiling& row : again.rows) {
    EXPECT_EQ(row.threads, 1);
    EXPECT_GT(row.best.value_or(0), 0);
    keys.push_back(row.kind == "compute" ? row.isa + " " + row.op_mix : row.level);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> expected = {last + " fma", "L1", "L2", "DRAM"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(keys, expected);
}

TEST(RecheckTest, RefusesWhatIsNoRunOfThisMachine) {
  const auto message = [](const fs::path& dir) {
    return MessageOf([&] { Recheck(dir, ReadHost(), TinyTopology(), TinyEffort(), {}); });
  };
  EXPECT_NE(message("/nonexistent").find("holds no run"), std::string::npos);
  const fs::path dir = RunDir({Row(TinyProbe().machine.isa.front(), 1, kMeasured)});
  Ceilings other = TinyProbe().ceilings;
  for (Ceiling& row : other.rows) row.machine_id = "0123456789ab";
  WriteCeilings(dir / files::kCeilings, other);
  EXPECT_NE(message(dir).find("machine 0123456789ab"), std::string::npos);
  fs::remove(dir / files::kCeilings);
  EXPECT_NE(message(dir).find("holds no ceilings.csv"), std::string::npos);
}

}  // namespace
}  // namespace roofgap
