#ifndef ROOFGAP_HARNESS_ANALYSIS_POWER_FIT_H_
#define ROOFGAP_HARNESS_ANALYSIS_POWER_FIT_H_

#include <cstdint>
#include <span>

#include "harness/record/record.h"

namespace roofgap {

// A value measured at n, both above 0, with its own 95 % interval where it has one.
struct PowerPoint {
  double n = 0, value = 0;
  Number low, high;
};

// value = c n^exponent by least squares of log(value) over log(n). The 95 % interval is exponent -+ half_width, the
// larger of two:
// - Student's t, by how far the points are from the line: also how far the law is from theirs;
// - what the points' own intervals, as independent ones, do to the slope. A point without one adds nothing.
struct PowerFit {
  int64_t lengths = 0;  // different n
  Number exponent, half_width;
};

// With two different n or fewer there is no exponent: any two points are on a line.
inline constexpr int64_t kFewestLengths = 3;

PowerFit FitPower(std::span<const PowerPoint> points);

// The 97.5 % quantile of Student's t with so many degrees of freedom (1 or more), good to 2e-4.
double StudentT975(int64_t freedom);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_POWER_FIT_H_
