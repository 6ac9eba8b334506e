#include "harness/measure/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "harness/measure/system_files.h"

namespace roofgap {
namespace {

// The bytes of a line "VmRSS:     1712 kB".
std::optional<int64_t> Kibibytes(const std::string& status, const std::string& key) {
  size_t at = status.find("\n" + key + ":");
  if (at == std::string::npos) return std::nullopt;
  at = status.find_first_not_of(" \t", at + key.size() + 2);
  if (at == std::string::npos) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(status.data() + at, status.data() + status.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value * 1024;
}

}  // namespace

ResidentMemory ReadResidentMemory(const std::filesystem::path& root) {
  const std::string status = "\n" + SystemFiles(root).Read("proc/self/status");
  return {.now_bytes = Kibibytes(status, "VmRSS"), .peak_bytes = Kibibytes(status, "VmHWM")};
}

bool ResetResidentPeak(const std::filesystem::path& root) {
  const int fd = open((root / "proc/self/clear_refs").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = write(fd, "5", 1) == 1;
  close(fd);
  return done;
}

std::optional<int64_t> ResidentGrowth(const std::function<void()>& call, const std::filesystem::path& root) {
#if defined(__GLIBC__)
  malloc_trim(0);  // what malloc keeps of freed memory would hide an allocation of its size
#endif
  const bool reset = ResetResidentPeak(root);
  const ResidentMemory before = ReadResidentMemory(root);
  call();
  const ResidentMemory after = ReadResidentMemory(root);
  if (!reset || !before.now_bytes || !after.peak_bytes) return std::nullopt;
  return std::max<int64_t>(0, *after.peak_bytes - *before.now_bytes);
}

int64_t ResidentTolerance(int64_t bytes, int threads, bool huge_pages_always) {
  const int64_t page = 4096;
  const int64_t each = huge_pages_always ? int64_t{2} << 20 : 128 * page;
  return (int64_t{1} << 20) + bytes / 50 + threads * each;
}

}  // namespace roofgap
