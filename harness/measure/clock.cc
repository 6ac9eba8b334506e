#include "harness/measure/clock.h"

#include <algorithm>
#include <limits>

namespace roofgap {
namespace {

constexpr int kAddsPerLoop = 128;
constexpr int kLoops = 160;

// Register to register: additions of a constant are folded by the renamer of recent cores, several in a cycle. The
// loop's own counter runs beside the chain and adds nothing to it.
[[maybe_unused]] void AddChain() {
  uint64_t sum = 1, step = 1;
  for (int loop = 0; loop < kLoops; ++loop) {
#if defined(__x86_64__)
    asm volatile(".rept 128\n add %1, %0\n .endr" : "+r"(sum) : "r"(step) : "cc");
#elif defined(__aarch64__)
    asm volatile(".rept 128\n add %0, %0, %1\n .endr" : "+r"(sum) : "r"(step));
#endif
  }
}

}  // namespace

double CoreClockGhz() {
#if defined(__x86_64__) || defined(__aarch64__)
  int64_t best = std::numeric_limits<int64_t>::max();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const int64_t start = NowNs();
    AddChain();
    best = std::min(best, NowNs() - start);
  }
  return static_cast<double>(kAddsPerLoop) * kLoops / static_cast<double>(best);
#else
  return 0;
#endif
}

}  // namespace roofgap
