#ifndef ROOFGAP_HWPROBE_TOPOLOGY_H_
#define ROOFGAP_HWPROBE_TOPOLOGY_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/measure/host.h"
#include "harness/record/record.h"
#include "hwprobe/plateau.h"

namespace roofgap {

// What hwloc knows of the machine's structure. Counts are at least 1; caches are data and unified ones, L1 first, those
// of one level that differ (a hybrid's) in separate entries, the larger first.
struct Topology {
  int packages = 1;
  int cores = 1;
  int hardware_threads = 1;
  int numa_nodes = 1;
  std::vector<Cache> caches;
  std::vector<std::vector<Cache>> caches_of_kind;  // of each of several core_kinds; shared_by counts its cores
  std::vector<CoreKind> core_kinds;  // fastest first: "uniform"; or "performance", "efficiency", between them "unknown"
  std::vector<std::string> notes;
};

// Reads this system, or the topology that `lstopo --of xml` stored in the file `xml`. Throws Error when the file is
// none.
Topology ReadTopology(const std::filesystem::path& xml = {});

// machine.json of this host: structure from `topology`, the rest from `host`. Where hwloc sees no caches, those of
// the system's files.
Machine DescribeMachine(const Topology& topology, const Host& host);

// What the system says the caches hold, all together up to each level, for `threads` threads on cores of their own.
// A sum, as if no level held a copy of another: for inclusive caches too much, never too little.
std::vector<ReportedLevel> ReportedCapacities(const Machine& machine, int threads);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_TOPOLOGY_H_
