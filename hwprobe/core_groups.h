#ifndef ROOFGAP_HWPROBE_CORE_GROUPS_H_
#define ROOFGAP_HWPROBE_CORE_GROUPS_H_

#include <string>
#include <vector>

#include "harness/measure/host.h"
#include "harness/record/record.h"
#include "hwprobe/topology.h"

namespace roofgap {

// Cores that have roofs of their own.
struct CoreGroup {
  std::string kind;           // as the rows name it
  std::vector<int> cores;     // thread i of a team is pinned to cores[i]
  std::vector<int> threads;   // the teams, ascending
  std::vector<Cache> caches;  // that these cores reach, as the system reports them
};

// The usable cores by kind, fastest first, each with the thread counts of `threads`, at most all of its cores; then,
// for the counts that `roofgap run` pins to cores of several kinds, all of them as "mixed". Where cores are alike, or
// the system does not tell their kinds apart by name: one group.
std::vector<CoreGroup> CoreGroups(const Machine& machine, const Topology& topology, const Host& host,
                                  const std::vector<int>& threads);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_CORE_GROUPS_H_
