#ifndef ROOFGAP_HARNESS_MEASURE_HOST_H_
#define ROOFGAP_HARNESS_MEASURE_HOST_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace roofgap {

// What the system's own files say of the machine and of this process's share of it, without hwloc. Every question has
// an answer on every Linux: what a file does not tell is empty, 0 or nullopt, and `notes` says why.
struct HostCache {
  int level = 0;  // 1, 2, 3; data and unified caches only
  int64_t bytes = 0;
  std::vector<int> cpus;  // that share this instance
};

struct Host {
  std::string machine_id;  // 12 hex digits, a fingerprint of CPU model, topology, memory size (to the GiB)
  std::string arch, cpu_model, cpu_vendor;
  std::vector<int> affinity;         // CPUs this process may use, ascending
  std::vector<int> cores;            // one CPU per usable physical core, in the order in which threads are pinned
  std::optional<double> quota_cpus;  // cgroup v1 or v2; nullopt: none
  std::vector<HostCache> caches;     // of cores[0]
  std::vector<HostCache> last_level_caches;  // that of cores[i], level 0 where unknown
  int64_t memory_bytes = 0;
  std::optional<int64_t> available_bytes;  // nullopt: unknown; 0: none, the control group is at its limit
  std::string governor, virtualisation, huge_pages, os, kernel;
  std::vector<std::string> notes;

  // Most threads a measurement may use here: min(usable physical cores, quota rounded down), at least 1.
  int max_threads() const;
  // Of all instances that the first `threads` of the cores reach; 0: unknown.
  int64_t last_level_cache_bytes(int threads = 1) const;
};

// Reads the host below `root` ("/" but for tests on made-up trees).
Host ReadHost(const std::filesystem::path& root = "/");

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_HOST_H_
