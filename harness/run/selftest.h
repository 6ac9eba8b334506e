#ifndef ROOFGAP_HARNESS_RUN_SELFTEST_H_
#define ROOFGAP_HARNESS_RUN_SELFTEST_H_

#include <cstdint>

#include "harness/plan/request.h"

namespace roofgap {

struct SelftestOptions {
  Request request;
  int64_t pairs = 400;    // at least; the suite is gone through as often as that takes
  double budget_s = 0.3;  // for each contender
};

// Measures every case of a suite against itself: prepared twice, each with memory of its own, as two contenders of one
// group. Equal contenders may be found different (harness/measure/pairs.h) in 5 % of pairs, no more; and what measuring
// adds to a call must be under 1 % of the shortest median. Prints both. Returns the exit code: 0, 1 when either is
// missed, 128 + signal when interrupted. Throws Error when the suite holds nothing that runs here.
int Selftest(const SelftestOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_SELFTEST_H_
