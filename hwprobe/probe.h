#ifndef ROOFGAP_HWPROBE_PROBE_H_
#define ROOFGAP_HWPROBE_PROBE_H_

#include <filesystem>
#include <string_view>
#include <vector>

#include "harness/measure/host.h"
#include "harness/record/record.h"
#include "hwprobe/bench.h"
#include "hwprobe/compute_roof.h"
#include "hwprobe/memory_roof.h"
#include "hwprobe/topology.h"

namespace roofgap {

// How much is measured, and for how long each.
struct Effort {
  ComputeEffort compute;
  MemoryEffort memory;
  bool denominators_only = false;   // compute roofs: f32 fma, and of the best instruction set f64 fma and dot
  bool second_width = true;         // memory roofs with AVX2 too, where it is not the best
  bool small_page_patterns = true;  // on small pages three patterns and the curve, not load alone
  double latency_s = 0.25;          // for each level
  int64_t most_bytes = 0;           // limit of the working sets, all threads together; 0: a quarter of free memory
  double limit_s = 50;              // estimated time above which all times are cut in proportion
};

Effort DefaultEffort();  // at most a minute on two cores
Effort QuickEffort();    // at most 10 s there: denominators only, one vector width

// {1, all}, or what was asked for, ascending and once each. Throws Error for 0 and for more than the host allows.
std::vector<int> CheckedThreads(const std::vector<int>& asked, const Host& host);

struct ProbeResult {
  Machine machine;
  Ceilings ceilings;            // in the order of SortCeilings
  std::vector<CurveRow> curve;  // by threads, pages (huge first), working set, pattern
};

// Finds the ceilings of this machine for each of `threads`, of each kind of core (core_groups.h). Throws Interrupted
// when `watch` says so.
ProbeResult RunProbe(const Host& host, const Topology& topology, const std::vector<int>& threads, const Effort& effort,
                     const Watch& watch);

// File order: kind, instruction set (best first), data type, mix, level, pattern, pages, kind of core (fastest first,
// mixed last), threads.
void SortCeilings(const Machine& machine, Ceilings& ceilings);

// Throws Error when `dir` holds a run, is a file or cannot be written; makes it if need be.
void CheckProbeDir(const std::filesystem::path& dir);

// Writes machine.json, ceilings.csv and curve.csv into `dir`, each in one step, in place of those of an earlier probe.
void WriteProbe(const std::filesystem::path& dir, const ProbeResult& result);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_PROBE_H_
