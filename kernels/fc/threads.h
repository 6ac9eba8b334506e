#ifndef ROOFGAP_KERNELS_FC_THREADS_H_
#define ROOFGAP_KERNELS_FC_THREADS_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "kernels/fc/fc.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// The threads that pay for a layer, at most `threads`. Starting a second one costs 0.5 us (two cores of a Zen 5): on
// one thread ic192oc192 took 0.62 us and on two 0.75, ic256oc256 1.09 and 0.99. So each must have 2048 cycles of work,
// of which a core does about a row of a panel (shape.nr multiply-adds), or half a row when it must read it for one
// input.
inline int PayingThreads(const Fc& p, const GemmShape& shape, int threads) {
  const int64_t cycles = std::max<int64_t>(p.mb, 2) * p.ic * p.oc / shape.nr;
  return static_cast<int>(std::clamp<int64_t>(cycles / 2048, 1, threads));
}

// What impl says about it: nothing when all are used.
inline std::string OnThreads(int used, int threads) {
  if (used == threads) return "";
  return " on " + std::to_string(used) + " of " + std::to_string(threads) + " threads";
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_FC_THREADS_H_
