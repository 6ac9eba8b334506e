#include "harness/measure/cgroup.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace roofgap {
namespace {

constexpr const char* kMount = "sys/fs/cgroup";

struct Hierarchy {
  std::vector<std::string> controllers;  // empty: version 2
  std::string path;                      // of this process's group
};

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

// Lines "4:cpu,cpuacct:/path" (version 1) and "0::/path" (version 2).
std::vector<Hierarchy> Hierarchies(const SystemFiles& files) {
  std::vector<Hierarchy> result;
  for (const std::string& line : Split(files.Read("proc/self/cgroup"), '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    result.push_back({Split(line.substr(first + 1, second - first - 1), ','), line.substr(second + 1)});
  }
  return result;
}

// Directories of the group and of all above it, down to the mount. A container may see only the mount, under a path
// that exists outside alone: directories that are not there simply hold no files.
std::vector<std::string> GroupDirs(const SystemFiles& files, const std::string& controller) {
  std::vector<std::string> dirs;
  for (const Hierarchy& hierarchy : Hierarchies(files)) {
    const bool v2 = hierarchy.controllers.empty();
    if (!v2 && std::count(hierarchy.controllers.begin(), hierarchy.controllers.end(), controller) == 0) continue;
    for (std::string path = hierarchy.path;; path.erase(path.rfind('/'))) {
      while (path.ends_with('/')) path.pop_back();
      if (v2) {
        dirs.push_back(kMount + path);
        dirs.push_back(std::string(kMount) + "/unified" + path);
      } else {
        std::string joined;
        for (const std::string& name : hierarchy.controllers) joined += (joined.empty() ? "" : ",") + name;
        dirs.push_back(std::string(kMount) + "/" + controller + path);
        if (joined != controller) dirs.push_back(std::string(kMount) + "/" + joined + path);
      }
      if (path.rfind('/') == std::string::npos) break;
    }
  }
  return dirs;
}

// Pages of files that the kernel drops when memory is wanted; they count as usage.
int64_t Reclaimable(const SystemFiles& files, const std::string& dir, const std::string& key) {
  std::istringstream stat(files.Read(dir + "/memory.stat"));
  std::string name;
  for (int64_t bytes = 0; stat >> name >> bytes;) {
    if (name == key) return bytes;
  }
  return 0;
}

template <class T>
void Tighten(std::optional<T>& least, T value) {
  least = least ? std::min(*least, value) : value;
}

}  // namespace

std::optional<double> QuotaCpus(const SystemFiles& files) {
  std::optional<double> least;
  for (const std::string& dir : GroupDirs(files, "cpu")) {
    std::istringstream v2(files.Read(dir + "/cpu.max"));  // "max 100000" or "150000 100000", microseconds
    double quota = 0, period = 0;
    if (v2 >> quota >> period && quota > 0 && period > 0) Tighten(least, quota / period);
    const int64_t v1_quota = files.Number(dir + "/cpu.cfs_quota_us").value_or(-1);
    const int64_t v1_period = files.Number(dir + "/cpu.cfs_period_us").value_or(0);
    if (v1_quota > 0 && v1_period > 0) Tighten(least, static_cast<double>(v1_quota) / static_cast<double>(v1_period));
  }
  return least;
}

std::optional<int64_t> MemoryLeft(const SystemFiles& files) {
  constexpr int64_t kNoLimit = int64_t{1} << 60;  // version 1 writes "none" as a number of about 2^63
  std::optional<int64_t> least;
  for (const std::string& dir : GroupDirs(files, "memory")) {
    struct Version {
      const char *limit, *used, *reclaimable;
    };
    for (const Version& version :
         {Version{"/memory.max", "/memory.current", "inactive_file"},
          Version{"/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file"}}) {
      const std::optional<int64_t> limit = files.Number(dir + version.limit);
      if (!limit || *limit >= kNoLimit) continue;
      const int64_t used = files.Number(dir + version.used).value_or(0);
      const int64_t kept = std::max<int64_t>(0, used - Reclaimable(files, dir, version.reclaimable));
      Tighten(least, std::max<int64_t>(0, *limit - kept));
    }
  }
  return least;
}

}  // namespace roofgap
