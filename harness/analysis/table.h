#ifndef ROOFGAP_HARNESS_ANALYSIS_TABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_TABLE_H_

#include <span>
#include <string>

#include "harness/analysis/gap.h"

namespace roofgap {

inline constexpr size_t kTableWidth = 100;

// The gap table for a terminal, at most kTableWidth wide: a heading for each problem, dtype and ISA, a line for each
// row beneath it, in file order. `roof` and `att` are the row's fractions of its hard and its attainable roof, `bound`
// is what binds the attainable one, `lever` what helps (advice.h). No row vanishes: what is not `measured` has a line
// with its status and reason. A row above its hard roof is marked with `!`. Below the table stand the meaning of the
// levers, and warnings, each once, with the number of rows that have it.
std::string RenderGapTable(std::span<const Gap> gaps);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_TABLE_H_
