#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPARISON_TABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPARISON_TABLE_H_

#include <span>
#include <string>
#include <vector>

#include "harness/analysis/comparison.h"
#include "harness/analysis/drift.h"

// Comparisons for a terminal, at most kTableWidth wide (table.h).

namespace roofgap {

// A line for each pair of one run_b, in the order given; one table for each data type, ISA and cache state, named where
// there are more than one. `*` marks a pair with an unstable row. Beneath them what is not comparable, by its reason.
std::string RenderComparison(std::span<const Compared> rows);

// A line for each summary, then what was tested and what the numbers rest on.
std::string RenderComparisonSummary(std::span<const ComparisonSummary> summaries, std::span<const Compared> rows,
                                    double same_within);

// How many kernels are slower by more than the fraction `limit`, and which.
std::string RenderRegressions(std::span<const Compared> rows, double limit);

// The roofs that both have, by name: the fastest median of all ISAs, page sizes and kinds of cores; arithmetic by data
// type, memory by level (loads), latency by level, each by thread count. In the order of a.
std::vector<Drift> CompareRoofs(const Ceilings& a, const Ceilings& b);
double SpeedUp(const Drift& roof);  // above 1, the machine of b is faster
std::string RenderRoofs(std::span<const Drift> roofs);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPARISON_TABLE_H_
