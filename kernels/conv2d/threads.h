#ifndef ROOFGAP_KERNELS_CONV2D_THREADS_H_
#define ROOFGAP_KERNELS_CONV2D_THREADS_H_

#include "kernels/api/parallel.h"
#include "kernels/conv2d/conv2d.h"

namespace roofgap {

// The threads that pay for a convolution, of which a core does about `rate` multiply-adds a cycle. `direct` on one and
// on two: ic32ih14oc32kh1 1.8 and 2.4 us (6272 cycles), ic3ih16oc16kh3ph1 1.4 and 1.9, ic16ih14oc16kh3ph1 4.2 and 2.8.
inline int ConvThreads(const Conv2d& p, int64_t rate, int threads) {
  return PayingThreads(Count(p, DType::kF32).flops / 2 / static_cast<double>(rate), 4096, threads);
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_THREADS_H_
