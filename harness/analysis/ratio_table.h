#ifndef ROOFGAP_HARNESS_ANALYSIS_RATIO_TABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_RATIO_TABLE_H_

#include <span>
#include <string>

#include "harness/analysis/ratio.h"

// Ratios for a terminal, at most kTableWidth wide (table.h).

namespace roofgap {

// A line for each pair, in the order given; one table for each dtype, isa and cache state, named where there are more
// than one. `*` marks a pair with an unstable row.
std::string RenderRatioTable(std::span<const Ratio> ratios, const Sides& sides);

// For each setting (BySetting) how many pairs there are, their geometric mean, their ends and how many lie under the
// limit; which cases are no pair, and which rows were left out beside one, each with the reason. Then, if there are
// classes, a line for each class and setting.
std::string RenderRatioSummary(std::span<const Ratio> ratios, double limit, std::span<const ShapeClass> classes);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_RATIO_TABLE_H_
