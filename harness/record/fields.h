#ifndef ROOFGAP_HARNESS_RECORD_FIELDS_H_
#define ROOFGAP_HARNESS_RECORD_FIELDS_H_

#include <algorithm>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "harness/record/record.h"

// The one list of fields of each struct. VisitFields(row, visit) calls visit(Field, member) for each member in file
// order; writing, reading, checking and documenting a file are visitors, so they cannot disagree. A new column is a
// member in record.h and a line here.

namespace roofgap {

struct Field {
  std::string_view name;
  std::string_view unit = "";  // empty: a count, a ratio or a text
  std::string_view description;
  std::string_view allowed = "";  // the vocabulary, separated by spaces; empty: anything
  bool required = false;          // a text that may not be empty
  bool later = false;             // came after the first release: where a file lacks it, it reads as empty
};

// Whether a text may stand in the field: one of the vocabulary, or nothing.
inline bool Allows(const Field& field, std::string_view text) {
  if (text.empty() || field.allowed.empty()) return true;
  for (std::string_view words = field.allowed; !words.empty();) {
    const size_t space = std::min(words.find(' '), words.size());
    if (words.substr(0, space) == text) return true;
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return false;
}

template <class T, class Row>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Row>;

namespace vocabulary {
inline constexpr std::string_view kDType = "f32 f64 bf16 s8";
inline constexpr std::string_view kStatus = "measured unstable skipped wrong";
inline constexpr std::string_view kCache = "warm cold";
inline constexpr std::string_view kKind = "compute memory latency";
inline constexpr std::string_view kOpMix = "fma fma_add mul_add dot";
inline constexpr std::string_view kLevel = "L1 L2 L3 L4 DRAM";
inline constexpr std::string_view kPattern = "load read2_write1 copy update triad store nt_copy nt_store";
inline constexpr std::string_view kPages = "huge small";
inline constexpr std::string_view kUnit = "GFLOP/s GB/s ns";
}  // namespace vocabulary

// What measurements.csv and gap.csv share: which case a row is about, and what became of it.
template <class Row, class Visit>
void VisitKeyFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{"run_id", "", "name of the run: its UTC time and suite"}, row.run_id);
  visit(Field{"utc", "", "when the row was written, ISO 8601"}, row.utc);
  visit(Field{.name = "machine_id", .description = "fingerprint of the machine, as in machine.json", .required = true},
        row.machine_id);
  visit(Field{.name = "op", .description = "operation: `conv2d`, `fc`, ...", .required = true}, row.op);
  visit(Field{.name = "problem", .description = "shape in the problem grammar, canonical", .required = true},
        row.problem);
  visit(Field{"label", "", "name that the suite gives the shape, such as a model's layer"}, row.label);
  visit(Field{.name = "variant", .description = "algorithm, as `roofgap list` prints it", .required = true},
        row.variant);
  visit(Field{"impl", "", "what really ran: the compiled ISA and plan, or the library's own name for it"}, row.impl);
  visit(Field{"dtype", "", "data type of the operands", vocabulary::kDType}, row.dtype);
  visit(Field{"isa", "", "instruction set asked for, by Highway's target name"}, row.isa);
  visit(Field{"threads", "", "threads, one per physical core, pinned"}, row.threads);
  visit(
      Field{"core_kind", "", "kind of the cores that ran it; `uniform` where all are alike, `mixed` when they differ"},
      row.core_kind);
  visit(Field{"cache", "", "whether each call finds its operands cached, or none of them", vocabulary::kCache},
        row.cache);
  visit(
      Field{
          .name = "status", .description = "what became of the row", .allowed = vocabulary::kStatus, .required = true},
      row.status);
  visit(Field{"reason", "", "why the row is not `measured`"}, row.reason);
}

template <MaybeConst<Record> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  VisitKeyFields(row, visit);
  visit(Field{"flops", "FLOP", "2 x the multiply-accumulates that must be done: no taps on padding, no masked pairs"},
        row.flops);
  visit(Field{"flops_nominal", "FLOP", "the formula that papers print: taps on padding counted"}, row.flops_nominal);
  visit(Field{"macs", "MAC", "multiply-accumulates, flops_nominal / 2"}, row.macs);
  visit(Field{"executed_flops", "FLOP", "what the algorithm does (Winograd: of its GEMMs; transforms never counted)"},
        row.executed_flops);
  visit(Field{"bytes_read", "byte", "compulsory: each input element and each weight that is used, once"},
        row.bytes_read);
  visit(Field{"bytes_written", "byte", "compulsory: each output element once"}, row.bytes_written);
  visit(Field{"intensity", "FLOP/byte", "flops / (bytes_read + bytes_written)"}, row.intensity);
  visit(Field{.name = "batch", .description = "inferences per call: `mb` or `b` of the problem", .later = true},
        row.batch);
  visit(Field{"n", "", "samples kept"}, row.n);
  visit(Field{"min_ns", "ns", "fastest call (a short call: mean of its batch)"}, row.min_ns);
  visit(Field{"p05_ns", "ns", "5th percentile; needs 72 samples"}, row.p05_ns);
  visit(Field{"median_ns", "ns", "median call: the headline"}, row.median_ns);
  visit(Field{"p95_ns", "ns", "95th percentile; needs 72 samples"}, row.p95_ns);
  visit(Field{"p99_ns", "ns", "99th percentile; needs 368 samples"}, row.p99_ns);
  visit(Field{"ci_low_ns", "ns", "lower end of the median's 95 % order-statistic interval; needs 6 samples"},
        row.ci_low_ns);
  visit(Field{"ci_high_ns", "ns", "upper end of that interval"}, row.ci_high_ns);
  visit(
      Field{.name = "turns_ns",
            .unit = "ns",
            .description = "medians of the undisturbed turns to six digits, separated by spaces, in the order of time; "
                           "of more than 128 as many, evenly spread: `roofgap compare` tests by them",
            .later = true},
      row.turns_ns);
  visit(Field{"gflops", "GFLOP/s", "flops / median_ns"}, row.gflops);
  visit(Field{"gbps", "GB/s", "(bytes_read + bytes_written) / median_ns"}, row.gbps);
  visit(Field{"max_error", "", "|output - reference| of the element whose error is the largest part of its bound"},
        row.max_error);
  visit(Field{"error_bound", "", "derived bound of that element"}, row.error_bound);
  visit(Field{"verified", "", "outputs checked before timing: `all`, or `sample:N` of them"}, row.verified);
  visit(
      Field{.name = "distance_from_exact",
            .description =
                "linformer, performer: |output - exact attention| / |exact attention| on the same operands, Euclidean "
                "norms over up to 512 queries, evenly spread; empty for ops that define their own result",
            .later = true},
      row.distance_from_exact);
  visit(Field{"workspace_bytes", "byte", "scratch of the variant, activations in its own layout included"},
        row.workspace_bytes);
  visit(Field{"packed_bytes", "byte", "constant operands rearranged"}, row.packed_bytes);
  visit(Field{"peak_bytes", "byte",
              "most memory that a call holds: operands, packed weights, workspace; `warnings` says when it takes more"},
        row.peak_bytes);
  visit(Field{"prepare_ns", "ns", "packing of the constant operands, once; not part of a call"}, row.prepare_ns);
  visit(Field{"reorder_ns", "ns", "bringing activations into the variant's layout and back; not part of a call"},
        row.reorder_ns);
  visit(Field{"energy_j", "J", "energy of one call, idle power subtracted"}, row.energy_j);
  visit(Field{"energy_status", "", "where energy_j comes from, or why it is empty"}, row.energy_status);
  visit(Field{"clock_ghz", "GHz", "core clock while measuring, by a chain of dependent adds"}, row.clock_ghz);
  visit(
      Field{
          .name = "canary_ns",
          .unit = "ns",
          .description =
              "fixed work beside the samples (FMA chains; cold or larger than the caches: loads), median: compare runs "
              "by median_ns / canary_ns",
          .later = true},
      row.canary_ns);
  visit(Field{.name = "canary_bytes",
              .unit = "byte",
              .description = "what it read from memory meanwhile, all threads together; empty where it computed",
              .later = true},
        row.canary_bytes);
  visit(Field{"warnings", "", "what to know before relying on the row; separated by `; `"}, row.warnings);
}

// What ceilings.csv and curve.csv share: a rate, or a latency, and how well it is known.
template <class Row, class Visit>
void VisitRateFields(Row& row, Visit&& visit) {
  visit(Field{"best", "see unit", "best of all repetitions: what nothing may pass"}, row.best);
  visit(Field{"median", "see unit", "median repetition: what a program can count on"}, row.median);
  visit(Field{"ci_low", "see unit", "lower end of the median's 95 % order-statistic interval"}, row.ci_low);
  visit(Field{"ci_high", "see unit", "upper end of that interval"}, row.ci_high);
  visit(Field{"n", "", "samples"}, row.n);
  visit(Field{.name = "unit",
              .description = "of best, median, ci_low and ci_high; G is 1e9",
              .allowed = vocabulary::kUnit,
              .required = true},
        row.unit);
}

template <MaybeConst<Ceiling> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{.name = "machine_id", .description = "fingerprint of the machine, as in machine.json", .required = true},
        row.machine_id);
  visit(Field{.name = "kind", .description = "what the roof limits", .allowed = vocabulary::kKind, .required = true},
        row.kind);
  visit(Field{"isa", "", "instruction set of the loop, by Highway's target name; empty for latency"}, row.isa);
  visit(Field{"dtype", "", "data type of the loop", vocabulary::kDType}, row.dtype);
  visit(Field{"op_mix", "",
              "compute: operations of the loop; denominators are `fma` of f32 and f64, `dot` of bf16 and s8",
              vocabulary::kOpMix},
        row.op_mix);
  visit(Field{"level", "", "memory, latency: where the working set lives", vocabulary::kLevel}, row.level);
  visit(Field{"pattern", "", "memory: reads and writes of the loop; nt: non-temporal stores", vocabulary::kPattern},
        row.pattern);
  visit(Field{"pages", "", "memory, latency: page size asked for", vocabulary::kPages}, row.pages);
  visit(
      Field{"core_kind", "", "kind of the cores that ran it; `uniform` where all are alike, `mixed` when they differ"},
      row.core_kind);
  visit(Field{"threads", "", "threads, one per physical core, pinned"}, row.threads);
  visit(Field{"working_set_bytes", "byte", "of all threads together, where the best was measured"},
        row.working_set_bytes);
  visit(Field{"capacity_bytes", "byte",
              "of all caches up to this level for these threads: the larger of knee_bytes and reported_bytes"},
        row.capacity_bytes);
  VisitRateFields(row, visit);
  visit(Field{"clock_ghz", "GHz", "core clock while measuring, by a chain of dependent adds"}, row.clock_ghz);
  visit(Field{.name = "flop_per_cycle",
              .unit = "FLOP/cycle",
              .description = "compute: of each core, median / threads / clock_ghz",
              .later = true},
        row.flop_per_cycle);
  visit(Field{.name = "knee_bytes",
              .unit = "byte",
              .description = "where curve.csv falls from this level to the next",
              .later = true},
        row.knee_bytes);
  visit(Field{.name = "reported_bytes",
              .unit = "byte",
              .description = "what the caches up to this level hold, as the system says",
              .later = true},
        row.reported_bytes);
}

template <MaybeConst<CurveRow> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{.name = "machine_id", .description = "fingerprint of the machine, as in machine.json", .required = true},
        row.machine_id);
  visit(Field{"isa", "", "instruction set of the loop, by Highway's target name"}, row.isa);
  visit(Field{.name = "pattern",
              .description = "reads and writes of the loop",
              .allowed = vocabulary::kPattern,
              .required = true},
        row.pattern);
  visit(Field{"pages", "", "page size asked for", vocabulary::kPages}, row.pages);
  visit(Field{"core_kind", "", "kind of core that ran it; `uniform` where all are alike"}, row.core_kind);
  visit(Field{"threads", "", "threads, one per physical core, pinned"}, row.threads);
  visit(Field{"working_set_bytes", "byte", "of all threads together"}, row.working_set_bytes);
  VisitRateFields(row, visit);
}

template <MaybeConst<Cache> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{.name = "level", .description = "L1 is the data cache", .allowed = "L1 L2 L3 L4", .required = true},
        row.level);
  visit(Field{"bytes", "byte", "of one instance"}, row.bytes);
  visit(Field{"shared_by", "", "cores that share one instance"}, row.shared_by);
  visit(Field{"count", "", "instances"}, row.count);
}

template <MaybeConst<CoreKind> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{.name = "name", .description = "`uniform` where all cores are alike", .required = true}, row.name);
  visit(Field{"cpus", "", "the system's numbers, one per physical core first"}, row.cpus);
}

template <MaybeConst<Machine> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the file; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{.name = "machine_id",
              .description = "fingerprint, stable over reboots and updates of the system",
              .required = true},
        row.machine_id);
  visit(Field{"utc", "", "when the machine was probed, ISO 8601"}, row.utc);
  visit(Field{"arch", "", "x86_64, aarch64"}, row.arch);
  visit(Field{"cpu_model", "", "as the system names it"}, row.cpu_model);
  visit(Field{"cpu_vendor", "", "as the system names it"}, row.cpu_vendor);
  visit(Field{"packages", "", "sockets"}, row.packages);
  visit(Field{"cores", "", "physical cores"}, row.cores);
  visit(Field{"hardware_threads", "", "logical CPUs"}, row.hardware_threads);
  visit(Field{"numa_nodes", "", "memory nodes"}, row.numa_nodes);
  visit(Field{"caches", "", "data and unified caches, as the system reports them"}, row.caches);
  visit(Field{"core_kinds", "", "kinds of cores and their CPUs"}, row.core_kinds);
  visit(Field{"isa", "", "Highway target names that run here, best first"}, row.isa);
  visit(Field{"memory_bytes", "byte", "main memory"}, row.memory_bytes);
  visit(Field{"affinity", "", "CPUs that the process may use"}, row.affinity);
  visit(Field{"cgroup_quota_cpus", "CPU", "CPU time that the control group allows; null: no quota"},
        row.cgroup_quota_cpus);
  visit(Field{"governor", "", "frequency governor; empty: the system does not tell"}, row.governor);
  visit(Field{"virtualisation", "", "`none`, `kvm`, ...; empty: unknown"}, row.virtualisation);
  visit(Field{"huge_pages", "", "transparent huge pages; empty: unknown", "always madvise never"}, row.huge_pages);
  visit(Field{"os", "", "distribution and its version"}, row.os);
  visit(Field{"kernel", "", "version of the system's kernel"}, row.kernel);
  visit(Field{"compiler", "", "that built the probe"}, row.compiler);
  visit(Field{"build_type", "", "CMake's; only Release timings count"}, row.build_type);
  visit(Field{"libraries", "", "versions of the libraries in use"}, row.libraries);
  visit(Field{"notes", "", "what could not be found out, and why"}, row.notes);
}

template <MaybeConst<RunInfo> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the file; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{.name = "run_id", .description = "name of the run: its UTC time and suite", .required = true},
        row.run_id);
  visit(Field{"utc", "", "when it began, ISO 8601"}, row.utc);
  visit(Field{"machine_id", "", "fingerprint of the machine, as in machine.json"}, row.machine_id);
  visit(Field{"suite", "", "name of the suite; `adhoc` for problems from the command line"}, row.suite);
  visit(Field{"command", "", "the exact command"}, row.command);
  visit(Field{"seed", "", "of the operands and of the order of contenders"}, row.seed);
  visit(Field{.name = "energy_s",
              .unit = "s",
              .description = "calls of each row back to back for its energy; 0: switched off",
              .later = true},
        row.energy_s);
  visit(Field{.name = "max_threads", .description = "threads that `all` stands for", .later = true}, row.max_threads);
  visit(Field{.name = "cores", .description = "CPUs that threads are pinned to, in this order", .later = true},
        row.cores);
  visit(Field{.name = "status",
              .description = "partial: interrupted or still running; its rows are whole",
              .allowed = "complete partial",
              .required = true},
        row.status);
  visit(Field{"roofgap_version", "", "of the program"}, row.roofgap_version);
  visit(Field{"compiler", "", "that built it"}, row.compiler);
  visit(Field{"build_type", "", "CMake's; only Release timings count"}, row.build_type);
  visit(Field{.name = "program",
              .description = "the linker's build id, shortened: one run is measured by one build",
              .later = true},
        row.program);
  visit(Field{"libraries", "", "versions of the libraries in use"}, row.libraries);
  visit(Field{"probe", "", "name of the probe directory that the ceilings come from; empty: none"}, row.probe);
  visit(Field{"problems", "", "distinct problems"}, row.problems);
  visit(Field{"cases", "", "cases planned: a complete run has as many rows"}, row.cases);
  visit(Field{"measured", "", "rows of that status"}, row.measured);
  visit(Field{"unstable", "", "rows of that status"}, row.unstable);
  visit(Field{"skipped", "", "rows of that status"}, row.skipped);
  visit(Field{"wrong", "", "rows of that status"}, row.wrong);
  visit(Field{"notes", "", "what to know before relying on the run"}, row.notes);
}

// A row with every column that `from` has too: of the same name and type.
template <class To, class From>
To CopyColumns(const From& from) {
  To row;
  VisitFields(row, [&]<class Member>(const Field& field, Member& member) {
    VisitFields(from, [&]<class Value>(const Field& other, const Value& value) {
      if constexpr (std::same_as<Member, Value>) {
        if (field.name == other.name) member = value;
      }
    });
  });
  return row;
}

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_FIELDS_H_
