#ifndef ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_TABLE_H_
#define ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_TABLE_H_

#include <span>
#include <string>

#include "harness/analysis/separable.h"

// Standard against separable convolutions for a terminal, at most kTableWidth wide (table.h). Pairs in the order of
// PairSeparable().

namespace roofgap {

// "256->256 3x3 14x14", and what is not as usual: "s2", "p0", "mb4", "bia1", "act1".
std::string LayerName(const LayerShape& shape);

// A line for each shape and thread count: what FLOPs promise, the ratio of the attainable times, the latency ratios of
// the three comparisons, and of the first of them how much arrives and its five parts. `*` marks an unstable row.
// Batch, biases and activation that all layers share are said once, above.
std::string RenderSeparableTable(std::span<const SeparablePair> pairs);

// For each dtype, isa, cache state and thread count with several shapes: means, ends, what data bounds, where the
// separable convolution is not the faster one. Of a single shape too: what has no time, which rows were left out and
// why. Then the worked example (3x3, 256 to 256 channels, 14x14 and 28x28), if it is there, with its counts and parts.
std::string RenderSeparableFindings(std::span<const SeparablePair> pairs);

// For each such setting of which some pairs have a latency ratio and no attainable one: how many, and what is missing.
std::string RenderMissingRoofs(std::span<const SeparablePair> pairs);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_SEPARABLE_TABLE_H_
