#include "harness/run/machine.h"

#include "harness/measure/isa_scope.h"
#include "harness/run/build_info.h"

namespace roofgap {

Machine MachineWithoutProbe(const Host& host) {
  const RunInfo build = NewRunInfo();
  Machine machine;
  machine.machine_id = host.machine_id;
  machine.utc = build.utc;
  machine.arch = host.arch;
  machine.cpu_model = host.cpu_model;
  machine.cpu_vendor = host.cpu_vendor;
  machine.cores = static_cast<int>(host.cores.size());
  machine.hardware_threads = static_cast<int>(host.affinity.size());
  for (const HostCache& cache : host.caches) {
    machine.caches.push_back({.level = "L" + std::to_string(cache.level),
                              .bytes = cache.bytes,
                              .shared_by = static_cast<int>(cache.cpus.size())});
  }
  machine.core_kinds.push_back({.name = "unknown", .cpus = host.cores});
  machine.isa = SupportedIsas();
  machine.memory_bytes = host.memory_bytes;
  machine.affinity = host.affinity;
  machine.cgroup_quota_cpus = host.quota_cpus;
  machine.governor = host.governor;
  machine.virtualisation = host.virtualisation;
  machine.huge_pages = host.huge_pages;
  machine.os = host.os;
  machine.kernel = host.kernel;
  machine.compiler = build.compiler;
  machine.build_type = build.build_type;
  machine.libraries = build.libraries;
  machine.notes = host.notes;
  machine.notes.push_back("without hwprobe: usable cores only, packages and core kinds unknown");
  return machine;
}

}  // namespace roofgap
