#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/record/files.h"
#include "harness/record/json.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {
namespace fs = std::filesystem;

Machine Sample() {
  Machine machine;
  machine.machine_id = "0123456789ab";
  machine.utc = "2026-01-02T03:04:05Z";
  machine.arch = "x86_64";
  machine.cpu_model = "A \"quoted\" CPU, é";
  machine.cores = 2;
  machine.caches = {{"L1", 49152, 1, 2}, {"L3", 33554432, 2, 1}};
  machine.core_kinds = {{"performance", {0, 2}}, {"efficiency", {1}}};
  machine.isa = {"AVX3", "AVX2"};
  machine.memory_bytes = int64_t{1} << 40;
  machine.affinity = {0, 1};
  machine.cgroup_quota_cpus = 1.5;
  machine.huge_pages = "madvise";
  machine.notes = {"the governor is not told"};
  return machine;
}

class RecordJson : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  // What reading says once `from` has been replaced by `to` in a good machine.json.
  std::string ErrorAfter(const std::string& from, const std::string& to) {
    WriteMachine(file_, Sample());
    std::string text = ReadFile(file_);
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    ReplaceFile(file_, text.replace(at, from.size(), to));
    try {
      ReadMachine(file_);
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(file_.string() + ": ")) << message;
      return message.substr(file_.string().size() + 2);
    }
    return "";
  }

  fs::path dir_ = fs::path(testing::TempDir()) / ("record_json_" + std::to_string(getpid()));
  fs::path file_ = dir_ / "machine.json";
};

TEST_F(RecordJson, MachineReadsBackAsWritten) {
  WriteMachine(file_, Sample());
  const std::string text = ReadFile(file_);
  const Machine read = ReadMachine(file_);
  EXPECT_EQ(read.cpu_model, Sample().cpu_model);
  EXPECT_EQ(read.caches.at(1).bytes, 33554432);
  EXPECT_EQ(read.core_kinds.at(0).cpus, (std::vector<int>{0, 2}));
  EXPECT_EQ(read.memory_bytes, int64_t{1} << 40);
  EXPECT_EQ(read.cgroup_quota_cpus, 1.5);
  WriteMachine(file_, read);
  EXPECT_EQ(ReadFile(file_), text) << "all other members";
}

TEST_F(RecordJson, RunInfoReadsBackAsWritten) {
  RunInfo info;
  info.run_id = "20260102T030405Z-default";
  info.status = "partial";
  info.command = "roofgap run --problem 'fc:ic1oc1'";
  info.seed = -7;
  info.cases = 12;
  info.libraries = {"oneDNN 2.6.3"};
  WriteRunInfo(dir_ / "run.json", info);
  const std::string text = ReadFile(dir_ / "run.json");
  const RunInfo read = ReadRunInfo(dir_ / "run.json");
  EXPECT_EQ(read.command, info.command);
  EXPECT_EQ(read.seed, -7);
  EXPECT_EQ(read.cases, 12);
  WriteRunInfo(dir_ / "run.json", read);
  EXPECT_EQ(ReadFile(dir_ / "run.json"), text);
}

TEST_F(RecordJson, MissingNumberIsNull) {
  Machine machine = Sample();
  machine.cgroup_quota_cpus.reset();
  WriteMachine(file_, machine);
  EXPECT_NE(ReadFile(file_).find("\"cgroup_quota_cpus\": null"), std::string::npos);
  EXPECT_FALSE(ReadMachine(file_).cgroup_quota_cpus.has_value());
}

TEST_F(RecordJson, TextThatIsNotUtf8IsStillWritten) {
  Machine machine = Sample();
  machine.cpu_model = "CPU \xFF model";
  WriteMachine(file_, machine);
  EXPECT_EQ(ReadMachine(file_).cpu_model, "CPU \xEF\xBF\xBD model");
}

TEST_F(RecordJson, UnknownKeysAreIgnored) { EXPECT_EQ(ErrorAfter("\"cores\"", "\"tomorrow\": [{}], \"cores\""), ""); }

TEST_F(RecordJson, ErrorsNamePointerGotAndAllowed) {
  EXPECT_EQ(ErrorAfter("\"cores\"", "\"kernels\""), "/cores is missing");
  EXPECT_EQ(ErrorAfter("\"cores\": 2", "\"cores\": \"two\""),
            "/cores is \"two\"; allowed is an integer of at most 2147483647");
  EXPECT_EQ(ErrorAfter("\"cores\": 2", "\"cores\": 3000000000"),
            "/cores is 3000000000; allowed is an integer of at most 2147483647");
  EXPECT_EQ(ErrorAfter("\"cores\": 2", "\"cores\": 2.5"), "/cores is 2.5; allowed is an integer of at most 2147483647");
  EXPECT_EQ(ErrorAfter("33554432", "null"),
            "/caches/1/bytes is null; allowed is an integer of at most 9223372036854775807");
  EXPECT_EQ(ErrorAfter("\"L3\"", "3"), "/caches/1/level is 3; allowed is a text");
  EXPECT_EQ(ErrorAfter("1.5", "\"half\""), "/cgroup_quota_cpus is \"half\"; allowed is a number or null");
  EXPECT_EQ(ErrorAfter("\"0123456789ab\"", "\"\""), "/machine_id is \"\"; allowed is a text that is not empty");
  EXPECT_EQ(ErrorAfter("\"schema_version\": 1", "\"schema_version\": 2"),
            "/schema_version is 2; allowed is 1, which this program writes");
}

TEST_F(RecordJson, BrokenJsonIsAnErrorThatSaysWhere) {
  EXPECT_NE(ErrorAfter("\"cores\": 2,", "\"cores\": 2;").find("line 9"), std::string::npos);
  ReplaceFile(file_, "[]");
  EXPECT_THROW(ReadMachine(file_), Error);
  EXPECT_THROW(ReadMachine(dir_ / "none.json"), Error);
}

}  // namespace
}  // namespace roofgap
