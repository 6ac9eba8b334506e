#ifndef ROOFGAP_HARNESS_ANALYSIS_GAP_H_
#define ROOFGAP_HARNESS_ANALYSIS_GAP_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/slow_phase.h"
#include "harness/record/fields.h"
#include "harness/record/record.h"

namespace roofgap {

inline constexpr std::string_view kLevers = "bytes flops code cores quiet model";

// One row of gap.csv: a measurement under its roofs (roof.h). With t_flops = flops / peak, peak the median compute
// ceiling (fma, of bf16 and s8 dot),
//
//   flops_gap = median / t_flops
//             = (executed_flops / flops)                     gap_algorithm: work that the algorithm adds or saves
//             x (t_attainable / (executed_flops / peak))     gap_memory: data that has to be brought
//             x (median / t_attainable)                      gap_implementation: what is left to the code
//
// Each row of measurements.csv has one, in the same order, with all five dimensions: FLOPs, memory (peak_bytes),
// latency, energy, money (price.h). A field that a missing ceiling or a missing speed leaves without a value is empty,
// and `warnings` or `reason` says why.
struct Gap {
  int schema_version = kSchemaVersion;
  std::string run_id, utc, machine_id;
  std::string op, problem, label, variant, impl, dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  std::string status, reason;
  Number flops, intensity, batch, min_ns, median_ns, gflops;
  Number roof_gflops;
  std::string roof_level, bound;
  Number t_flops_ns, t_executed_ns, t_roof_ns, roof_fraction;
  std::string attainable_bound, attainable_level;
  Number t_attainable_ns, attainable_fraction;
  Number flops_gap, gap_algorithm, gap_memory, gap_implementation;
  Number slowdown;
  std::string lever, advice;
  Number peak_bytes, energy_j;
  std::string energy_status;
  Number usd_per_hour, utilisation, usd_per_1k;
  std::string warnings;
};

template <MaybeConst<Gap> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  VisitKeyFields(row, visit);
  visit(Field{"flops", "FLOP", "as in measurements.csv"}, row.flops);
  visit(Field{"intensity", "FLOP/byte", "as in measurements.csv"}, row.intensity);
  visit(Field{.name = "batch", .description = "inferences per call", .later = true}, row.batch);
  visit(Field{"min_ns", "ns", "as in measurements.csv"}, row.min_ns);
  visit(Field{"median_ns", "ns", "as in measurements.csv"}, row.median_ns);
  visit(Field{"gflops", "GFLOP/s", "as in measurements.csv"}, row.gflops);
  visit(Field{"roof_gflops", "GFLOP/s", "flops / t_roof_ns: the speed that the hard roof allows"}, row.roof_gflops);
  visit(Field{"roof_level", "", "level with the largest memory part of the hard roof; it binds when bound is `memory`",
              vocabulary::kLevel},
        row.roof_level);
  visit(Field{"bound", "", "which part of the hard roof is the largest", "compute memory"}, row.bound);
  visit(Field{"t_flops_ns", "ns", "what FLOPs alone promise: flops / peak, the median fma (bf16, s8: dot) ceiling"},
        row.t_flops_ns);
  visit(Field{.name = "t_executed_ns",
              .unit = "ns",
              .description = "executed_flops / that peak: t_flops_ns x gap_algorithm",
              .later = true},
        row.t_executed_ns);
  visit(Field{"t_roof_ns", "ns", "hard roof: the time that no call can beat"}, row.t_roof_ns);
  visit(Field{"roof_fraction", "", "t_roof_ns / min_ns; over 1.02 the model is broken, and warnings says how"},
        row.roof_fraction);
  visit(Field{.name = "attainable_bound",
              .description = "which part of t_attainable_ns is the larger: the flat of the roofline, or its slope",
              .allowed = "compute memory",
              .later = true},
        row.attainable_bound);
  visit(Field{.name = "attainable_level",
              .description = "nearest level that holds all data; its slope when attainable_bound is `memory`",
              .allowed = vocabulary::kLevel,
              .later = true},
        row.attainable_level);
  visit(Field{"t_attainable_ns", "ns", "time at median ceilings, with all data in the nearest level that holds it"},
        row.t_attainable_ns);
  visit(Field{"attainable_fraction", "", "t_attainable_ns / median_ns; may pass 1 when data stays in a nearer cache"},
        row.attainable_fraction);
  visit(Field{"flops_gap", "", "median_ns / t_flops_ns = gap_algorithm x gap_memory x gap_implementation"},
        row.flops_gap);
  visit(Field{"gap_algorithm", "", "executed_flops / flops"}, row.gap_algorithm);
  visit(Field{"gap_memory", "", "t_attainable_ns / (executed_flops / peak)"}, row.gap_memory);
  visit(Field{"gap_implementation", "", "median_ns / t_attainable_ns"}, row.gap_implementation);
  visit(Field{.name = "slowdown",
              .description = "canary_ns over the least of the run on as many threads: how much slower the machine was; "
                             "part of gap_implementation; empty where the canary read memory",
              .later = true},
        row.slowdown);
  visit(
      Field{.name = "lever",
            .description = "what helps, from where the row sits: fewer bytes on a slope, fewer FLOPs on the flat; the "
                           "code, its use of more cores, or a quiet machine under both; above its roof the model is "
                           "wrong",
            .allowed = kLevers,
            .later = true},
      row.lever);
  visit(Field{.name = "advice", .description = "the same as a sentence with its numbers", .later = true}, row.advice);
  visit(Field{.name = "peak_bytes", .unit = "byte", .description = "as in measurements.csv", .later = true},
        row.peak_bytes);
  visit(Field{.name = "energy_j", .unit = "J", .description = "as in measurements.csv", .later = true}, row.energy_j);
  visit(Field{.name = "energy_status", .description = "as in measurements.csv", .later = true}, row.energy_status);
  visit(Field{.name = "usd_per_hour",
              .unit = "USD",
              .description = "price of the machine, as given: --usd-per-hour",
              .later = true},
        row.usd_per_hour);
  visit(Field{.name = "utilisation",
              .description = "part of the paid time that is spent on inferences, as given: --utilisation",
              .later = true},
        row.utilisation);
  visit(Field{"usd_per_1k", "USD", "1000 inferences: 1000 median / batch x usd_per_hour / 3600 s / utilisation"},
        row.usd_per_1k);
  visit(Field{"warnings", "", "those of measurements.csv, then what is missing or broken here; separated by `; `"},
        row.warnings);
}

// How far a row may stand above its hard roof before the model counts as broken: the drift of a clock between the
// roof and the row.
inline constexpr double kRoofTolerance = 1.02;

// A roof measured too low, a count that is wrong, or a cache larger than its knee; `warnings` says which is likely.
inline bool AboveRoof(const Gap& gap) { return gap.roof_fraction && *gap.roof_fraction > kRoofTolerance; }

// The machine was in another state than beside other rows of the run: the time is not one to build on.
inline bool InSlowPhase(const Gap& gap) { return gap.slowdown && *gap.slowdown > kSlowPhase; }

// Throws Error when the ceilings are of another machine than a row.
std::vector<Gap> JoinRoofs(std::span<const Record> records, const Ceilings& ceilings);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_GAP_H_
