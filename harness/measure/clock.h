#ifndef ROOFGAP_HARNESS_MEASURE_CLOCK_H_
#define ROOFGAP_HARNESS_MEASURE_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace roofgap {

// Nanoseconds of the steady clock. Not the time stamp counter: its ticks are not core cycles.
inline int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The calling thread's core clock in GHz, from the time of a chain of additions each of which waits for the one before
// and takes one cycle. About 20 us. 0 where it is not known how to write such a chain (neither x86-64 nor aarch64).
double CoreClockGhz();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_CLOCK_H_
