#ifndef ROOFGAP_HARNESS_MEASURE_CANARY_H_
#define ROOFGAP_HARNESS_MEASURE_CANARY_H_

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
// The first kLoad allocates and fills its memory, eight times the last-level cache (64 to 256 MiB).
double RunCanary(Canary canary, int threads);

// Bytes that kLoad reads from memory in the time it returns, on all threads together. 0 for kFma, and where its memory
// is not even twice the last-level cache, which may then hold part of it.
double CanaryBytes(Canary canary, int threads);

// How far above its usual time a canary may lie: 3 % for kFma, whose times on a quiet machine lie within 2 %; 10 % for
// kLoad, because memory is shared with others and its times spread by 8 % even then.
double CanaryTolerance(Canary canary);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_CANARY_H_
