#ifndef ROOFGAP_HARNESS_ANALYSIS_ATTENTION_TABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_ATTENTION_TABLE_H_

#include <span>
#include <string>

#include "harness/analysis/attention.h"
#include "harness/analysis/complexity.h"
#include "harness/analysis/crossover.h"

// How attention and its approximations grow with n, for a terminal, at most kTableWidth wide (table.h). "" where there
// is nothing to say.

namespace roofgap {

// For each family and setting the exponents of its methods beside the expected ones (`!`: outside of them, `*`: an
// unstable row), what kept one from having any, and which method is faster than which others up to which length.
std::string RenderGrowth(std::span<const GrowthFit> fits, std::span<const Crossover> crossovers);

// The textbook's table: expected time and memory of each method beside the range of exponents that were found.
std::string RenderComplexityTable(std::span<const GrowthFit> fits);

// The textbook's FLOPs of self-attention beside those counted, for the longest of each family.
std::string RenderChapterFlops(std::span<const AttentionPoint> points);

// Flash against the fastest standard attention, multi-query against multi-head, lengths against those one longer, the
// approximations against the fastest exact one: what is said of them, in numbers.
std::string RenderAttentionClaims(std::span<const AttentionPoint> points);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_ATTENTION_TABLE_H_
