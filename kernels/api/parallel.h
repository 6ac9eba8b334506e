#ifndef ROOFGAP_KERNELS_API_PARALLEL_H_
#define ROOFGAP_KERNELS_API_PARALLEL_H_

#include <algorithm>
#include <cstdint>
#include <string>

namespace roofgap {

// Runs body(thread) on `threads` threads at once; returns when all are done. One thread: a plain call, so that no
// parallel region is entered (about 1 us on two cores). Kernels keep their per-ISA code free of OpenMP pragmas:
// outlined regions lose the target attribute with some compilers.
template <class Body>
void Parallel(int threads, const Body& body) {
  if (threads == 1) {
    body(0);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(threads)
  for (int thread = 0; thread < threads; ++thread) body(thread);
}

// How many of `threads` pay for so many cycles of work, where each must have `least` of them: a second thread costs 0.5
// to 1 us (two cores of a Zen 5).
inline int PayingThreads(double cycles, double least, int threads) {
  return static_cast<int>(std::clamp(cycles / least, 1.0, static_cast<double>(threads)));
}

// What impl says about it: nothing when all are used.
inline std::string OnThreads(int used, int threads) {
  if (used == threads) return "";
  return " on " + std::to_string(used) + " of " + std::to_string(threads) + " threads";
}

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

// The share of `thread` when `count` items are divided as evenly as can be: sizes differ by at most one.
inline Range Share(int64_t count, int threads, int thread) {
  const int64_t base = count / threads;
  const int64_t extra = count % threads;
  const int64_t begin = thread * base + std::min<int64_t>(thread, extra);
  return {begin, begin + base + (thread < extra ? 1 : 0)};
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_PARALLEL_H_
