#ifndef ROOFGAP_KERNELS_FC_THREADS_H_
#define ROOFGAP_KERNELS_FC_THREADS_H_

#include <algorithm>

#include "kernels/api/parallel.h"
#include "kernels/fc/fc.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// The largest batch of `gemv`.
inline constexpr int kMaxGemvBatch = 8;

// The threads that pay for a layer. A core does about a row of a panel (shape.nr multiply-adds) a cycle, or half a row
// when it must read it for one input. On one thread ic192oc192 took 0.62 us and on two 0.75, ic256oc256 1.09 and 0.99.
inline int FcThreads(const Fc& p, const GemmShape& shape, int threads) {
  const int64_t cycles = std::max<int64_t>(p.mb, 2) * p.ic * p.oc / shape.nr;
  return PayingThreads(static_cast<double>(cycles), 2048, threads);
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_FC_THREADS_H_
