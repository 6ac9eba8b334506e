#ifndef ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_
#define ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_

#include <span>

#include "harness/analysis/gap.h"

namespace roofgap {

// A factor under 1.25 is not worth a lever: what is within 80 % of its attainable roof is near it.
inline constexpr double kWorthALever = 1.25;

// A row that takes twice its attainable time is far under both roofs: its position under them says nothing.
inline constexpr double kFarUnder = 2;

// Fills `lever` and `advice` of each timed row that stands under its roofs; the first that holds. What better code can
// win is at most gap_implementation; what fewer bytes can win, until arithmetic binds, is at most gap_memory.
//
//   model   above the hard roof: the roof or a count is wrong, and `warnings` says which is likely
//   bytes   where a cold row on the flat takes kWorthALever times as long as the same warm
//   code    gap_implementation > kWorthALever, and more than fewer bytes could win, or > kFarUnder; but
//   quiet   where the machine was so much slower beside the row than at its best in the run that this explains it
//           (InSlowPhase, and gap_implementation / slowdown is within kWorthALever), and
//   cores   where more threads than one lose more than the code does on one of them: the speed-up is under threads /
//           kWorthALever, and attainable_fraction falls by a larger factor from one thread to these than to one thread
//   bytes   on a slope: memory is the larger part of the attainable time
//   flops   on the flat: arithmetic is
void Advise(std::span<Gap> gaps);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_
