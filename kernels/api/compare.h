#ifndef ROOFGAP_KERNELS_API_COMPARE_H_
#define ROOFGAP_KERNELS_API_COMPARE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"

namespace roofgap {

// What the reference says of one output element: its value in double, and by how much a correct kernel may differ.
//
// The bound is derived, never tuned: a sum of n products computed in any order with unit roundoff u differs from the
// exact sum by at most gamma_n * sum |a_i b_i|, gamma_n = n u / (1 - n u)   (Higham, Accuracy and Stability of
// Numerical Algorithms, 2nd ed., section 3.1). Each op's Reference() states what it adds for epilogues and softmax.
struct Expected {
  double value = 0;
  double bound = 0;
};

// gamma_n of the above.
double Gamma(double n, double unit_roundoff);

// The worst element of a comparison: the one whose error is the largest part of its bound.
struct Comparison {
  double error = 0;  // |got - value|; NaN and infinity count as infinite
  double bound = 0;
  int64_t index = 0;  // flat index of the element in dst
  bool ok() const { return error <= bound; }
};

// Compares dst[indices[i]] with expected[i]. `indices` is not empty and as long as `expected`.
Comparison Compare(const std::byte* dst, DType dtype, std::span<const int64_t> indices,
                   std::span<const Expected> expected);

// The outputs to check, ascending: all when dst (of shape `dims`) has at most `limit` elements, else `limit` distinct
// ones, seeded: all corners of the shape, then in turn one on a random edge (some index first or last) and one
// anywhere.
std::vector<int64_t> OutputsToCheck(std::span<const int64_t> dims, int64_t limit, uint64_t seed);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_COMPARE_H_
