#include "hwprobe/cli.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "harness/measure/host.h"
#include "harness/measure/isa_scope.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/record.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  std::string out, err;
};

Outcome Call(std::vector<std::string> words) {
  std::vector<const char*> argv = {"hwprobe"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = HwprobeMain(static_cast<int>(argv.size()), argv.data());
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

void ExpectOneLine(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("hwprobe: ")) << outcome.err;
  EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
}

TEST(CliTest, HelpShowsExamples) {
  const Outcome outcome = Call({"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("hwprobe --quick --out probe"), std::string::npos);
}

TEST(CliTest, InputErrorsAreOneLineAndExitWithTwo) {
  const fs::path dir = fs::path(testing::TempDir()) / "hwprobe_cli";
  fs::remove_all(dir);
  ExpectOneLine(Call({"--threads", "0", "--out", dir}), "--threads: got 0");
  ExpectOneLine(Call({"--threads", "1,1000000", "--out", dir}), "--threads: got 1000000");
  ExpectOneLine(Call({"--threads", "two", "--out", dir}), "two");
  ExpectOneLine(Call({"--nonsense"}), "--nonsense");
  ExpectOneLine(Call({"--recheck", dir}), "there is no such directory");
  ExpectOneLine(Call({"--recheck", dir, "--out", dir}), "--out");
  EXPECT_FALSE(fs::exists(dir)) << "made for a command line that was refused";

  std::ofstream(dir) << "a file\n";
  ExpectOneLine(Call({"--out", dir}), "it is a file");
  ExpectOneLine(Call({"--out", dir / "below"}), dir);
  fs::remove(dir);
  fs::create_directories(dir);
  std::ofstream(dir / "measurements.csv") << "x\n";
  ExpectOneLine(Call({"--out", dir}), "holds a run");
}

// A run that claims one roof of `bytes` on this machine.
fs::path RunWithRoof(const std::string& name, double bytes) {
  const fs::path dir = fs::path(testing::TempDir()) / name;
  fs::remove_all(dir);
  fs::create_directories(dir);
  const std::string machine_id = ReadHost().machine_id, isa = SupportedIsas().back();
  Record row;
  row.machine_id = machine_id;
  row.op = "fc";
  row.problem = "fc:ic8oc8";
  row.isa = isa;
  row.threads = 1;
  row.status = kMeasured;
  std::ofstream(dir / files::kMeasurements) << CsvText<Record>(std::vector<Record>{row});
  Ceiling roof;
  roof.machine_id = machine_id;
  roof.kind = "memory";
  roof.level = "DRAM";
  roof.pattern = "load";
  roof.pages = "huge";
  roof.isa = isa;
  roof.threads = 1;
  roof.best = 10;
  roof.working_set_bytes = bytes;
  WriteCeilings(dir / files::kCeilings, {.rows = {roof}});
  return dir;
}

TEST(CliTest, MemoryThatIsRefusedIsOneLineAndExitsWithTwo) {
  const fs::path dir = RunWithRoof("hwprobe_no_memory", 1e18);
  ExpectOneLine(Call({"--quick", "--recheck", dir}), "memory");
  EXPECT_FALSE(fs::exists(dir / files::kCeilingsEnd));
}

TEST(CliTest, ARunDirectoryThatCannotBeWrittenIsFoundBeforeMeasuring) {
  const fs::path dir = RunWithRoof("hwprobe_read_only", 1e6);
  fs::permissions(dir, fs::perms::owner_read | fs::perms::owner_exec);
  if (access(dir.c_str(), W_OK) == 0) GTEST_SKIP() << "permissions do not bind this user";
  ExpectOneLine(Call({"--recheck", dir}), "cannot write into");
  fs::permissions(dir, fs::perms::owner_all);
}

TEST(CliTest, CtrlCWritesNothingAndExitsWith130) {
  const fs::path dir = fs::path(testing::TempDir()) / "hwprobe_interrupted";
  fs::remove_all(dir);
  std::atomic<bool> over = false;
  std::thread user([&] {
    struct sigaction now = {};
    while (!over && (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      sigaction(SIGINT, nullptr, &now);
    }
    if (!over) kill(getpid(), SIGINT);
  });
  const Outcome outcome = Call({"--quick", "--out", dir});
  over = true;
  user.join();
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
  EXPECT_FALSE(fs::exists(dir) && !fs::is_empty(dir));
}

}  // namespace
}  // namespace roofgap
