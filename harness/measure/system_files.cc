#include "harness/measure/system_files.h"

#include <charconv>
#include <fstream>
#include <iterator>

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
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (after != end && *after != ',') return {};
    at = after == end ? end : after + 1;
  }
  return cpus;
}

}  // namespace roofgap
