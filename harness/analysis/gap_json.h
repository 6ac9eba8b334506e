#ifndef ROOFGAP_HARNESS_ANALYSIS_GAP_JSON_H_
#define ROOFGAP_HARNESS_ANALYSIS_GAP_JSON_H_

#include <span>
#include <string>
#include <vector>

#include "harness/analysis/gap.h"
#include "harness/record/fields.h"

namespace roofgap {

// A pair that FLOPs order wrongly (predictors.h), as it is written down.
struct MisorderRow {
  std::string machine_id, dtype, isa;
  int threads = 0;
  std::string cache;
  std::string fewer_problem, fewer_variant;
  Number fewer_flops, fewer_median_ns;
  std::string more_problem, more_variant;
  Number more_flops, more_median_ns;
};

template <MaybeConst<MisorderRow> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"machine_id", "", "as in measurements.csv"}, row.machine_id);
  visit(Field{"dtype", "", "of both"}, row.dtype);
  visit(Field{"isa", "", "of both"}, row.isa);
  visit(Field{"threads", "", "of both"}, row.threads);
  visit(Field{"cache", "", "of both"}, row.cache);
  visit(Field{"fewer_problem", "", "the one with fewer FLOPs"}, row.fewer_problem);
  visit(Field{"fewer_variant", "", "its fastest variant"}, row.fewer_variant);
  visit(Field{"fewer_flops", "FLOP", "its FLOPs"}, row.fewer_flops);
  visit(Field{"fewer_median_ns", "ns", "its time"}, row.fewer_median_ns);
  visit(Field{"more_problem", "", "the one with more"}, row.more_problem);
  visit(Field{"more_variant", "", "its fastest variant"}, row.more_variant);
  visit(Field{"more_flops", "FLOP", "its FLOPs"}, row.more_flops);
  visit(Field{"more_median_ns", "ns", "its time, which is less"}, row.more_median_ns);
}

// The worst of the stable fastest rows, at most 100.
std::vector<MisorderRow> MisorderRows(std::span<const Gap> gaps);

// What `roofgap gap` finds, as one JSON object: `rows` (gap.csv), `predictors` (predictors.csv), `misordered`,
// and `findings`, the sentences that it prints (findings.h).
std::string GapJson(std::span<const Gap> gaps);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_GAP_JSON_H_
