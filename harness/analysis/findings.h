#ifndef ROOFGAP_HARNESS_ANALYSIS_FINDINGS_H_
#define ROOFGAP_HARNESS_ANALYSIS_FINDINGS_H_

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/analysis/gap.h"

namespace roofgap {

// Which row of a run a finding is about.
struct RowKey {
  std::string problem, variant, dtype, isa;
  int threads = 0;
  std::string cache, status;
};

template <MaybeConst<RowKey> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"problem", "", "as in measurements.csv"}, row.problem);
  visit(Field{"variant", "", "likewise"}, row.variant);
  visit(Field{"dtype", "", "likewise"}, row.dtype);
  visit(Field{"isa", "", "likewise"}, row.isa);
  visit(Field{"threads", "", "likewise"}, row.threads);
  visit(Field{"cache", "", "likewise"}, row.cache);
  visit(Field{"status", "", "likewise"}, row.status);
}

// A sentence about a run, with the numbers it names, by the columns that they are of, and the rows.
struct Finding {
  // rows flops_all attainable_all flops_fastest attainable_fastest misordered largest_gap nearest_roof price above_roof
  std::string kind;
  std::string text;
  std::vector<std::pair<std::string, Number>> numbers;
  std::vector<RowKey> rows;
};

// What the rows show: how many there are of each status, how well FLOPs and the roofs predict the medians, the pairs
// that FLOPs order most wrongly, the largest gap of a fastest row and what makes it up, the row nearest to its roof,
// prices, and how many rows are above their roofs. Claims about single rows rest on `measured` rows of no slow phase;
// those that predictions are judged by are all timed ones, where an unstable one that is named is called so.
std::vector<Finding> FindFindings(std::span<const Gap> gaps);

// For a terminal, at most kTableWidth wide: a paragraph each.
std::string RenderFindings(std::span<const Gap> gaps);

// An array of {"kind": "..", "text": "..", "numbers": {..}, "rows": [..]}.
std::string FindingsJson(std::span<const Finding> findings);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_FINDINGS_H_
