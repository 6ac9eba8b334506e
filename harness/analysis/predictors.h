#ifndef ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_
#define ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/analysis/gap.h"

// How well a number that is known before running predicts the latency.

namespace roofgap {

// Kendall's rank correlation tau-b: (C - D) / sqrt((n0 - n1)(n0 - n2)), C and D the concordant and discordant pairs,
// n0 all pairs, n1 and n2 those tied in x and in y. By sorting, in O(n log n)
//   (Knight, "A Computer Method for Calculating Kendall's Tau with Ungrouped Data", JASA 61, 1966).
struct Kendall {
  Number tau;  // empty when x or y is constant
  int64_t concordant = 0;
  int64_t discordant = 0;
};

// x and y are of one length and hold no NaN.
Kendall KendallTau(std::span<const double> x, std::span<const double> y);

// A prediction p against the measured medians m. |p - m| / m is 1 at most for whatever promises too little, which both
// predictors do by their nature: a row that takes 20 times as long as promised is off by 95 %. The factor
// max(p / m, m / p) tells such rows apart.
//   Unstable rows count: their medians are known to a few percent or some ten, predictions fail by more, and without
// them a busy machine would be judged by its quiet rows alone. How many they are is said.
struct Predictor {
  int64_t rows = 0;
  int64_t unstable_rows = 0;
  Number tau;
  int64_t wrong_pairs = 0;    // ordered the other way round than they measured
  int64_t ordered_pairs = 0;  // tied in neither
  Number median_error;        // median over the rows of |p - m| / m; here and below the upper of two middle ones
  Number worst_error;         // the largest of them, and whose it is: points into the rows judged
  const Gap* worst = nullptr;
  Number scale;                        // the constant factor that makes median_error least
  Number scaled_error;                 // and what it is then
  Number median_factor, worst_factor;  // of max(p / m, m / p)
  const Gap* farthest = nullptr;       // whose worst_factor is
  Number median_ratio;                 // median of m / p: the constant factor to predict with
  Number scaled_factor;                // median_factor with it
};

struct Predictors {
  Predictor flops;       // t_flops_ns
  Predictor attainable;  // t_attainable_ns
};

// Over the rows that have a median and both predictions.
Predictors JudgePredictors(std::span<const Gap> gaps);

// Of each problem, dtype, isa, thread count and cache state the row with the least median, in file order.
std::vector<Gap> FastestRows(std::span<const Gap> gaps);

// One row of predictors.csv: a predictor judged over the timed rows of the run, or of one setting of it.
struct PredictorRow {
  int schema_version = kSchemaVersion;
  std::string run_id, machine_id;
  std::string predictor, of;
  std::string dtype, isa;
  Number threads;
  std::string cache;
  Predictor judged;
  std::string worst_problem, worst_variant;
  std::string farthest_problem, farthest_variant;
};

template <MaybeConst<PredictorRow> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  visit(Field{"run_id", "", "as in measurements.csv"}, row.run_id);
  visit(Field{"machine_id", "", "as in measurements.csv"}, row.machine_id);
  visit(
      Field{"predictor", "", "what predicts median_ns: t_flops_ns of gap.csv, or t_attainable_ns", "flops attainable"},
      row.predictor);
  visit(Field{"of", "", "all timed rows, or of each problem and setting the one with the least median", "all fastest"},
        row.of);
  visit(Field{"dtype", "", "of the setting; this and the next three are empty for the run as a whole",
              vocabulary::kDType},
        row.dtype);
  visit(Field{"isa", "", "likewise"}, row.isa);
  visit(Field{"threads", "", "likewise"}, row.threads);
  visit(Field{"cache", "", "likewise", vocabulary::kCache}, row.cache);
  visit(Field{"rows", "", "rows judged: those with a median and both predictions"}, row.judged.rows);
  visit(Field{"tau", "", "Kendall's rank correlation tau-b with the medians"}, row.judged.tau);
  visit(Field{"wrong_pairs", "", "pairs of rows ordered the other way round than they measured"},
        row.judged.wrong_pairs);
  visit(Field{"ordered_pairs", "", "pairs tied in neither"}, row.judged.ordered_pairs);
  visit(Field{"median_error", "", "median of |predicted - measured| / measured; of two middle ones the upper"},
        row.judged.median_error);
  visit(Field{"worst_error", "", "the largest of them"}, row.judged.worst_error);
  visit(Field{"worst_problem", "", "whose it is"}, row.worst_problem);
  visit(Field{"worst_variant", "", "likewise"}, row.worst_variant);
  visit(Field{"scale", "", "the constant factor that makes median_error least"}, row.judged.scale);
  visit(Field{"scaled_error", "", "median_error with that factor"}, row.judged.scaled_error);
  visit(Field{.name = "unstable_rows", .description = "how many of `rows` are unstable", .later = true},
        row.judged.unstable_rows);
  visit(
      Field{.name = "median_factor",
            .description = "median of the factor max(predicted / measured, measured / predicted), which tells how far "
                           "off a promise of too little is: such an error is 1 at most",
            .later = true},
      row.judged.median_factor);
  visit(Field{.name = "worst_factor", .description = "the largest of them", .later = true}, row.judged.worst_factor);
  visit(Field{.name = "farthest_problem", .description = "whose it is", .later = true}, row.farthest_problem);
  visit(Field{.name = "farthest_variant", .description = "likewise", .later = true}, row.farthest_variant);
  visit(Field{.name = "median_ratio",
              .description = "median of measured / predicted: the constant factor to predict with",
              .later = true},
        row.judged.median_ratio);
  visit(Field{.name = "scaled_factor", .description = "median_factor with it", .later = true},
        row.judged.scaled_factor);
}

// Both predictors over all rows and over the fastest: of the whole run first, then of each setting, in file order.
std::vector<PredictorRow> JudgeSettings(std::span<const Gap> gaps);

// A pair that FLOPs order wrongly: under equal dtype, isa, threads and cache state, `fewer` has the fewer FLOPs and yet
// takes longer. Points into the rows it was found in.
struct Misorder {
  const Gap* fewer = nullptr;
  const Gap* more = nullptr;
};

// The pair with the largest ratio of times, that of the other rows, and so on: at most so many, no row in two of them.
std::vector<Misorder> WorstMisorders(std::span<const Gap> gaps, size_t most);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_PREDICTORS_H_
