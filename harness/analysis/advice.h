#ifndef ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_
#define ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_

#include <span>

#include "harness/analysis/gap.h"

namespace roofgap {

// A row that takes more than twice its attainable time is far under both roofs: what is left to the code is then more
// than what FLOPs or bytes could save.
inline constexpr double kFarUnder = 0.5;

// Fills `lever` and `advice` of each timed row that stands under its roofs:
//
//   model   above the hard roof: the roof or a count is wrong, and `warnings` says which is likely
//   code    far under both (attainable_fraction < kFarUnder), and
//   cores   so too, on more threads than one, where that is the larger loss: attainable_fraction is that of the same
//           row on one thread times what became of it with more threads; the smaller factor names the lever
//   bytes   on a slope: memory is the larger part of the attainable time
//   flops   on the flat: arithmetic is
void Advise(std::span<Gap> gaps);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_ADVICE_H_
