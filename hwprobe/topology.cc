#include "hwprobe/topology.h"

#include <hwloc.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "harness/measure/isa_scope.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

struct DestroyTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using TopologyHandle = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, DestroyTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<std::remove_pointer_t<hwloc_bitmap_t>, FreeBitmap>;

TopologyHandle Load(const std::filesystem::path& xml) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) throw Error("hwloc refused to start");
  TopologyHandle topology(raw);
  // The whole machine, also what a container hides from this process.
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if ((!xml.empty() && hwloc_topology_set_xml(raw, xml.c_str()) != 0) || hwloc_topology_load(raw) != 0) {
    throw Error("cannot read the topology" + (xml.empty() ? std::string() : " in " + xml.string()) +
                ": hwloc does not understand it; allowed is what `lstopo --of xml` writes");
  }
  return topology;
}

int CountOf(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return std::max(1, hwloc_get_nbobjs_by_type(topology, type));
}

// Those that CPUs of `set` (null: any) reach; of the cores that share one, those in the set count.
void AddCaches(hwloc_topology_t topology, hwloc_const_cpuset_t set, hwloc_obj_type_t type, const std::string& level,
               std::vector<Cache>& caches) {
  const Bitmap reach(hwloc_bitmap_alloc());
  const size_t first = caches.size();
  for (hwloc_obj_t object = nullptr; (object = hwloc_get_next_obj_by_type(topology, type, object)) != nullptr;) {
    const int64_t bytes = static_cast<int64_t>(object->attr->cache.size);
    if (set == nullptr) {
      hwloc_bitmap_copy(reach.get(), object->cpuset);
    } else {
      hwloc_bitmap_and(reach.get(), object->cpuset, set);
    }
    if (bytes <= 0 || hwloc_bitmap_iszero(reach.get())) continue;
    const int cores = std::max(1, hwloc_get_nbobjs_inside_cpuset_by_type(topology, reach.get(), HWLOC_OBJ_CORE));
    const auto same = std::find_if(caches.begin() + static_cast<std::ptrdiff_t>(first), caches.end(),
                                   [&](const Cache& c) { return c.bytes == bytes && c.shared_by == cores; });
    if (same != caches.end()) {
      ++same->count;
    } else {
      caches.push_back({level, bytes, cores, 1});
    }
  }
  std::stable_sort(caches.begin() + static_cast<std::ptrdiff_t>(first), caches.end(),
                   [](const Cache& a, const Cache& b) { return a.bytes > b.bytes; });
}

std::vector<Cache> ReadCaches(hwloc_topology_t topology, hwloc_const_cpuset_t set) {
  std::vector<Cache> caches;
  AddCaches(topology, set, HWLOC_OBJ_L1CACHE, "L1", caches);
  AddCaches(topology, set, HWLOC_OBJ_L2CACHE, "L2", caches);
  AddCaches(topology, set, HWLOC_OBJ_L3CACHE, "L3", caches);
  AddCaches(topology, set, HWLOC_OBJ_L4CACHE, "L4", caches);
  return caches;
}

// The CPUs of a set (null: all), the first of each core before the others.
std::vector<int> CpusOf(hwloc_topology_t topology, hwloc_const_cpuset_t set) {
  std::vector<std::pair<int, int>> ranked;  // (place within its core, CPU)
  for (hwloc_obj_t pu = nullptr; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr;) {
    if (set != nullptr && !hwloc_bitmap_isset(set, pu->os_index)) continue;
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    int place = 0;
    for (hwloc_obj_t before = pu->prev_sibling; core != nullptr && before != nullptr; before = before->prev_sibling) {
      ++place;
    }
    ranked.emplace_back(place, static_cast<int>(pu->os_index));
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<int> cpus;
  for (const auto& [place, cpu] : ranked) cpus.push_back(cpu);
  return cpus;
}

std::string NameOfKind(int efficiency, int rank, int kinds, unsigned infos, const hwloc_info_s* info) {
  for (unsigned i = 0; i < infos; ++i) {
    if (std::strcmp(info[i].name, "CoreType") != 0) continue;
    if (std::strcmp(info[i].value, "IntelCore") == 0) return "performance";
    if (std::strcmp(info[i].value, "IntelAtom") == 0) return "efficiency";
  }
  if (efficiency < 0) return "unknown";
  if (rank == kinds - 1) return "performance";
  return rank == 0 ? "efficiency" : "unknown";
}

void ReadCoreKinds(hwloc_topology_t hwloc, Topology& topology) {
  const int kinds = hwloc_cpukinds_get_nr(hwloc, 0);
  if (kinds <= 1) {
    topology.core_kinds = {{"uniform", CpusOf(hwloc, nullptr)}};
    return;
  }
  for (int rank = kinds - 1; rank >= 0; --rank) {  // hwloc ranks the most efficient, slowest kind first
    const Bitmap set(hwloc_bitmap_alloc());
    int efficiency = -1;
    unsigned infos = 0;
    hwloc_info_s* info = nullptr;
    if (hwloc_cpukinds_get_info(hwloc, static_cast<unsigned>(rank), set.get(), &efficiency, &infos, &info, 0) != 0) {
      continue;
    }
    topology.core_kinds.push_back({NameOfKind(efficiency, rank, kinds, infos, info), CpusOf(hwloc, set.get())});
    topology.caches_of_kind.push_back(ReadCaches(hwloc, set.get()));
  }
}

}  // namespace

Topology ReadTopology(const std::filesystem::path& xml) {
  const TopologyHandle handle = Load(xml);
  hwloc_topology_t hwloc = handle.get();
  Topology topology;
  topology.packages = CountOf(hwloc, HWLOC_OBJ_PACKAGE);
  topology.hardware_threads = CountOf(hwloc, HWLOC_OBJ_PU);
  topology.cores = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE);
  if (topology.cores <= 0) {
    topology.cores = topology.hardware_threads;
    topology.notes.push_back("hwloc does not tell cores from hardware threads: each of these counts as a core");
  }
  topology.numa_nodes = CountOf(hwloc, HWLOC_OBJ_NUMANODE);
  topology.caches = ReadCaches(hwloc, nullptr);
  ReadCoreKinds(hwloc, topology);
  return topology;
}

Machine DescribeMachine(const Topology& topology, const Host& host) {
  Machine machine;
  machine.machine_id = host.machine_id;
  machine.arch = host.arch;
  machine.cpu_model = host.cpu_model;
  machine.cpu_vendor = host.cpu_vendor;
  machine.packages = topology.packages;
  machine.cores = topology.cores;
  machine.hardware_threads = topology.hardware_threads;
  machine.numa_nodes = topology.numa_nodes;
  machine.caches = topology.caches;
  machine.core_kinds = topology.core_kinds;
  machine.isa = SupportedIsas();
  machine.memory_bytes = host.memory_bytes;
  machine.affinity = host.affinity;
  machine.cgroup_quota_cpus = host.quota_cpus;
  machine.governor = host.governor;
  machine.virtualisation = host.virtualisation;
  machine.huge_pages = host.huge_pages;
  machine.os = host.os;
  machine.kernel = host.kernel;
  machine.libraries = {"hwloc " + std::to_string(HWLOC_API_VERSION >> 16) + "." +
                       std::to_string((HWLOC_API_VERSION >> 8) & 0xff)};
  machine.notes = host.notes;
  machine.notes.insert(machine.notes.end(), topology.notes.begin(), topology.notes.end());
  if (machine.caches.empty()) {
    for (const HostCache& cache : host.caches) {
      const int shared_by =
          std::max(1, static_cast<int>(cache.cpus.size()) * topology.cores / topology.hardware_threads);
      machine.caches.push_back(
          {CacheLevelName(cache.level), cache.bytes, shared_by, std::max(1, topology.cores / shared_by)});
    }
    if (machine.caches.empty()) machine.notes.push_back("the system reports no caches: levels are those of the curve");
  }
  return machine;
}

std::vector<ReportedLevel> ReportedCapacities(const Machine& machine, int threads) {
  std::vector<ReportedLevel> levels;
  double sum = 0;
  for (size_t i = 0; i < machine.caches.size();) {
    const std::string level = machine.caches[i].level;
    int left = threads;  // without a cache of this level; the larger caches are given out first
    for (; i < machine.caches.size() && machine.caches[i].level == level; ++i) {
      const Cache& cache = machine.caches[i];
      const int instances = std::min(cache.count, (left + cache.shared_by - 1) / cache.shared_by);
      sum += static_cast<double>(cache.bytes) * instances;
      left = std::max(0, left - instances * cache.shared_by);
    }
    levels.push_back({level, sum});
  }
  return levels;
}

}  // namespace roofgap
