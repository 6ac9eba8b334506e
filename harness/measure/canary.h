#ifndef ROOFGAP_HARNESS_MEASURE_CANARY_H_
#define ROOFGAP_HARNESS_MEASURE_CANARY_H_

#include <cstddef>
#include <cstdint>
#include <deque>

namespace roofgap {

// A canary is a fixed piece of work of about 100 us whose time should never change. When it does, the machine has
// become slower (or faster), whatever the core clock says: on virtual machines the throughput of fused multiply-adds
// was seen to fall by 13 % for over a second while the clock stayed where it was.
enum class Canary {
  kFma,   // 12 independent chains of vector fused multiply-adds, operands in registers
  kLoad,  // reads memory that no cache holds
};

// Runs the canary on every thread of the team at once and returns the time of the slowest, in ns. The vectors are at
// most 256 bits wide: wider ones lower the clock of some cores for longer than a block lasts.
// The first kLoad allocates and fills its memory, twice the last-level cache (64 to 256 MiB).
double RunCanary(Canary canary, int threads);

// How far above its usual time a canary may lie: 3 % for kFma, whose times on a quiet machine lie within 2 %; 10 % for
// kLoad, because memory is shared with others and its times spread by 8 % even then.
double CanaryTolerance(Canary canary);

// Remembers what a canary took of late, and tells whether a new time is out of line.
class CanaryReference {
 public:
  explicit CanaryReference(double tolerance) : tolerance_(tolerance) {}

  // Takes a time and tells whether it is more than the tolerance above what is usual: the first quartile of the last
  // kMemory times. The quartile, because disturbances only ever add, and a single lucky time must not set the measure;
  // of the last ones, so that after a lasting change (heat) measuring goes on instead of failing for ever.
  bool Off(double ns);

  static constexpr size_t kMemory = 256;

 private:
  double tolerance_;
  std::deque<double> times_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_CANARY_H_
