#ifndef ROOFGAP_HARNESS_RECORD_RECORD_H_
#define ROOFGAP_HARNESS_RECORD_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What is written down: one plain struct per kind of row, strings and numbers only. An empty optional is an empty
// field, "not available", and `reason` or `warnings` says why. Units are in the names; G is 1e9.

namespace roofgap {

inline constexpr int kSchemaVersion = 1;

// The vocabulary of `status`.
inline constexpr std::string_view kMeasured = "measured";
inline constexpr std::string_view kUnstable = "unstable";
inline constexpr std::string_view kSkipped = "skipped";
inline constexpr std::string_view kWrong = "wrong";

using Number = std::optional<double>;

// One row of measurements.csv: one case, whether it could be measured or not. Columns: fields.h.
struct Record {
  int schema_version = kSchemaVersion;
  std::string run_id, utc, machine_id;
  // The key: what was asked for.
  std::string op, problem, label, variant, impl, dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  // What became of it.
  std::string status, reason;
  Number flops, flops_nominal, macs, executed_flops, bytes_read, bytes_written, intensity;
  Number batch;
  int64_t n = 0;
  Number min_ns, p05_ns, median_ns, p95_ns, p99_ns, ci_low_ns, ci_high_ns;
  std::vector<double> turns_ns;  // medians of the undisturbed turns, in order
  Number gflops, gbps;
  Number max_error, error_bound;
  std::string verified;  // "all" or "sample:N"; empty when not verified
  Number distance_from_exact;
  Number workspace_bytes, packed_bytes, peak_bytes;
  Number prepare_ns, reorder_ns;
  Number energy_j;
  std::string energy_status;
  Number clock_ghz, canary_ns, canary_bytes;
  std::string warnings;  // "; "-separated
};

// One row of ceilings.csv: one roof of one machine.
struct Ceiling {
  int schema_version = kSchemaVersion;
  std::string machine_id;
  std::string kind;  // compute, memory, latency
  std::string isa;   // empty for latency
  std::string dtype;
  std::string op_mix;   // compute: fma, fma_add, mul_add, dot
  std::string level;    // memory, latency: L1, L2, L3, DRAM
  std::string pattern;  // memory: load, read2_write1, copy, update, triad, store, nt_copy, nt_store
  std::string pages;    // memory, latency: huge, small
  std::string core_kind;
  int threads = 1;
  Number working_set_bytes;  // of all threads together, where the best was measured
  Number capacity_bytes;     // of all caches up to this level for these threads
  Number best, median, ci_low, ci_high;
  int64_t n = 0;
  std::string unit;  // GFLOP/s, GB/s, ns
  Number clock_ghz;
  Number flop_per_cycle;              // compute: median / threads / clock_ghz
  Number knee_bytes, reported_bytes;  // what capacity_bytes is the larger of

  bool operator==(const Ceiling&) const = default;
};

// One row of curve.csv: the bandwidth of one loop at one working set.
struct CurveRow {
  int schema_version = kSchemaVersion;
  std::string machine_id, isa, pattern, pages, core_kind;
  int threads = 1;
  Number working_set_bytes;  // of all threads together
  Number best, median, ci_low, ci_high;
  int64_t n = 0;
  std::string unit;  // GB/s
};

// The op_mix of the compute roof that code of this data type stands under.
inline std::string_view DenominatorMix(std::string_view dtype) {
  return dtype == "bf16" || dtype == "s8" ? "dot" : "fma";
}

// All roofs of a machine, in file order.
struct Ceilings {
  std::vector<Ceiling> rows;

  bool operator==(const Ceilings&) const = default;
};

// One cache as the system reports it.
struct Cache {
  std::string level;  // L1, L2, L3, L4
  int64_t bytes = 0;
  int shared_by = 1;  // cores that share one instance
  int count = 1;      // instances
};

// One kind of core (P/E, big.LITTLE); a machine whose cores are alike has one, named "uniform".
struct CoreKind {
  std::string name;       // "uniform", "performance", "efficiency", "unknown"
  std::vector<int> cpus;  // the system's numbers, one per physical core first
};

// machine.json: what a reader of the results has to know of the machine. Written by hwprobe; `roofgap run` copies it.
struct Machine {
  int schema_version = kSchemaVersion;
  std::string machine_id;  // stable over reboots and updates of the system
  std::string utc;         // when it was probed
  std::string arch;        // x86_64, aarch64
  std::string cpu_model;
  std::string cpu_vendor;
  int packages = 1;
  int cores = 1;  // physical
  int hardware_threads = 1;
  int numa_nodes = 1;
  std::vector<Cache> caches;
  std::vector<CoreKind> core_kinds;
  std::vector<std::string> isa;  // Highway target names that run here, best first
  int64_t memory_bytes = 0;
  std::vector<int> affinity;   // CPUs that this process may use
  Number cgroup_quota_cpus;    // empty: no quota
  std::string governor;        // empty: the system does not tell
  std::string virtualisation;  // "none", "kvm", ...; empty: unknown
  std::string huge_pages;      // always, madvise, never; empty: unknown
  std::string os, kernel, compiler, build_type;
  std::vector<std::string> libraries;  // "oneDNN 2.6.3"
  std::vector<std::string> notes;      // what could not be found out, and why
};

// run.json: what a run was, written when it begins (partial) and again when it ends.
struct RunInfo {
  int schema_version = kSchemaVersion;
  std::string run_id, utc, machine_id;
  std::string suite, command;
  int64_t seed = 1;
  Number energy_s;
  int64_t max_threads = 0;  // that `all` stands for
  std::vector<int> cores;   // CPUs that threads are pinned to, in this order
  std::string status;       // complete, partial
  std::string roofgap_version, compiler, build_type, program;
  std::vector<std::string> libraries;  // "oneDNN 2.6.3"
  std::string probe;                   // name of the probe directory; empty: none
  int64_t problems = 0, cases = 0, measured = 0, unstable = 0, skipped = 0, wrong = 0;
  std::vector<std::string> notes;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_RECORD_H_
