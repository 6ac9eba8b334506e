#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPARISON_JSON_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPARISON_JSON_H_

#include <optional>
#include <span>
#include <string>

#include "harness/analysis/comparison.h"
#include "harness/record/fields.h"

namespace roofgap {

// A roof that the baseline and another run have (comparison_table.h), as it is written down.
struct ComparedRoof {
  std::string run_b, roof, unit;
  Number median_a, median_b, ratio;
};

template <MaybeConst<ComparedRoof> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"run_b", "", "as in the rows"}, row.run_b);
  visit(Field{"roof", "", "what of, and on how many threads: `DRAM load, 2 threads`"}, row.roof);
  visit(Field{"unit", "", "of the medians", "GFLOP/s GB/s ns"}, row.unit);
  visit(Field{"median_a", "", "of the baseline"}, row.median_a);
  visit(Field{"median_b", "", "of run_b"}, row.median_b);
  visit(Field{"ratio", "", "above 1, the machine of run_b is faster"}, row.ratio);
}

// Of each run behind the first the roofs that it and the first have; none where both hold those of one probe.
std::vector<ComparedRoof> ComparedRoofs(std::span<const ComparedRun> runs);

// What `roofgap compare` finds, as one JSON object: `rows` (its CSV), `summary` (for each run_b its ops, then all),
// `roofs`, and `regressions`, the rows beyond `fail_over` (none where that is empty).
std::string ComparisonJson(std::span<const Compared> rows, std::span<const ComparedRoof> roofs,
                           const std::optional<double>& fail_over);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPARISON_JSON_H_
