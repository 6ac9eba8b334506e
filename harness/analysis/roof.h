#ifndef ROOFGAP_HARNESS_ANALYSIS_ROOF_H_
#define ROOFGAP_HARNESS_ANALYSIS_ROOF_H_

#include <string>
#include <vector>

#include "harness/record/record.h"

namespace roofgap {

// The two roofs over one row. U = bytes_read + bytes_written; C(l) = capacity of all caches up to level l, C(0) = 0.
//
//   hard roof     t_roof       = max(executed_flops / peak_best, max over levels l of max(0, U - C(l-1)) / BW_best(l))
//   attainable    t_attainable = max(executed_flops / peak_median, U / BW_median(h))
//
// Cold: C = 0 and h is DRAM. Warm: h is the nearest level with C(h) >= U. Best goes with best and median with median.
//
// Which ceilings count for a row: those of its thread count and core kind, and
// - peak: of its ISA and data type, op_mix `fma` for f32 and f64, `dot` for bf16 and s8. Nothing else is ever a
//   denominator.
// - BW_best: all patterns, page sizes and ISAs of the level, for a bound has to hold whatever a kernel does. Only in L1
//   and L2, where the width of a load limits, are wider ISAs than the row's left out, and only if its own was measured
//   there: an AVX2 kernel cannot reach an AVX3 bandwidth. Farther out the transfer between caches limits, and what one
//   ISA reached bounds them all.
// - BW_median: of the same, the pattern whose share of reads is nearest to bytes_read / U; the fastest of equals.
//   `update` is left out: it writes where it has read, which moves each line once for two counted bytes, and no op
//   does.
// Where none of the core kind were measured: of all kinds, whichever is higher, with a warning. A row of `mixed` cores
// takes those of `mixed` teams or of a machine whose cores are `uniform`, and has no roof without.
// Memory that others use too is not equally fast at all times. Where a row's canary read memory faster than the best
// `load` of DRAM, that was measured earlier, BW_best of DRAM is raised by as much, with a warning: the canary is one
// more visit to that roof, in the same seconds as the row. The levels found in the file are taken for the machine's.
struct Roof {
  Number peak_median_gflops, peak_clock_ghz;
  Number t_roof_ns;
  std::string bound;       // compute or memory: the larger part of t_roof
  std::string level;       // of the largest memory part of t_roof, whether it binds or not
  Number t_next_ns;        // t_roof without the part that binds: what is left if that ceiling is wrong
  Number t_attainable_ns;  // and the same of t_attainable:
  std::string attainable_bound;
  std::string attainable_level;
  std::vector<std::string> warnings;  // what is missing, why the fields above are empty or weaker
};

// A row without counts (a problem that could not be counted) has an empty roof.
Roof FindRoof(const Record& row, const Ceilings& ceilings);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_ROOF_H_
