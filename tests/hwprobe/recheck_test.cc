#include "hwprobe/recheck.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "harness/record/core_kind.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "tests/hwprobe/tiny_probe.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

Record Row(const std::string& isa, int threads, std::string_view status) {
  Record record;
  record.machine_id = TinyProbe().machine.machine_id;
  record.op = "fc";
  record.problem = "fc:ic8oc8";
  record.variant = "direct";
  record.dtype = "f32";
  record.isa = isa;
  record.threads = threads;
  record.core_kind = CoreKindOf(TinyProbe().machine.core_kinds, ReadHost().cores, threads);
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
  const RecheckResult again = Recheck(dir, ReadHost(), TinyTopology(), TinyEffort(), {});
  EXPECT_TRUE(again.notes.empty());
  std::vector<std::string> keys;
  for (const Ceiling& row : again.ceilings.rows) {
    EXPECT_EQ(row.threads, 1);
    EXPECT_GT(row.best.value_or(0), 0);
    for (const Ceiling& first : TinyProbe().ceilings.rows) {
      if (row.kind != "memory" || first.kind != "memory" || first.level != row.level || first.threads != row.threads) {
        continue;
      }
      EXPECT_EQ(row.knee_bytes, first.knee_bytes) << row.level;
      EXPECT_EQ(row.reported_bytes, first.reported_bytes) << row.level;
    }
    keys.push_back(row.kind == "compute" ? row.isa + " " + row.op_mix : row.level + " " + row.isa);
  }
  std::sort(keys.begin(), keys.end());
  std::set<std::string> widths;
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.kind == "memory" && row.pages == "huge") widths.insert(row.isa);
  }
  std::vector<std::string> expected = {last + " fma"};
  for (const std::string& isa : widths) {
    for (const char* level : {"L1 ", "L2 ", "DRAM "}) expected.push_back(level + isa);
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(keys, expected);
}

TEST(RecheckTest, MeasuresTheDenominatorOfEachTypeThatRan) {
  const std::string best = TinyProbe().machine.isa.front();
  std::vector<Record> records;
  std::set<std::string> expected, got;
  for (const char* dtype : {"f64", "bf16", "s8"}) {
    records.push_back(Row(best, 1, kMeasured));
    records.back().dtype = dtype;
  }
  for (const ComputeLoop* loop : ComputeLoopsOf(TinyProbe().machine.isa)) {
    if (loop->isa != best || loop->dtype == "f32") continue;
    if (loop->op_mix == "fma" || loop->op_mix == "dot") expected.insert(std::string(loop->dtype));
  }
  for (const Ceiling& row : Recheck(RunDir(records), ReadHost(), TinyTopology(), TinyEffort(), {}).ceilings.rows) {
    if (row.kind != "compute") continue;
    EXPECT_EQ(row.op_mix, DenominatorMix(row.dtype));
    EXPECT_TRUE(got.insert(row.dtype).second) << row.dtype;
  }
  EXPECT_EQ(got, expected);
}

TEST(RecheckTest, MeasuresOnTheCoresOfTheKindThatRan) {
  Host host = ReadHost();
  if (host.max_threads() < 2 || host.cores[0] != 0 || host.cores[1] != 1) GTEST_SKIP() << "needs CPUs 0 and 1";
  host.cores = {0, 1};
  const ProbeResult probe = RunProbe(host, HybridTopology(), {1, 2}, TinyEffort(), {});
  std::vector<Record> records = {Row(probe.machine.isa.front(), 1, kMeasured)};
  records.back().core_kind = "efficiency";
  const fs::path dir = RunDir(records);
  WriteCeilings(dir / files::kCeilings, probe.ceilings);
  const Ceilings again = Recheck(dir, host, HybridTopology(), TinyEffort(), {}).ceilings;
  ASSERT_FALSE(again.rows.empty());
  bool memory = false;
  for (const Ceiling& row : again.rows) {
    EXPECT_EQ(row.core_kind, "efficiency");
    EXPECT_EQ(row.threads, 1);
    memory = memory || row.kind == "memory";
  }
  EXPECT_TRUE(memory);
}

TEST(RecheckTest, SaysWhatItCannotCompare) {
  const Host host = ReadHost();
  const std::string best = TinyProbe().machine.isa.front();
  std::vector<Record> records = {Row(best, 1, kMeasured), Row(best, 1, kMeasured)};
  records[0].threads = host.max_threads() + 1;
  const fs::path dir = RunDir(records);
  Ceilings without_one;
  for (const Ceiling& row : TinyProbe().ceilings.rows) {
    if (row.threads != 1) without_one.rows.push_back(row);
  }
  WriteCeilings(dir / files::kCeilings, without_one);
  const std::vector<std::string> notes = Recheck(dir, host, TinyTopology(), TinyEffort(), {}).notes;
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].find("not measured again: the roofs of " + std::to_string(host.max_threads() + 1)), 0u);
  EXPECT_EQ(notes[1].find("the run's probe has no roofs of 1 thread ("), 0u) << notes[1];
  EXPECT_NE(notes[1].find("hwprobe --threads 1"), std::string::npos) << notes[1];
}

TEST(RecheckTest, RefusesWhatIsNoRunOfThisMachine) {
  const auto message = [](const fs::path& dir) {
    return MessageOf([&] { Recheck(dir, ReadHost(), TinyTopology(), TinyEffort(), {}); });
  };
  EXPECT_NE(message("/nonexistent").find("there is no such directory"), std::string::npos);
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
