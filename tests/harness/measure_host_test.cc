#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/measure/host.h"
#include "harness/measure/system_files.h"

namespace roofgap {
namespace {

namespace fs = std::filesystem;

// A made-up root directory, removed at the end of the test.
class Tree {
 public:
  Tree() {
    static int count = 0;
    root_ = fs::temp_directory_path() / ("roofgap-host-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    fs::create_directories(root_);
  }
  Tree(Tree&&) = default;
  ~Tree() { fs::remove_all(root_); }

  Tree& Add(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
    return *this;
  }
  // A processor with its siblings, and caches of 48 KiB, 1 MiB and 32 MiB, the last shared by `l3`.
  Tree& AddCpu(int cpu, const std::string& siblings, const std::string& l3) {
    const std::string dir = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/";
    Add(dir + "topology/thread_siblings_list", siblings);
    AddCache(dir + "cache/index0/", "1", "Data", "48K", siblings);
    AddCache(dir + "cache/index1/", "1", "Instruction", "32K", siblings);
    AddCache(dir + "cache/index2/", "2", "Unified", "1024K", siblings);
    return AddCache(dir + "cache/index3/", "3", "Unified", "32M", l3);
  }
  Tree& AddCache(const std::string& dir, const std::string& level, const std::string& type, const std::string& size,
                 const std::string& shared) {
    return Add(dir + "level", level)
        .Add(dir + "type", type)
        .Add(dir + "size", size)
        .Add(dir + "shared_cpu_list", shared);
  }

  Host Read() const { return ReadHost(root_); }

 private:
  fs::path root_;
};

// Two cores of two threads each, 8 GiB.
Tree Desktop() {
  Tree tree;
  tree.Add("proc/cpuinfo",
           "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 94\n"
           "model name\t: Intel(R) Core(TM) i3-6100\nstepping\t: 3\nflags\t\t: fpu sse avx2");
  tree.Add("proc/self/status", "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3");
  tree.Add("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB");
  tree.Add("proc/sys/kernel/osrelease", "6.1.0").Add("proc/sys/kernel/arch", "x86_64");
  tree.Add("etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"");
  tree.Add("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never");
  tree.Add("sys/devices/system/cpu/present", "0-3")
      .Add("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave");
  for (int cpu = 0; cpu < 4; ++cpu) tree.AddCpu(cpu, cpu % 2 == 0 ? "0,2" : "1,3", "0-3");
  return tree;
}

TEST(Host, ReadsAnOrdinaryMachine) {
  const Host host = Desktop().Read();
  EXPECT_EQ(host.arch, "x86_64");
  EXPECT_EQ(host.cpu_model, "Intel(R) Core(TM) i3-6100");
  EXPECT_EQ(host.cpu_vendor, "GenuineIntel");
  EXPECT_EQ(host.affinity, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(host.memory_bytes, int64_t{8} << 30);
  EXPECT_EQ(host.available_bytes, int64_t{4} << 30);
  EXPECT_EQ(host.governor, "powersave");
  EXPECT_EQ(host.virtualisation, "none");
  EXPECT_EQ(host.huge_pages, "madvise");
  EXPECT_EQ(host.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(host.kernel, "6.1.0");
  EXPECT_FALSE(host.quota_cpus);
  EXPECT_TRUE(host.notes.empty());
}

TEST(Host, CountsOneCpuForEachCoreAndDataCachesOnly) {
  const Host host = Desktop().Read();
  EXPECT_EQ(host.cores, (std::vector<int>{0, 1}));
  EXPECT_EQ(host.max_threads(), 2);
  ASSERT_EQ(host.caches.size(), 3u);
  EXPECT_EQ(host.caches[0].bytes, 48 << 10);
  EXPECT_EQ(host.caches[0].cpus, (std::vector<int>{0, 2}));
  EXPECT_EQ(host.caches[1].level, 2);
  EXPECT_EQ(host.last_level_cache_bytes(), 32 << 20);
  EXPECT_EQ(host.last_level_cache_bytes(2), 32 << 20);
}

TEST(Host, LastLevelCachesAddUpOverTheInstancesThatTheThreadsReach) {
  Tree tree;
  tree.Add("proc/self/status", "Cpus_allowed_list:\t0-3");
  for (int cpu = 0; cpu < 4; ++cpu) tree.AddCpu(cpu, std::to_string(cpu), cpu < 2 ? "0-1" : "2-3");
  const Host host = tree.Read();
  EXPECT_EQ(host.last_level_cache_bytes(), 32 << 20);
  EXPECT_EQ(host.last_level_cache_bytes(2), 32 << 20);
  EXPECT_EQ(host.last_level_cache_bytes(3), 64 << 20);
  EXPECT_EQ(host.last_level_cache_bytes(4), 64 << 20);
  EXPECT_EQ(host.last_level_cache_bytes(400), 64 << 20);
}

TEST(Host, CoresWithoutTheOutermostCacheAddTheirOwn) {
  Tree tree;
  tree.Add("proc/self/status", "Cpus_allowed_list:\t0-1").AddCpu(0, "0", "0");
  tree.AddCache("sys/devices/system/cpu/cpu1/cache/index0/", "2", "Unified", "2M", "1");
  EXPECT_EQ(tree.Read().last_level_cache_bytes(2), 34 << 20);
}

TEST(Host, UsesTheSiblingThatTheAffinityLeaves) {
  Tree tree = Desktop();
  EXPECT_EQ(tree.Add("proc/self/status", "Cpus_allowed_list:\t1-2").Read().cores, (std::vector<int>{1, 2}));
  EXPECT_EQ(tree.Add("proc/self/status", "Cpus_allowed_list:\t3").Read().cores, (std::vector<int>{3}));
}

TEST(Host, PutsTheCoresOfGreaterCapacityFirst) {
  Tree tree;
  tree.Add("proc/self/status", "Cpus_allowed_list:\t0-3");
  for (int cpu = 0; cpu < 4; ++cpu) {
    tree.Add("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity", cpu < 2 ? "446" : "1024");
  }
  EXPECT_EQ(tree.Read().cores, (std::vector<int>{2, 3, 0, 1}));
}

TEST(Host, NamesArmMachinesByPartsAndBoard) {
  Tree tree;
  tree.Add("proc/cpuinfo",
           "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd05\n\nprocessor : 1\nCPU implementer : 0x41\n"
           "CPU part : 0xd0b\n\nprocessor : 2\nCPU implementer : 0x41\nCPU part : 0xd0b");
  tree.Add("proc/device-tree/model", std::string("Some Board 5\0", 13));
  const Host host = tree.Read();
  EXPECT_EQ(host.cpu_vendor, "implementer 0x41");
  EXPECT_EQ(host.cpu_model, "part 0xd05, part 0xd0b on Some Board 5");
  EXPECT_EQ(host.virtualisation, "");
}

TEST(Host, AnEmptySystemIsOneCoreAndSaysWhatIsUnknown) {
  const Host host = Tree().Read();
  EXPECT_EQ(host.cores, (std::vector<int>{0}));
  EXPECT_EQ(host.max_threads(), 1);
  EXPECT_EQ(host.memory_bytes, 0);
  EXPECT_EQ(host.last_level_cache_bytes(), 0);
  EXPECT_TRUE(host.cpu_model.empty() && host.governor.empty() && host.virtualisation.empty() && host.os.empty());
  EXPECT_GE(host.notes.size(), 6u);
}

TEST(Host, GarbageInEveryFileIsTreatedAsMissing) {
  Tree tree;
  for (const char* path :
       {"proc/cpuinfo", "proc/meminfo", "proc/self/status", "proc/self/cgroup", "sys/devices/system/cpu/present",
        "sys/devices/system/cpu/cpu0/cache/index0/level", "sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
        "sys/fs/cgroup/cpu.max", "etc/os-release"}) {
    tree.Add(path, ":::\n-7-,,9999999999999999999-\nMemTotal: many kB\nCpus_allowed_list: 5-2");
  }
  const Host host = tree.Read();
  EXPECT_EQ(host.cores, (std::vector<int>{0}));
  EXPECT_EQ(host.memory_bytes, 0);
  EXPECT_TRUE(host.caches.empty());
  EXPECT_FALSE(host.quota_cpus);
}

TEST(Host, TakesTheTightestCgroupQuotaOfVersion2) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "0::/a/b").Add("sys/fs/cgroup/a/b/cpu.max", "max 100000");
  EXPECT_FALSE(tree.Read().quota_cpus);
  tree.Add("sys/fs/cgroup/a/cpu.max", "150000 100000");
  EXPECT_EQ(tree.Read().quota_cpus, 1.5);
  EXPECT_EQ(tree.Read().max_threads(), 1);
  tree.Add("sys/fs/cgroup/a/b/cpu.max", "50000 100000");
  EXPECT_EQ(tree.Read().quota_cpus, 0.5);
  EXPECT_EQ(tree.Read().max_threads(), 1);
}

TEST(Host, FindsTheQuotaAtTheMountWhenThePathExistsOnlyOutside) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "0::/../../docker/0123").Add("sys/fs/cgroup/cpu.max", "300000 100000");
  EXPECT_EQ(tree.Read().quota_cpus, 3.0);
  EXPECT_EQ(tree.Read().max_threads(), 2);
}

TEST(Host, ReadsTheQuotaOfVersion1) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/c/d\n0::/");
  tree.Add("sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "-1");
  tree.Add("sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_period_us", "100000");
  EXPECT_FALSE(tree.Read().quota_cpus);
  tree.Add("sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "125000");
  EXPECT_EQ(tree.Read().quota_cpus, 1.25);
}

TEST(Host, AvailableMemoryIsWhatTheControlGroupLeaves) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "0::/a");
  tree.Add("sys/fs/cgroup/a/memory.max", "1073741824").Add("sys/fs/cgroup/a/memory.current", "73741824");
  EXPECT_EQ(tree.Read().available_bytes, 1'000'000'000);
  tree.Add("sys/fs/cgroup/a/memory.max", "max");
  EXPECT_EQ(tree.Read().available_bytes, int64_t{4} << 30);
}

TEST(Host, AControlGroupAtItsLimitLeavesNothingButFilePagesThatCanGo) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "0::/a");
  tree.Add("sys/fs/cgroup/a/memory.max", "1000000000").Add("sys/fs/cgroup/a/memory.current", "1000000000");
  EXPECT_EQ(tree.Read().available_bytes, 0);
  tree.Add("sys/fs/cgroup/a/memory.stat", "anon 600000000\nactive_file 100000000\ninactive_file 300000000\nslab 5");
  EXPECT_EQ(tree.Read().available_bytes, 300'000'000);
}

TEST(Host, FilePagesThatCanGoCountAsFreeInVersion1Too) {
  Tree tree = Desktop();
  tree.Add("proc/self/cgroup", "4:memory:/m").Add("sys/fs/cgroup/memory/m/memory.limit_in_bytes", "1000000000");
  tree.Add("sys/fs/cgroup/memory/m/memory.usage_in_bytes", "900000000");
  tree.Add("sys/fs/cgroup/memory/m/memory.stat", "inactive_file 7\ntotal_inactive_file 200000000");
  EXPECT_EQ(tree.Read().available_bytes, 300'000'000);
}

TEST(Host, AvailableMemoryThatNothingTellsIsUnknown) {
  Tree tree = Desktop();
  EXPECT_EQ(tree.Add("proc/meminfo", "MemTotal: 8388608 kB").Read().available_bytes, std::nullopt);
}

TEST(Host, NamesTheHypervisorByFirmwareOrSaysThatItHasNoName) {
  Tree tree = Desktop();
  tree.Add("proc/cpuinfo", "vendor_id : AuthenticAMD\nmodel name : AMD EPYC\nflags : fpu hypervisor avx2");
  EXPECT_EQ(tree.Read().virtualisation, "unnamed hypervisor");
  tree.Add("sys/class/dmi/id/sys_vendor", "QEMU").Add("sys/class/dmi/id/product_name", "Standard PC");
  EXPECT_EQ(tree.Read().virtualisation, "QEMU");
  tree.Add("sys/hypervisor/type", "xen");
  EXPECT_EQ(tree.Read().virtualisation, "xen");
}

TEST(Host, MachineIdIsTwelveHexDigitsOfTheHardwareAlone) {
  Tree tree = Desktop();
  const std::string id = tree.Read().machine_id;
  EXPECT_EQ(id.size(), 12u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  tree.Add("proc/self/status", "Cpus_allowed_list:\t0-1").Add("proc/sys/kernel/osrelease", "7.0");
  tree.Add("proc/meminfo", "MemTotal: 8388000 kB\nMemAvailable: 1 kB").Add("proc/sys/kernel/hostname", "other");
  tree.Add("proc/self/cgroup", "0::/").Add("sys/fs/cgroup/cpu.max", "100000 100000");
  EXPECT_EQ(tree.Read().machine_id, id);
  EXPECT_NE(tree.Add("proc/meminfo", "MemTotal: 16777216 kB").Read().machine_id, id);
}

TEST(Host, MachinesOfAnotherModelOrCacheHaveAnotherId) {
  const std::string id = Desktop().Read().machine_id;
  Tree model = Desktop(), cache = Desktop();
  EXPECT_NE(
      model.Add("proc/cpuinfo", "vendor_id : GenuineIntel\nmodel name : Intel(R) Core(TM) i3-7100").Read().machine_id,
      id);
  EXPECT_NE(cache.Add("sys/devices/system/cpu/cpu0/cache/index3/size", "16M").Read().machine_id, id);
}

TEST(Host, ReadsTheMachineItRunsOn) {
  const Host host = ReadHost();
  EXPECT_FALSE(host.affinity.empty());
  EXPECT_FALSE(host.arch.empty());
  EXPECT_LE(host.cores.size(), host.affinity.size());
  EXPECT_GT(host.memory_bytes, 0);
  ASSERT_TRUE(host.available_bytes);
  EXPECT_LE(*host.available_bytes, host.memory_bytes);
  EXPECT_EQ(ReadHost().machine_id, host.machine_id);
}

TEST(CpuList, ExpandsRangesAndRefusesAnythingElse) {
  EXPECT_EQ(ParseCpuList("0-2,5,7-8"), (std::vector<int>{0, 1, 2, 5, 7, 8}));
  for (const char* bad : {"", "x", "3-1", "-1", "1,,2", "1-", "0-99999999", "1;2"}) {
    EXPECT_TRUE(ParseCpuList(bad).empty()) << bad;
  }
}

}  // namespace
}  // namespace roofgap
