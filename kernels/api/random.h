#ifndef ROOFGAP_KERNELS_API_RANDOM_H_
#define ROOFGAP_KERNELS_API_RANDOM_H_

#include <cstddef>
#include <cstdint>

#include "kernels/api/dtype.h"

namespace roofgap {

// Fills `count` elements with reproducible values: element i depends on (seed, i) alone, so the result is the same
// for any number of threads. Uniform in (-1, 1) without 0 and without denormals; s8: -127 ... 127 without 0.
// Pages are touched by `threads` threads in equal shares, in the order in which kernels divide their work.
void FillRandom(std::byte* data, DType dtype, int64_t count, uint64_t seed, int threads = 1);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_RANDOM_H_
