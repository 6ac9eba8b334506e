#include "hwprobe/core_groups.h"

#include <algorithm>

#include "harness/record/core_kind.h"

namespace roofgap {
namespace {

// Of the one kind of that name; the machine's where there is none, or more than one.
std::vector<Cache> CachesOf(const Machine& machine, const Topology& topology, const std::string& name) {
  const std::vector<Cache>* caches = nullptr;
  for (size_t i = 0; i < topology.core_kinds.size() && i < topology.caches_of_kind.size(); ++i) {
    if (topology.core_kinds[i].name != name) continue;
    if (caches != nullptr) return machine.caches;
    caches = &topology.caches_of_kind[i];
  }
  return caches == nullptr || caches->empty() ? machine.caches : *caches;
}

// Names of the kinds that `host` may use, in the order of the machine's.
std::vector<std::string> UsableKinds(const Machine& machine, const Host& host) {
  std::vector<std::string> names;
  for (const CoreKind& kind : machine.core_kinds) names.push_back(kind.name);
  names.emplace_back(kUnknownCores);
  std::vector<std::string> usable;
  for (const std::string& name : names) {
    const bool has_core = std::any_of(host.cores.begin(), host.cores.end(),
                                      [&](int core) { return CoreKindOf(machine.core_kinds, {core}, 1) == name; });
    if (has_core && std::find(usable.begin(), usable.end(), name) == usable.end()) usable.push_back(name);
  }
  return usable;
}

}  // namespace

std::vector<CoreGroup> CoreGroups(const Machine& machine, const Topology& topology, const Host& host,
                                  const std::vector<int>& threads) {
  const std::vector<std::string> kinds = UsableKinds(machine, host);
  if (kinds.size() == 1) return {{kinds.front(), host.cores, threads, CachesOf(machine, topology, kinds.front())}};
  std::vector<CoreGroup> groups;
  for (const std::string& kind : kinds) {
    CoreGroup group{.kind = kind, .cores = {}, .threads = {}, .caches = CachesOf(machine, topology, kind)};
    for (const int core : host.cores) {
      if (CoreKindOf(machine.core_kinds, {core}, 1) == kind) group.cores.push_back(core);
    }
    for (const int count : threads) {
      const int team = std::min(count, static_cast<int>(group.cores.size()));
      if (group.threads.empty() || group.threads.back() != team) group.threads.push_back(team);
    }
    groups.push_back(std::move(group));
  }
  CoreGroup mixed{.kind = std::string(kMixedCores), .cores = host.cores, .threads = {}, .caches = machine.caches};
  for (const int count : threads) {
    if (CoreKindOf(machine.core_kinds, host.cores, count) == kMixedCores) mixed.threads.push_back(count);
  }
  if (!mixed.threads.empty()) groups.push_back(std::move(mixed));
  return groups;
}

}  // namespace roofgap
