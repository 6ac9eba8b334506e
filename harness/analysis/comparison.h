#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPARISON_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPARISON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/fields.h"
#include "harness/record/record.h"

// One run against another: other builds, other machines, or the same of both on another day. `a` is the baseline.

namespace roofgap {

namespace vocabulary {
inline constexpr std::string_view kVerdict = "faster slower same not_comparable";
inline constexpr std::string_view kCause = "kernel isa machine both";
}  // namespace vocabulary

// What is compared: rows, and the roofs of their machine where the run has them.
struct ComparedRun {
  std::string name;
  std::vector<Record> rows;
  std::optional<Ceilings> ceilings;
  std::vector<std::vector<double>> logs = {};  // of several runs of one build, each row's medians; else empty
};

// Runs of one build as one side of a comparison: geometric means of medians and canaries, `unstable` where one is,
// `wrong` likewise, no intervals and turns. A row is of all runs that have it. Roofs are those of the first.
ComparedRun JoinRuns(std::span<const ComparedRun> runs);

// One problem, variant, data type, ISA, thread count and cache state of two runs. The ISA does not count where each run
// holds one only. Which roofs and canary tell what the machine did:
//
//   ratio          = median of a / median of b: above 1, b is faster
//   interval       from six turns a side on, the bootstrap interval of the ratio of the medians of turns, widened to
//                  hold the ratio, and by what neighbouring turns have in common (SerialCorrelation, two_samples.h);
//                  with fewer, from the rows' own intervals, as independent errors of the logarithms
//   machine_ratio  how much faster the machine of b was for this row. On one machine canary_ns of a over that of b,
//                  where both ran the same canary; else the time that the work of a's row takes at most (t_attainable,
//                  roof.h) under a's roofs over that under b's; empty where both hold those of one probe, which says
//                  nothing of what came after it, and for other ISAs of one machine
//   kernel_ratio   = ratio / machine_ratio: what is left to the code. Empty for a row that does not follow the canary
//                  (waits for a farther cache, or partly for memory): the canary then is the most that the machine did
//   kernel_low, kernel_high   within which the code's part lies, by the interval of the ratio, the error of the canary
//                  or the roofs, and, where a row does not follow the canary, by all or nothing of what that did
//
// The cause of a pair that differs is `kernel` where that interval leaves the limits of `same` on the side of the ratio
// (`isa` instead on one machine where the ISAs differ); `machine` where the row follows it, it moved by more than that,
// and leaves nothing beyond to the code; `both`; or empty, not known, as it is of ratios under the NoiseFloor. So the
// machine may explain a ratio, not reverse it.
//
// The test of a pair is chosen by its numbers of turns alone, so that it cannot prefer an outcome: the rank test of the
// turns where, of so many, the ranks can reach 5 % over the number of pairs (8 and 8 turns among 300 pairs); from six a
// side on, where they cannot, Welch's test of the logarithms, for 6 and 6 turns that are wholly apart have p = 0.2 %,
// and of 300 pairs none could ever differ; with fewer turns, a normal test by the rows' own intervals.
// Where by how much runs of one build differ is known (run_spread.h), from several runs of a side or from variants
// whose code is the same on both sides, Student's test of the runs' medians stands in place of the turns', and of
// single runs beside it: the larger p-value and the wider interval count. A pair is faster or slower when its p-value,
// corrected for the number of pairs (FalseDiscoveryRates), is at most 0.05 and the ratio is further from 1 than
// `same_within`; else the same. No row vanishes: one without a partner, whose work differs, or without times is
// `not_comparable`, and `reason` names what differs.
struct Compared {
  int schema_version = kSchemaVersion;
  std::string run_a, run_b, machine_a, machine_b;
  std::string op, problem, label, variant, dtype, isa_a, isa_b;
  int threads = 0;
  std::string cache, verdict, reason;
  Number median_a_ns, median_b_ns;
  Number ratio, ratio_low, ratio_high;
  std::string test;
  Number p_value, p_adjusted;
  Number machine_ratio;
  std::string machine_from;
  Number kernel_ratio, kernel_low, kernel_high;
  std::string cause;
  std::string status_a, status_b, warnings;
  int64_t runs_a = 1, runs_b = 1;
  Number run_spread;
  Number same_within, op_mean_ratio, op_mean_kernel_ratio;
};

template <MaybeConst<Compared> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{"run_a", "", "the baseline: run_id, or the file's name"}, row.run_a);
  visit(Field{"run_b", "", "the run that is compared with it"}, row.run_b);
  visit(Field{"machine_a", "", "machine_id of run_a"}, row.machine_a);
  visit(Field{"machine_b", "", "machine_id of run_b"}, row.machine_b);
  visit(Field{"op", "", "as in measurements.csv"}, row.op);
  visit(Field{"problem", "", "as in measurements.csv"}, row.problem);
  visit(Field{"label", "", "as in measurements.csv"}, row.label);
  visit(Field{"variant", "", "as in measurements.csv"}, row.variant);
  visit(Field{"dtype", "", "as in measurements.csv"}, row.dtype);
  visit(Field{"isa_a", "", "isa of a's row"}, row.isa_a);
  visit(Field{"isa_b", "", "isa of b's row; may differ where each run holds one only"}, row.isa_b);
  visit(Field{"threads", "", "as in measurements.csv"}, row.threads);
  visit(Field{"cache", "", "as in measurements.csv"}, row.cache);
  visit(Field{"verdict", "", "what b is, against a", vocabulary::kVerdict}, row.verdict);
  visit(Field{"reason", "", "why not comparable: the fields that differ"}, row.reason);
  visit(Field{"median_a_ns", "ns", "median_ns of a's row"}, row.median_a_ns);
  visit(Field{"median_b_ns", "ns", "median_ns of b's row"}, row.median_b_ns);
  visit(Field{"ratio", "", "median_a_ns / median_b_ns: above 1, b is faster"}, row.ratio);
  visit(Field{"ratio_low", "", "lower end of its 95 % interval: bootstrap over turns, or from the rows' intervals"},
        row.ratio_low);
  visit(Field{"ratio_high", "", "upper end of that interval"}, row.ratio_high);
  visit(Field{"test", "",
              "ranks: Wilcoxon-Mann-Whitney over turns; welch: t over their logarithms, where they are too few for "
              "ranks; intervals: by the rows' own; runs: t over the runs' medians",
              "ranks welch intervals runs"},
        row.test);
  visit(Field{"p_value", "", "of that test, two-sided"}, row.p_value);
  visit(Field{"p_adjusted", "", "corrected for the number of pairs, Benjamini-Hochberg; up to 0.05 counts"},
        row.p_adjusted);
  visit(Field{"machine_ratio", "", "how much faster b's machine was for this row"}, row.machine_ratio);
  visit(Field{"machine_from", "", "canary: fixed work beside the samples; roofs: attainable times", "canary roofs"},
        row.machine_from);
  visit(
      Field{"kernel_ratio", "",
            "ratio / machine_ratio: what is left to the code; empty where the canary tells no more than the most that "
            "the machine did"},
      row.kernel_ratio);
  visit(Field{.name = "kernel_low",
              .description = "lower end of the interval in which the code's part of the ratio lies",
              .later = true},
        row.kernel_low);
  visit(Field{.name = "kernel_high", .description = "upper end of that interval", .later = true}, row.kernel_high);
  visit(Field{"cause", "",
              "of faster and slower: what is beyond the limit of `same` for certain; `isa`: code of another ISA on one "
              "machine; empty where none is, or a row is unstable",
              vocabulary::kCause},
        row.cause);
  visit(Field{"status_a", "", "status of a's row"}, row.status_a);
  visit(Field{"status_b", "", "status of b's row"}, row.status_b);
  visit(Field{"warnings", "", "those of b's row"}, row.warnings);
  visit(Field{.name = "runs_a", .description = "runs of a that have a time of this row", .later = true}, row.runs_a);
  visit(Field{.name = "runs_b", .description = "likewise of b", .later = true}, row.runs_b);
  visit(Field{.name = "run_spread",
              .description = "by how much runs of one build differ: standard deviation of the logarithm of this row's "
                             "median; empty where one run of each side tells nothing of it",
              .later = true},
        row.run_spread);
  visit(Field{"same_within", "", "up to such a fraction further from 1, ratio is the same, however sure"},
        row.same_within);
  visit(Field{"op_mean_ratio", "", "geometric mean of ratio over the stable pairs of this op and run_b"},
        row.op_mean_ratio);
  visit(Field{"op_mean_kernel_ratio", "", "likewise of kernel_ratio, where that is known"}, row.op_mean_kernel_ratio);
}

inline constexpr double kSameWithin = 0.03;
inline constexpr double kFalseDiscoveries = 0.05;

// Each of the runs behind the first against the first: all pairs, the slowest first, then what is not comparable, in
// file order. `same_within`: as a fraction. `unchanged`: variants whose code is the same in all runs.
std::vector<Compared> CompareRuns(std::span<const ComparedRun> runs, double same_within = kSameWithin,
                                  std::span<const std::string> unchanged = {});

// Slower, by more than the fraction `limit` of a's time, and not shown to be so for the machine alone: the interval of
// the code's part reaches as far. Unstable pairs are none.
bool Regressed(const Compared& row, double limit);

bool Unstable(const Compared& row);

// How far from 1, as a fraction, nearly all (95 %) ratios of the stable pairs of one run_b would be if most kernels
// were unchanged: 1.96 standard deviations, robust ones by the median distance of the logarithms from their median.
// What is nearer may be chance, for all that is known from one run a side. Empty with fewer than eight, or where
// run_spread is known.
Number NoiseFloor(std::span<const Compared> rows, const std::string& run_b);

// Has a time in a and is skipped in b: to a gate as good as a regression.
bool Lost(const Compared& row);

// The pairs of one op of one run, or of all its ops, in numbers. Means are geometric, of stable pairs; empty without a
// value.
struct ComparisonSummary {
  std::string run_b, op;  // op: empty for all
  int64_t pairs = 0, faster = 0, slower = 0, same = 0, not_comparable = 0, unstable = 0;
  Number mean_ratio, mean_kernel_ratio, least_ratio, largest_ratio;
};

template <MaybeConst<ComparisonSummary> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"run_b", "", "as in the rows"}, row.run_b);
  visit(Field{"op", "", "empty for all ops"}, row.op);
  visit(Field{"pairs", "", "rows that were compared"}, row.pairs);
  visit(Field{"faster", "", "how many of them are"}, row.faster);
  visit(Field{"slower", "", "likewise"}, row.slower);
  visit(Field{"same", "", "likewise"}, row.same);
  visit(Field{"not_comparable", "", "rows that are no pairs"}, row.not_comparable);
  visit(Field{"unstable", "", "pairs with an unstable row"}, row.unstable);
  visit(Field{"mean_ratio", "", "geometric mean of ratio, of stable pairs"}, row.mean_ratio);
  visit(Field{"mean_kernel_ratio", "", "of kernel_ratio, where that is known"}, row.mean_kernel_ratio);
  visit(Field{"least_ratio", "", "the least ratio"}, row.least_ratio);
  visit(Field{"largest_ratio", "", "the largest"}, row.largest_ratio);
}

// For each run_b its ops by name, then all of them where there are several.
std::vector<ComparisonSummary> SummariseComparison(std::span<const Compared> rows);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPARISON_H_
