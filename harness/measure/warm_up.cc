#include "harness/measure/warm_up.h"

#include <algorithm>
#include <cmath>

#include "harness/measure/statistics.h"

namespace roofgap {

bool WarmUp::Add(double total_ns, double call_ns) {
  window_.push_back(call_ns);
  window_ns_ += total_ns;
  elapsed_ns_ += total_ns;
  if (window_ns_ >= floor_ns_ / 5) {
    const double median = Summarise(window_).median;
    settled_ = median_ > 0 && std::abs(median - median_) <= 0.01 * std::min(median, median_);
    median_ = median;
    window_.clear();
    window_ns_ = 0;
  }
  return elapsed_ns_ >= cap_ns_ || (elapsed_ns_ >= floor_ns_ && settled_);
}

}  // namespace roofgap
