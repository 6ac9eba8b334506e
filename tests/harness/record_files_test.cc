#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {
namespace fs = std::filesystem;

class RecordFiles : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(dir_); }

  static std::string ErrorOf(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path dir_ = fs::path(testing::TempDir()) / ("record_files_" + std::to_string(getpid()));
};

TEST_F(RecordFiles, RunDirectoryIsMadeWithItsParents) {
  CreateRunDir(dir_ / "machine" / "run");
  EXPECT_TRUE(fs::is_empty(dir_ / "machine" / "run")) << "the trial of writing leaves nothing behind";
}

TEST_F(RecordFiles, RunDirectoryMayExistIfEmpty) {
  fs::create_directories(dir_);
  CreateRunDir(dir_);
  EXPECT_TRUE(fs::is_directory(dir_));
}

TEST_F(RecordFiles, RunDirectoryThatHoldsARunIsRefused) {
  CreateRunDir(dir_);
  ReplaceFile(dir_ / files::kRun, "{}");
  const std::string error = ErrorOf([&] { CreateRunDir(dir_); });
  EXPECT_NE(error.find(dir_.string()), std::string::npos) << error;
  EXPECT_NE(error.find("holds a run"), std::string::npos) << error;
}

TEST_F(RecordFiles, RunDirectoryThatHoldsAnythingElseIsRefused) {
  CreateRunDir(dir_);
  ReplaceFile(dir_ / "thesis.txt", "text");
  EXPECT_NE(ErrorOf([&] { CreateRunDir(dir_); }).find("is not empty"), std::string::npos);
}

TEST_F(RecordFiles, DirectoryThatIsAFileOrBelowOneIsRefused) {
  CreateRunDir(dir_);
  ReplaceFile(dir_ / "file", "text");
  EXPECT_NE(ErrorOf([&] { CreateRunDir(dir_ / "file"); }).find("it is a file"), std::string::npos);
  EXPECT_NE(ErrorOf([&] { CreateRunDir(dir_ / "file" / "run"); }).find("cannot create directory"), std::string::npos);
  EXPECT_EQ(ReadFile(dir_ / "file"), "text");
}

TEST_F(RecordFiles, UnwritableDirectoryIsRefused) {
  // sysfs takes no new file from anyone, root included.
  if (!fs::is_directory("/sys/kernel")) GTEST_SKIP() << "no sysfs here";
  EXPECT_NE(ErrorOf([&] { CreateWritableDir("/sys/kernel"); }).find("cannot write into /sys/kernel"),
            std::string::npos);
}

TEST_F(RecordFiles, ReplaceFileLeavesOnlyTheNewText) {
  CreateRunDir(dir_);
  ReplaceFile(dir_ / "a", "first, and longer");
  ReplaceFile(dir_ / "a", std::string("sec\0nd", 6));
  EXPECT_EQ(ReadFile(dir_ / "a"), std::string("sec\0nd", 6));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);
}

TEST_F(RecordFiles, FailedReplacementLeavesWhatWasThere) {
  CreateRunDir(dir_);
  fs::create_directories(dir_ / "taken" / "inside");
  EXPECT_NE(ErrorOf([&] { ReplaceFile(dir_ / "taken", "text"); }).find("cannot write"), std::string::npos);
  EXPECT_TRUE(fs::is_directory(dir_ / "taken" / "inside"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1) << "no temporary file is left";
}

TEST_F(RecordFiles, APipeIsWrittenIntoAndStays) {
  CreateRunDir(dir_);
  const fs::path pipe = dir_ / "pipe", link = dir_ / "link";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink("pipe", link);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ReplaceFile(pipe, "direct, ");
  ReplaceFile(link, "by link");
  char text[32] = {};
  EXPECT_EQ(read(reader, text, sizeof text), 15);
  close(reader);
  EXPECT_STREQ(text, "direct, by link");
  EXPECT_TRUE(fs::is_fifo(fs::symlink_status(pipe)));
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 2);
}

TEST_F(RecordFiles, WhatALinkLeadsToIsReplacedAndTheLinkStays) {
  CreateRunDir(dir_ / "elsewhere");
  for (const char* there : {"new", "old"}) {
    if (there == std::string("old")) ReplaceFile(dir_ / "elsewhere" / there, "first, and longer");
    fs::create_symlink(fs::path("elsewhere") / there, dir_ / there);
    ReplaceFile(dir_ / there, "text");
    EXPECT_TRUE(fs::is_symlink(dir_ / there));
    EXPECT_EQ(ReadFile(dir_ / "elsewhere" / there), "text");
  }
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(dir_), fs::recursive_directory_iterator()), 5);
}

TEST_F(RecordFiles, AnOpenFileIsWrittenOnBehindWhatIsThere) {
  if (!fs::is_directory("/proc/self/fd")) GTEST_SKIP() << "no /proc here";
  CreateRunDir(dir_);
  ReplaceFile(dir_ / "file", "first, ");
  const int fd = open((dir_ / "file").c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(fd, 0);
  const fs::path path = "/proc/self/fd/" + std::to_string(fd);
  fs::create_symlink(path, dir_ / "link");
  ReplaceFile(path, "second, ");
  ReplaceFile(dir_ / "link", "third");
  CheckReplaceable(dir_ / "link");
  struct stat open_file = {}, file = {};
  EXPECT_EQ(fstat(fd, &open_file), 0);
  EXPECT_EQ(stat((dir_ / "file").c_str(), &file), 0);
  close(fd);
  EXPECT_EQ(open_file.st_ino, file.st_ino);
  EXPECT_EQ(ReadFile(dir_ / "file"), "first, second, third");
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_NE(ErrorOf([&] { ReplaceFile(path, "text"); }).find("Bad file descriptor"), std::string::npos);
}

TEST_F(RecordFiles, WhatCanBeReplacedIsFoundOutWithoutATrace) {
  CreateRunDir(dir_);
  ReplaceFile(dir_ / "file", "text");
  fs::create_symlink("file", dir_ / "link");
  ASSERT_EQ(mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  for (const char* name : {"file", "link", "new", "pipe"}) CheckReplaceable(dir_ / name);
  EXPECT_EQ(ReadFile(dir_ / "file"), "text");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 3);
  EXPECT_NE(ErrorOf([&] { CheckReplaceable(dir_); }).find("Is a directory"), std::string::npos);
  EXPECT_NE(ErrorOf([&] { CheckReplaceable(dir_ / "nowhere" / "file"); }).find("No such file"), std::string::npos);
}

TEST_F(RecordFiles, SweepRemovesTheTemporariesOfProcessesThatAreGoneAndNothingElse) {
  CreateRunDir(dir_);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_GT(child, 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const std::string gone = "run.json.tmp." + std::to_string(child);
  const std::string alive = "run.json.tmp." + std::to_string(getppid());
  for (const std::string& name : {gone, alive, std::string("run.json"), gone + ".csv", std::string("a.tmp.")}) {
    ReplaceFile(dir_ / name, "text");
  }
  SweepTemporaries(dir_);
  EXPECT_FALSE(fs::exists(dir_ / gone));
  EXPECT_TRUE(fs::exists(dir_ / alive));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 4);
}

TEST_F(RecordFiles, ReadErrorsNameFileAndReason) {
  CreateRunDir(dir_);
  EXPECT_NE(ErrorOf([&] { ReadFile(dir_ / "none"); }).find("none: No such file"), std::string::npos);
  EXPECT_NE(ErrorOf([&] { ReadFile(dir_); }).find("it is a directory"), std::string::npos);
}

}  // namespace
}  // namespace roofgap
