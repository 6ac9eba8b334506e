#ifndef ROOFGAP_HARNESS_ANALYSIS_RATIO_H_
#define ROOFGAP_HARNESS_ANALYSIS_RATIO_H_

#include <cstdint>
#include <map>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include "harness/record/fields.h"
#include "harness/record/record.h"

// How much faster the variants of one side are than those of another, within one run. Each side is represented by the
// fastest of its variants: the one with the least median.

namespace roofgap {

// The variants of the two sides. One may stand on both: what a side gains by its other variants is then the ratio.
struct Sides {
  std::vector<std::string> of, over;
};

// One problem, dtype, isa, thread count and cache state for which either side has a row. It is a pair when both sides
// have a time:
//
//   ratio      = median of the fastest over / median of the fastest of       (above 1: ours is faster)
//   ratio_low  = ci_low of the one / ci_high of the other, ratio_high the opposite ends: wider than an interval of the
//                ratio has to be, and empty where a median has no interval
//   ratio_bound = median of the fastest over / attainable time of the fastest of (roof.h): the ratio that a kernel with
//                that algorithm and no other loss would reach; attainable_fraction = ratio / ratio_bound is the part of
//                it that is reached
//
// No row of either side vanishes: without a pair `reason` names the rows that have no time, beside a pair `left_out`.
struct Ratio {
  int schema_version = kSchemaVersion;
  std::string run_id, machine_id, op, problem, label, dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  std::string status, reason, left_out;
  std::string variant, impl;
  Number median_ns, gflops, attainable_fraction, roof_fraction, workspace_bytes;
  std::string over_variant, over_impl;
  Number over_median_ns, over_workspace_bytes;
  Number ratio, ratio_low, ratio_high, ratio_bound;
  std::string warnings, over_warnings;
};

template <MaybeConst<Ratio> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{"run_id", "", "as in measurements.csv"}, row.run_id);
  visit(Field{"machine_id", "", "as in measurements.csv"}, row.machine_id);
  visit(Field{"op", "", "as in measurements.csv"}, row.op);
  visit(Field{"problem", "", "as in measurements.csv"}, row.problem);
  visit(Field{"label", "", "as in measurements.csv"}, row.label);
  visit(Field{"dtype", "", "as in measurements.csv", vocabulary::kDType}, row.dtype);
  visit(Field{"isa", "", "as in measurements.csv"}, row.isa);
  visit(Field{"threads", "", "as in measurements.csv"}, row.threads);
  visit(Field{"core_kind", "", "as in measurements.csv"}, row.core_kind);
  visit(Field{"cache", "", "as in measurements.csv", vocabulary::kCache}, row.cache);
  visit(Field{"status", "",
              "unstable: one of the two rows is; wrong, skipped: a side has no time, with or without a wrong row",
              vocabulary::kStatus},
        row.status);
  visit(Field{"reason", "", "why the pair is not `measured`"}, row.reason);
  visit(Field{"left_out", "", "rows without a time of a side whose other variants have one, and why"}, row.left_out);
  visit(Field{"variant", "", "fastest of --of"}, row.variant);
  visit(Field{"impl", "", "of variant, as in measurements.csv"}, row.impl);
  visit(Field{"median_ns", "ns", "of variant, as in measurements.csv"}, row.median_ns);
  visit(Field{"gflops", "GFLOP/s", "of variant, as in measurements.csv"}, row.gflops);
  visit(Field{"attainable_fraction", "", "of variant, as in gap.csv: the part of ratio_bound that is reached"},
        row.attainable_fraction);
  visit(Field{"roof_fraction", "", "of variant, as in gap.csv"}, row.roof_fraction);
  visit(Field{"workspace_bytes", "byte", "of variant, as in measurements.csv"}, row.workspace_bytes);
  visit(Field{"over_variant", "", "fastest of --over"}, row.over_variant);
  visit(Field{"over_impl", "", "of over_variant, as in measurements.csv"}, row.over_impl);
  visit(Field{"over_median_ns", "ns", "of over_variant, as in measurements.csv"}, row.over_median_ns);
  visit(Field{"over_workspace_bytes", "byte", "of over_variant, as in measurements.csv"}, row.over_workspace_bytes);
  visit(Field{"ratio", "", "over_median_ns / median_ns: above 1, variant is faster"}, row.ratio);
  visit(Field{"ratio_low", "", "ci_low_ns of over_variant / ci_high_ns of variant"}, row.ratio_low);
  visit(Field{"ratio_high", "", "ci_high_ns of over_variant / ci_low_ns of variant"}, row.ratio_high);
  visit(Field{"ratio_bound", "", "over_median_ns / t_attainable_ns of variant: the ratio without any loss of the code"},
        row.ratio_bound);
  visit(Field{"warnings", "", "of variant, as in gap.csv"}, row.warnings);
  visit(Field{"over_warnings", "", "of over_variant, as in gap.csv"}, row.over_warnings);
}

// By ratio, least first; what is no pair comes last, in file order. Without ceilings the fractions are empty. Throws
// Error when the ceilings are of another machine than a row.
std::vector<Ratio> PairSides(std::span<const Record> records, const Ceilings& ceilings, const Sides& sides);

// A class of shapes: the problems in which the pattern is found.
struct ShapeClass {
  std::string label;
  std::regex pattern;
};

std::vector<const Ratio*> InClass(std::span<const Ratio* const> ratios, const ShapeClass& shapes);

// In one group what has dtype, isa, cache state and thread count in common; groups in that order, ratios in theirs.
std::vector<std::vector<const Ratio*>> BySetting(std::span<const Ratio> ratios);

// The pairs among some ratios, in numbers. Means are geometric, over the pairs that have the value; empty when none
// has.
struct RatioSummary {
  int64_t pairs = 0;
  int64_t unstable = 0;
  int64_t under = 0;         // ratio < limit
  int64_t surely_under = 0;  // the whole interval is
  Number mean_ratio, mean_ratio_bound, mean_attainable_fraction, mean_roof_fraction;
  const Ratio* least = nullptr;  // null without a pair
  const Ratio* largest = nullptr;
  std::map<std::string, int64_t> variants, over_variants;  // pairs in which each is the fastest of its side
};

RatioSummary Summarise(std::span<const Ratio* const> ratios, double limit);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_RATIO_H_
