#include "harness/measure/host.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "harness/measure/cgroup.h"
#include "harness/measure/pinning.h"
#include "harness/measure/system_files.h"
#include "kernels/api/fnv.h"

namespace roofgap {
namespace {

constexpr const char* kCpuDir = "sys/devices/system/cpu/";
constexpr const char* kUnnamedHypervisor = "unnamed hypervisor";

std::string CpuDir(int cpu) { return kCpuDir + ("cpu" + std::to_string(cpu)) + "/"; }

// The value of the first "key : value" line of a file like /proc/cpuinfo; empty when there is none.
std::string Field(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && Trim(line.substr(0, colon)) == key) return Trim(line.substr(colon + 1));
  }
  return "";
}

std::optional<int64_t> MeminfoBytes(const std::string& meminfo, const std::string& key) {
  std::istringstream value(Field(meminfo, key));
  int64_t kibibytes = 0;
  if (!(value >> kibibytes)) return std::nullopt;
  return kibibytes * 1024;
}

std::vector<int> Siblings(const SystemFiles& files, int cpu) {
  for (const char* name : {"topology/core_cpus_list", "topology/thread_siblings_list"}) {
    if (const std::vector<int> cpus = ParseCpuList(files.Read(CpuDir(cpu) + name)); !cpus.empty()) return cpus;
  }
  return {cpu};
}

// One CPU of each physical core among `cpus`; cores of greater capacity first, where the system tells it.
std::vector<int> OnePerCore(const SystemFiles& files, const std::vector<int>& cpus) {
  std::vector<std::pair<int64_t, int>> ranked;
  std::vector<int> taken;
  for (const int cpu : cpus) {
    if (std::find(taken.begin(), taken.end(), cpu) != taken.end()) continue;
    const std::vector<int> siblings = Siblings(files, cpu);
    taken.insert(taken.end(), siblings.begin(), siblings.end());
    ranked.emplace_back(-files.Number(CpuDir(cpu) + "cpu_capacity").value_or(0), cpu);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<int> cores;
  for (const auto& [capacity, cpu] : ranked) cores.push_back(cpu);
  return cores;
}

int64_t ParseSize(const std::string& text) {
  std::istringstream in(text);
  int64_t value = 0;
  char unit = 0;
  in >> value >> unit;
  return unit == 'K' ? value << 10 : unit == 'M' ? value << 20 : unit == 'G' ? value << 30 : value;
}

std::vector<HostCache> ReadCaches(const SystemFiles& files, int cpu) {
  std::vector<HostCache> caches;
  for (int index = 0;; ++index) {
    const std::string dir = CpuDir(cpu) + "cache/index" + std::to_string(index) + "/";
    const std::optional<int64_t> level = files.Number(dir + "level");
    if (!level) return caches;
    if (files.Read(dir + "type") == "Instruction") continue;
    const int64_t bytes = ParseSize(files.Read(dir + "size"));
    if (bytes > 0) {
      caches.push_back({static_cast<int>(*level), bytes, ParseCpuList(files.Read(dir + "shared_cpu_list"))});
    }
  }
}

HostCache LastLevel(const std::vector<HostCache>& caches) {
  const auto last = std::max_element(caches.begin(), caches.end(),
                                     [](const HostCache& a, const HostCache& b) { return a.level < b.level; });
  return last == caches.end() ? HostCache{} : *last;
}

// x86 names its CPUs; ARM gives an implementer and parts, more than one where cores differ.
void ReadModel(const SystemFiles& files, const std::string& cpuinfo, Host& host) {
  host.cpu_vendor = Field(cpuinfo, "vendor_id");
  host.cpu_model = Field(cpuinfo, "model name");
  if (host.cpu_vendor.empty() && !Field(cpuinfo, "CPU implementer").empty()) {
    host.cpu_vendor = "implementer " + Field(cpuinfo, "CPU implementer");
  }
  if (!host.cpu_model.empty()) return;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("CPU part")) continue;
    const std::string part = "part " + Field(line, "CPU part");
    if (host.cpu_model.find(part) == std::string::npos) host.cpu_model += (host.cpu_model.empty() ? "" : ", ") + part;
  }
  const std::string board = files.Read("proc/device-tree/model");
  if (!board.empty()) host.cpu_model += (host.cpu_model.empty() ? "" : " on ") + board;
}

std::string Virtualisation(const SystemFiles& files, const std::string& cpuinfo) {
  const std::string type = files.Read("sys/hypervisor/type");
  if (!type.empty()) return type;
  const std::string device_tree = files.Read("proc/device-tree/hypervisor/compatible");
  if (!device_tree.empty()) return device_tree;
  const std::string firmware =
      files.Read("sys/class/dmi/id/sys_vendor") + " " + files.Read("sys/class/dmi/id/product_name");
  static constexpr std::pair<const char*, const char*> kNames[] = {
      {"KVM", "KVM"},          {"QEMU", "QEMU"},  {"VMware", "VMware"},         {"Virtual Machine", "Hyper-V"},
      {"Amazon EC2", "Nitro"}, {"Google", "KVM"}, {"VirtualBox", "VirtualBox"}, {"Xen", "Xen"},
  };
  const std::string flags = Field(cpuinfo, "flags");  // of x86 only
  const bool hypervisor = flags.find("hypervisor") != std::string::npos;
  if (!flags.empty() && !hypervisor) return "none";
  for (const auto& [text, name] : kNames) {
    if (firmware.find(text) != std::string::npos) return name;
  }
  return hypervisor ? kUnnamedHypervisor : "";
}

// What hypervisors answer to a leaf of cpuid that processors themselves do not have; empty elsewhere.
std::string HypervisorSignature() {
#if defined(__x86_64__)
  unsigned eax = 0, signature[4] = {};
  __cpuid(0x40000000, eax, signature[0], signature[1], signature[2]);
  const std::string text = reinterpret_cast<const char*>(signature);
  if (text.starts_with("KVM")) return "KVM";
  if (text.starts_with("Microsoft Hv")) return "Hyper-V";
  if (text.starts_with("VMware")) return "VMware";
  if (text.starts_with("Xen")) return "Xen";
#endif
  return "";
}

// Settings of the OpenMP library, read when the program was loaded, that change what a parallel region costs, where
// its threads run or how many there are.
void NoteOpenMpSettings(Host& host) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY",
                           "OMP_THREAD_LIMIT", "OMP_DYNAMIC", "OMP_MAX_ACTIVE_LEVELS"}) {
    if (const char* value = std::getenv(name)) host.notes.push_back(std::string(name) + "=" + value + " is set");
  }
}

std::string OsName(const SystemFiles& files) {
  std::istringstream lines(files.Read("etc/os-release"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    std::string name = line.substr(12);
    std::erase(name, '"');
    return name;
  }
  return "";
}

// Between brackets stands the choice in force: "always [madvise] never".
std::string Bracketed(const std::string& text) {
  const size_t open = text.find('['), close = text.find(']');
  return open == std::string::npos || close == std::string::npos ? text : text.substr(open + 1, close - open - 1);
}

std::string MachineId(const SystemFiles& files, const Host& host, const std::string& cpuinfo) {
  const std::vector<int> present = ParseCpuList(files.Read(std::string(kCpuDir) + "present"));
  std::ostringstream identity;
  identity << host.arch << '|' << host.cpu_vendor << '|' << host.cpu_model << '|' << Field(cpuinfo, "cpu family") << '|'
           << Field(cpuinfo, "model") << '|' << Field(cpuinfo, "stepping") << '|' << present.size() << '|'
           << OnePerCore(files, present).size();
  // Of the first processor there is, not of the first that this process may use.
  for (const HostCache& cache : ReadCaches(files, present.empty() ? 0 : present[0]))
    identity << '|' << cache.level << ':' << cache.bytes;
  identity << '|' << std::llround(static_cast<double>(host.memory_bytes) / (1 << 30));
  Fnv1a fingerprint;
  for (const char c : identity.str()) fingerprint.Add(c);
  const uint64_t hash = fingerprint.hash();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (int shift = 44; shift >= 0; shift -= 4) id += kDigits[((hash ^ (hash >> 20)) >> shift) & 15];
  return id;
}

std::string BuiltArch() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "";
#endif
}

}  // namespace

int Host::max_threads() const {
  auto most = static_cast<double>(cores.size());
  if (quota_cpus) most = std::min(most, std::floor(*quota_cpus));
  return std::max(1, static_cast<int>(most));
}

int64_t Host::last_level_cache_bytes(int threads) const {
  const size_t count = std::min(last_level_caches.size(), static_cast<size_t>(std::max(threads, 0)));
  int64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    const HostCache& cache = last_level_caches[i];
    const auto same = [&cache](const HostCache& other) {
      return other.level == cache.level && !cache.cpus.empty() && other.cpus == cache.cpus;
    };
    const auto end = last_level_caches.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::none_of(last_level_caches.begin(), end, same)) bytes += cache.bytes;
  }
  return bytes;
}

Host ReadHost(const std::filesystem::path& root) {
  const SystemFiles files(root);
  const std::string cpuinfo = files.Read("proc/cpuinfo");
  const std::string meminfo = files.Read("proc/meminfo");
  Host host;
  const auto missing = [&host](bool is, const char* what) {
    if (is) host.notes.emplace_back(what);
  };
  // Under an emulator the files are those of another architecture.
  if (root != "/") host.arch = files.Read("proc/sys/kernel/arch");
  if (host.arch.empty()) host.arch = BuiltArch();
  ReadModel(files, cpuinfo, host);
  missing(host.cpu_model.empty(), "CPU model unknown: /proc/cpuinfo does not tell it");

  // A thread that is pinned finds its own pin in the file.
  if (root == "/") host.affinity = ProcessCpus();
  if (host.affinity.empty()) host.affinity = ParseCpuList(Field(files.Read("proc/self/status"), "Cpus_allowed_list"));
  if (host.affinity.empty()) host.affinity = ParseCpuList(files.Read(std::string(kCpuDir) + "online"));
  missing(host.affinity.empty(), "usable CPUs unknown: one assumed; no /proc/self/status, no /sys/devices/system/cpu");
  if (host.affinity.empty()) host.affinity = {0};
  host.cores = OnePerCore(files, host.affinity);
  host.caches = ReadCaches(files, host.cores[0]);
  for (const int cpu : host.cores) host.last_level_caches.push_back(LastLevel(ReadCaches(files, cpu)));
  missing(host.caches.empty(), "cache sizes unknown: /sys/devices/system/cpu/*/cache does not tell them");
  host.quota_cpus = QuotaCpus(files);

  host.memory_bytes = MeminfoBytes(meminfo, "MemTotal").value_or(0);
  host.available_bytes = MeminfoBytes(meminfo, "MemAvailable");
  if (const std::optional<int64_t> left = MemoryLeft(files)) {
    host.available_bytes = std::min(host.available_bytes.value_or(*left), *left);
  }
  missing(host.memory_bytes == 0, "memory size unknown: no /proc/meminfo");
  missing(!host.available_bytes, "available memory unknown: /proc/meminfo does not tell it");
  host.governor = files.Read(CpuDir(host.cores[0]) + "cpufreq/scaling_governor");
  missing(host.governor.empty(), "frequency governor unknown: no cpufreq below /sys/devices/system/cpu");
  host.virtualisation = Virtualisation(files, cpuinfo);
  if (root == "/" && host.virtualisation == kUnnamedHypervisor && !HypervisorSignature().empty()) {
    host.virtualisation = HypervisorSignature();
  }
  missing(host.virtualisation.empty(), "virtualisation unknown: the system does not tell");
  host.huge_pages = Bracketed(files.Read("sys/kernel/mm/transparent_hugepage/enabled"));
  missing(host.huge_pages.empty(), "transparent huge pages: not offered by this kernel");
  host.os = OsName(files);
  host.kernel = files.Read("proc/sys/kernel/osrelease");
  if (root == "/") NoteOpenMpSettings(host);
  host.machine_id = MachineId(files, host, cpuinfo);
  return host;
}

}  // namespace roofgap
