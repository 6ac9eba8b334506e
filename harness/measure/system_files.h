#ifndef ROOFGAP_HARNESS_MEASURE_SYSTEM_FILES_H_
#define ROOFGAP_HARNESS_MEASURE_SYSTEM_FILES_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace roofgap {

// The system's own small files (/proc, /sys) below a root, so that tests can bring their own.
class SystemFiles {
 public:
  explicit SystemFiles(std::filesystem::path root) : root_(std::move(root)) {}

  // The text of root/path without white space (or zero bytes) around it; empty when it cannot be read.
  std::string Read(const std::string& path) const;
  // The number at the start of that text; nullopt when there is none.
  std::optional<int64_t> Number(const std::string& path) const;

  // A whole number that is the file's only text; without one, why: "permission denied", "no such file or directory",
  // "'abc' is no number".
  struct Reading {
    std::optional<int64_t> value;
    std::string why;
  };
  Reading WholeNumber(const std::string& path) const;
  // Names in the folder root/path, ascending; none where there is no such folder.
  std::vector<std::string> List(const std::string& path) const;

 private:
  std::filesystem::path root_;
};

std::string Trim(const std::string& text);

// "0-3,8,10-11" as a list; what is no such list is empty.
std::vector<int> ParseCpuList(const std::string& text);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_SYSTEM_FILES_H_
