#ifndef ROOFGAP_KERNELS_API_ROUND_H_
#define ROOFGAP_KERNELS_API_ROUND_H_

#include <cstdint>

namespace roofgap {

// Of numbers from 0 on; `to` > 0.
constexpr int64_t DivideUp(int64_t a, int64_t to) { return (a + to - 1) / to; }
constexpr int64_t RoundUp(int64_t a, int64_t to) { return DivideUp(a, to) * to; }

// Regions of a workspace begin on cache lines.
constexpr int64_t RoundToLine(int64_t floats) { return RoundUp(floats, 64 / sizeof(float)); }

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_ROUND_H_
