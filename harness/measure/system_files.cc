#include "harness/measure/system_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

namespace roofgap {

std::string SystemFiles::Read(const std::string& path) const {
  std::ifstream in(root_ / path);
  if (!in) return "";
  return Trim({std::istreambuf_iterator<char>(in), {}});
}

std::optional<int64_t> SystemFiles::Number(const std::string& path) const {
  const std::string text = Read(path);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

SystemFiles::Reading SystemFiles::WholeNumber(const std::string& path) const {
  const auto because = [](int error) {
    std::string why = std::strerror(error);
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    return Reading{std::nullopt, why};
  };
  const int fd = open((root_ / path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return because(errno);
  char buffer[64];
  const ssize_t size = read(fd, buffer, sizeof buffer);
  const int error = errno;
  close(fd);
  if (size < 0) return because(error);
  const std::string text = Trim(std::string(buffer, static_cast<size_t>(size)));
  int64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size()) return {std::nullopt, "'" + text + "' is no number"};
  return {value, ""};
}

std::vector<std::string> SystemFiles::List(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator entry(root_ / path, error); !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Trim(const std::string& text) {
  const std::string_view blank(" \t\r\n\0", 5);
  const size_t begin = text.find_first_not_of(blank);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::vector<int> ParseCpuList(const std::string& text) {
  constexpr int kMostCpus = 1 << 16;
  std::vector<int> cpus;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    int first = 0;
    auto [after, error] = std::from_chars(at, end, first);
    int last = first;
    if (error == std::errc() && after != end && *after == '-') {
      const auto range = std::from_chars(after + 1, end, last);
      after = range.ptr;
      error = range.ec;
    }
    if (error != std::errc() || first < 0 || last < first || last >= kMostCpus) return {};
    if (cpus.size() > kMostCpus) return {};
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (after != end && *after != ',') return {};
    at = after == end ? end : after + 1;
  }
  return cpus;
}

}  // namespace roofgap
