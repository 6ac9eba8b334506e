#ifndef ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/fields.h"
#include "harness/record/record.h"

// How much of the promise of few FLOPs arrives: depthwise separable convolutions (dwsep) against standard ones (conv2d)
// of the same shape, within one run.

namespace roofgap {

// What both have in common.
struct LayerShape {
  int64_t mb = 1, ic = 1, oc = 1, ih = 1, iw = 1, kh = 1, kw = 1, sh = 1, sw = 1, ph = 0, pw = 0, bia = 0, act = 0;
  friend auto operator<=>(const LayerShape&, const LayerShape&) = default;
};

// The vocabulary of `comparison`: which rows compete for each side. The fastest by median stands for it.
inline constexpr std::string_view kAgainstDirect = "direct";    // conv2d: rows that do every multiplication; dwsep: all
inline constexpr std::string_view kAgainstFastest = "fastest";  // all rows, Winograd's too
inline constexpr std::string_view kOnednnOnly = "onednn";       // as direct, of oneDNN's (variants onednn...) alone

// One shape, dtype, isa, thread count, cache state and comparison. Of the standard (1) and the separable (2) row:
//
//   promised      = flops_nominal(1) / flops_nominal(2): 1 / (1 / oc + 1 / (kh * kw)) for ic channels on any map
//   latency_ratio = median(1) / median(2); its interval as that of ratio.h
//   arrives       = latency_ratio / promised
//                 = part_padding x part_algorithm x part_memory x part_standard x part_separable
//
//   part_padding   = (flops(1) / flops(2)) / promised       taps on padding, which nobody has to compute, are a larger
//                                                           part of the standard convolution
//   part_algorithm = gap_algorithm(1) / gap_algorithm(2)    multiplications that the algorithms save or add: Winograd
//   part_memory      = gap_memory(1) / gap_memory(2)          below 1: data, not arithmetic, bounds the separable one
//   part_standard  = gap_implementation(1)                  above 1: the standard one misses its attainable time, which
//                                                           flatters the separable one
//   part_separable = 1 / gap_implementation(2)              its attainable_fraction
//
// The gaps are those of gap.h. So attainable_ratio, the quotient of the attainable times, is promised x part_padding x
// part_algorithm x part_memory: the latency ratio of two perfect codes. Without ceilings what needs them is empty.
struct SeparablePair {
  int schema_version = kSchemaVersion;
  std::string run_id, machine_id, comparison;
  LayerShape shape;
  std::string dtype, isa;
  int threads = 0;
  std::string core_kind, cache, status, reason, left_out;
  // Of the standard convolution, then of the separable one.
  struct Half {
    std::string problem, label, variant, algorithm, impl;
    Number flops_nominal, flops, intensity, median_ns, gflops, workspace_bytes, attainable_ns, roof_ns;
    std::string bound, level, warnings;
  };
  Half standard, separable;
  Number promised, latency_ratio, latency_low, latency_high, arrives;
  Number part_padding, part_algorithm, part_memory, part_standard, part_separable;
  Number attainable_ratio, roof_ratio;
};

template <class Half, class Visit>
void VisitHalf(Half& half, bool standard, Visit&& visit) {
  const auto field = [&](std::string_view of_standard, std::string_view of_separable, std::string_view unit,
                         std::string_view description, std::string_view allowed = "") {
    return Field{standard ? of_standard : of_separable, unit, description, allowed};
  };
  visit(field("standard_problem", "separable_problem", "", "shape in the problem grammar"), half.problem);
  visit(field("standard_label", "separable_label", "", "as in measurements.csv"), half.label);
  visit(field("standard_variant", "separable_variant", "", "the fastest that competes"), half.variant);
  visit(field("standard_algorithm", "separable_algorithm", "", "that variant, or the one that it chose"),
        half.algorithm);
  visit(field("standard_impl", "separable_impl", "", "as in measurements.csv"), half.impl);
  visit(field("standard_flops_nominal", "separable_flops_nominal", "FLOP", "as in measurements.csv"),
        half.flops_nominal);
  visit(field("standard_flops", "separable_flops", "FLOP", "as in measurements.csv"), half.flops);
  visit(field("standard_intensity", "separable_intensity", "FLOP/byte", "as in measurements.csv"), half.intensity);
  visit(field("standard_median_ns", "separable_median_ns", "ns", "as in measurements.csv"), half.median_ns);
  visit(field("standard_gflops", "separable_gflops", "GFLOP/s", "as in measurements.csv"), half.gflops);
  visit(field("standard_workspace_bytes", "separable_workspace_bytes", "byte", "as in measurements.csv"),
        half.workspace_bytes);
  visit(field("standard_attainable_ns", "separable_attainable_ns", "ns", "t_attainable_ns of gap.csv"),
        half.attainable_ns);
  visit(field("standard_roof_ns", "separable_roof_ns", "ns", "t_roof_ns of gap.csv"), half.roof_ns);
  visit(field("standard_bound", "separable_bound", "", "which part of its attainable time is the larger",
              "compute memory"),
        half.bound);
  visit(field("standard_level", "separable_level", "", "level that holds its data, in that model", vocabulary::kLevel),
        half.level);
  visit(field("standard_warnings", "separable_warnings", "", "as in gap.csv"), half.warnings);
}

template <MaybeConst<SeparablePair> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{"run_id", "", "as in measurements.csv"}, row.run_id);
  visit(Field{"machine_id", "", "as in measurements.csv"}, row.machine_id);
  visit(Field{"comparison", "",
              "what competes. direct: conv2d that does every multiplication, every dwsep; fastest: all, Winograd too; "
              "onednn: as direct, oneDNN's alone",
              "direct fastest onednn"},
        row.comparison);
  visit(Field{"mb", "", "batch, of both"}, row.shape.mb);
  visit(Field{"ic", "", "input channels, of both"}, row.shape.ic);
  visit(Field{"oc", "", "output channels, of both"}, row.shape.oc);
  visit(Field{"ih", "", "height of the input, of both"}, row.shape.ih);
  visit(Field{"iw", "", "width of the input, of both"}, row.shape.iw);
  visit(Field{"kh", "", "height of the kernel, of both"}, row.shape.kh);
  visit(Field{"kw", "", "width of the kernel, of both"}, row.shape.kw);
  visit(Field{"sh", "", "stride of rows, of both"}, row.shape.sh);
  visit(Field{"sw", "", "stride of columns, of both"}, row.shape.sw);
  visit(Field{"ph", "", "padding above and below, of both"}, row.shape.ph);
  visit(Field{"pw", "", "padding left and right, of both"}, row.shape.pw);
  visit(Field{"bia", "", "1: with biases, both"}, row.shape.bia);
  visit(Field{"act", "", "activation of both, as in the problem grammar"}, row.shape.act);
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
  visit(Field{"promised", "", "standard_flops_nominal / separable_flops_nominal"}, row.promised);
  visit(Field{"latency_ratio", "", "standard_median_ns / separable_median_ns"}, row.latency_ratio);
  visit(Field{"latency_low", "", "ci_low_ns of the standard / ci_high_ns of the separable row"}, row.latency_low);
  visit(Field{"latency_high", "", "ci_high_ns of the standard / ci_low_ns of the separable row"}, row.latency_high);
  visit(Field{"attainable_ratio", "", "standard_attainable_ns / separable_attainable_ns"}, row.attainable_ratio);
  visit(Field{"roof_ratio", "", "standard_roof_ns / separable_roof_ns"}, row.roof_ratio);
  visit(Field{"arrives", "", "latency_ratio / promised, the product of the five parts that follow"}, row.arrives);
  visit(Field{"part_padding", "", "(standard_flops / separable_flops) / promised: taps on padding are not computed"},
        row.part_padding);
  visit(Field{"part_algorithm", "", "gap_algorithm of the standard / of the separable row: Winograd saves"},
        row.part_algorithm);
  visit(Field{"part_memory", "",
              "gap_memory of the standard / of the separable row: under 1 where data bounds the latter"},
        row.part_memory);
  visit(Field{"part_standard", "", "gap_implementation of the standard row: over 1 flatters the separable one"},
        row.part_standard);
  visit(Field{"part_separable", "", "attainable_fraction of the separable row"}, row.part_separable);
  VisitHalf(row.standard, true, visit);
  VisitHalf(row.separable, false, visit);
}

// Throws Error when the ceilings are of another machine than a row. `shapes`: of the problems of conv2d and dwsep, as
// the records name them; what has no place in it (a dilated convolution, other ops) is left out. In file order of the
// separable rows, the comparisons of a case together, in the order above; one for which a side has no row is left out.
std::vector<SeparablePair> PairSeparable(std::span<const Record> records, const Ceilings& ceilings,
                                         const std::map<std::string, LayerShape>& shapes);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_H_
