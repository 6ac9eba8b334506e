#include "harness/record/files.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include "kernels/api/error.h"

namespace roofgap {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void Fail(const std::string& what, const fs::path& path, const std::string& why) {
  throw Error("cannot " + what + " " + path.string() + ": " + why);
}

std::string LastError() { return std::strerror(errno); }

constexpr std::string_view kTemporary = ".tmp.";

std::string TemporaryName(const fs::path& path) {
  return path.string() + std::string(kTemporary) + std::to_string(getpid());
}

// The process that a temporary file is of; 0: it is none.
pid_t OwnerOf(const std::string& name) {
  const size_t at = name.rfind(kTemporary);
  if (at == std::string::npos) return 0;
  const char* const end = name.data() + name.size();
  pid_t owner = 0;
  const auto [rest, error] = std::from_chars(name.data() + at + kTemporary.size(), end, owner);
  return error == std::errc() && rest == end ? owner : 0;
}

// Writes all of `text`; returns 0 or the error number.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// The descriptor of this process that `path` names, itself or by links, as /dev/stdout and /dev/fd/3 do; -1: none.
int DescriptorOf(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as many as the system follows
  std::error_code error;
  const fs::path descriptors = fs::canonical("/proc/self/fd", error);
  fs::path link = fs::absolute(path, error);
  for (int links = 0; links < kMostLinks && !error; ++links) {
    if (fs::canonical(link.parent_path(), error) == descriptors && !error) {
      const std::string name = link.filename().string();
      int fd = -1;
      const auto [rest, fault] = std::from_chars(name.data(), name.data() + name.size(), fd);
      return fault == std::errc() && rest == name.data() + name.size() ? fd : -1;
    }
    if (error || !fs::is_symlink(fs::symlink_status(link, error))) break;
    link = link.parent_path() / fs::read_symlink(link, error);
  }
  return -1;
}

// What an open descriptor leads to, be it a file, goes on behind what is there: opened anew it would begin at 0.
void WriteBehind(int fd, const fs::path& path, std::string_view text) {
  std::fflush(nullptr);
  if (const int error = WriteAll(fd, text); error != 0) Fail("write", path, std::strerror(error));
}

// A regular file, by links or not, or nothing yet.
bool IsFileOrNew(const fs::path& path) {
  std::error_code unknown;
  return !fs::exists(fs::symlink_status(path, unknown)) || fs::is_regular_file(fs::status(path, unknown));
}

// What the links of `path` lead to; itself where it is new.
fs::path FileOf(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown) ? fs::canonical(path, unknown) : path;
}

// What is no file has no other to be put in its place.
void WriteInto(const fs::path& path, std::string_view text) {
  const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_NOCTTY | O_CLOEXEC, 0666);
  if (fd < 0) Fail("write", path, LastError());
  int error = WriteAll(fd, text);
  if (close(fd) != 0 && error == 0) error = errno;
  if (error != 0) Fail("write", path, std::strerror(error));
}

}  // namespace

void CreateWritableDir(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir, error) && !fs::is_directory(dir, error)) {
    Fail("write into", dir, "it is a file; allowed is a directory");
  }
  fs::create_directories(dir, error);
  if (error) Fail("create directory", dir, error.message());
  // Only a try tells: permission bits say nothing of a read-only mount, and nothing to root.
  const std::string trial = TemporaryName(dir / "trial");
  const int fd = open(trial.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) Fail("write into", dir, LastError());
  close(fd);
  unlink(trial.c_str());
}

void CreateRunDir(const fs::path& dir) {
  std::error_code error;
  if (fs::is_directory(dir, error) && !fs::is_empty(dir, error)) {
    if (error) Fail("read", dir, error.message());
    const bool run = fs::exists(dir / files::kMeasurements, error) || fs::exists(dir / files::kRun, error);
    Fail("write into", dir,
         std::string(run ? "it holds a run" : "it is not empty") + "; allowed is a new or an empty directory");
  }
  CreateWritableDir(dir);
}

std::string ReadFile(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) Fail("read", path, "it is a directory; allowed is a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail("read", path, LastError());
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) Fail("read", path, LastError());
  return text;
}

void ReplaceFile(const fs::path& path, std::string_view text) {
  if (const int fd = DescriptorOf(path); fd >= 0) return WriteBehind(fd, path, text);
  if (!IsFileOrNew(path)) return WriteInto(path, text);
  const fs::path file = FileOf(path);
  const std::string temporary = TemporaryName(file);
  const int fd = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) Fail("write", path, LastError());
  int error = WriteAll(fd, text);
  // Without it, a crash of the system may leave the new name on an empty file.
  if (error == 0 && fsync(fd) != 0 && errno != EINVAL) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && rename(temporary.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(temporary.c_str());
    Fail("write", path, std::strerror(error));
  }
}

void CheckReplaceable(const fs::path& path) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) Fail("write", path, std::strerror(EISDIR));
  if (DescriptorOf(path) >= 0 || !IsFileOrNew(path)) return;
  const std::string temporary = TemporaryName(FileOf(path));
  const int fd = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) Fail("write", path, LastError());
  close(fd);
  unlink(temporary.c_str());
}

void CheckStandardOutput() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw Error("cannot write to standard output" + (errno == 0 ? "" : ": " + LastError()));
}

void SweepTemporaries(const fs::path& dir) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    const pid_t owner = OwnerOf(entry.path().filename().string());
    const bool gone = owner > 0 && kill(owner, 0) != 0 && errno == ESRCH;
    if (gone || owner == getpid()) fs::remove(entry, error);  // this process is writing none
  }
}

}  // namespace roofgap
