#ifndef ROOFGAP_HARNESS_ANALYSIS_PARETO_H_
#define ROOFGAP_HARNESS_ANALYSIS_PARETO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/gap.h"
#include "harness/record/fields.h"

// Which of the alternatives for a problem are worth having: those that no other beats in every chosen dimension.

namespace roofgap {

inline constexpr size_t kMostDimensions = 6;  // as many as a line of the table holds

// A column of measurements.csv or gap.csv that holds numbers. Less is better, but of gflops, gbps, roof_gflops,
// roof_fraction and attainable_fraction.
struct Dimension {
  std::string name;  // as asked for
  std::string column, unit;
  bool of_gap = false;  // not a column of measurements.csv
  bool more_is_better = false;
  bool of_median = false;  // median_ns, or in proportion to it or to its inverse: known as well as the median is
};

// By columns, or the names of the five dimensions: flops, memory (peak_bytes), latency (median_ns), energy (energy_j),
// usd (usd_per_1k). Throws Error for a name that is no such column, one that comes twice, none, and too many.
std::vector<Dimension> FindDimensions(std::span<const std::string> names);

inline constexpr std::string_view kFrontier = "frontier";
inline constexpr std::string_view kDominated = "dominated";
inline constexpr std::string_view kNoValue = "no_value";

// One row of pareto.csv: a row of the run among its alternatives.
struct ParetoRow {
  int schema_version = kSchemaVersion;
  std::string run_id, utc, machine_id;
  std::string op, problem, label, variant, impl, dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  std::string status, reason;
  int64_t group = 0;
  std::string verdict, dominated_by, dominator_status, dims, units;
  std::array<Number, kMostDimensions> values;
};

template <MaybeConst<ParetoRow> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  VisitKeyFields(row, visit);
  visit(Field{"group", "", "rows that are alternatives of each other have the same number"}, row.group);
  visit(Field{"verdict", "",
              "dominated: another row of the group is nowhere worse and somewhere better; better in a time only where "
              "the 95 % intervals of the medians part",
              "frontier dominated no_value"},
        row.verdict);
  visit(Field{"dominated_by", "",
              "such a row, of the frontier and measured where there is one: variant, threads, dtype, isa"},
        row.dominated_by);
  visit(Field{.name = "dominator_status",
              .description = "its status: unstable only where no measured row dominates",
              .later = true},
        row.dominator_status);
  visit(Field{"dims", "", "the dimensions, as asked for, separated by spaces"}, row.dims);
  visit(Field{"units", "", "of their values, in that order; `-` for a count or a ratio"}, row.units);
  visit(Field{"value_1", "", "of the first dimension"}, row.values[0]);
  visit(Field{"value_2", "", "of the second"}, row.values[1]);
  visit(Field{"value_3", "", "of the third"}, row.values[2]);
  visit(Field{"value_4", "", "of the fourth"}, row.values[3]);
  visit(Field{"value_5", "", "of the fifth"}, row.values[4]);
  visit(Field{"value_6", "", "of the sixth"}, row.values[5]);
}

struct ParetoChoice {
  // All rows are alternatives of each other, not only those of one problem, cache state and machine.
  bool together = false;
  // A row is dominated only by one that is better by more than this fraction somewhere, and nowhere worse. In a
  // dimension of the median the two intervals must part as well, or noise would choose the frontier; being worse
  // there, by however little, keeps a row from dominating. A median without an interval is taken as it is.
  double tolerance = 0;
};

// A row for each of the records, by group in file order. A row that lacks a value stands on no frontier and dominates
// none. gaps: of the same records, in the same order.
std::vector<ParetoRow> FindFrontiers(std::span<const Record> records, std::span<const Gap> gaps,
                                     std::span<const Dimension> dimensions, const ParetoChoice& choice);

// For a terminal, at most kTableWidth wide: of each group the frontier, by the first dimension, best first; then who is
// dominated, and who lacks a value. Below, how often each variant is on a frontier.
std::string RenderPareto(std::span<const ParetoRow> rows, std::span<const Dimension> dimensions,
                         const ParetoChoice& choice);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_PARETO_H_
