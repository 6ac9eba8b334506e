#ifndef ROOFGAP_HARNESS_MEASURE_WARM_UP_H_
#define ROOFGAP_HARNESS_MEASURE_WARM_UP_H_

#include <vector>

namespace roofgap {

// Decides from the samples alone when a contender is warm: when the medians of two successive windows agree within
// 1 %, not before the floor and not after the cap. A window is a fifth of the floor, and a sample at least.
class WarmUp {
 public:
  WarmUp(double floor_ns, double cap_ns) : floor_ns_(floor_ns), cap_ns_(cap_ns) {}

  // Takes a sample that lasted `total_ns` and took `call_ns` per call. Returns whether the warm-up is over.
  bool Add(double total_ns, double call_ns);

  bool settled() const { return settled_; }   // false after the end: the cap ended it
  double call_ns() const { return median_; }  // median of the last whole window; 0 before the first

 private:
  double floor_ns_, cap_ns_;
  std::vector<double> window_;
  double window_ns_ = 0;  // since the window began
  double elapsed_ns_ = 0;
  double median_ = 0;
  bool settled_ = false;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_WARM_UP_H_
