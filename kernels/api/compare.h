#ifndef ROOFGAP_KERNELS_API_COMPARE_H_
#define ROOFGAP_KERNELS_API_COMPARE_H_

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"

namespace roofgap {

// What the reference says of one output element: its value in double, and by how much a correct kernel may differ.
//
// The bound is derived, never tuned: a sum of n products computed in any order, to nearest with unit roundoff u,
// differs from the exact sum by at most n u sum |a_i b_i|, whatever n   (Jeannerod and Rump, Improved error bounds for
// inner products in floating-point arithmetic, SIAM J. Matrix Anal. Appl. 34, 2013). A bias is one more product, by 1.
// Fused multiply-adds keep the bound: their proof needs that adding p to the float s errs by |p| at most, as s is a
// candidate, and that holds for p not rounded too. Each op's Reference() states what it adds for epilogues and softmax.
struct Expected {
  double value = 0;
  double bound = 0;
};

// `expected` with each bound larger by that of `extra` (Invocation::extra_error), which is as long.
std::vector<Expected> Widened(std::vector<Expected> expected, std::span<const double> extra);

// The worst element of a comparison: a wrong one, else one that no bound judges, and among equals the one whose error
// is the largest part of its bound.
struct Comparison {
  double error = 0;  // |got - value|; NaN and infinity count as infinite
  double bound = 0;
  int64_t index = 0;  // flat index of the element in dst
  // False where there is no bound to judge by (a softmax over too many keys): neither right nor wrong.
  bool verifiable() const { return std::isfinite(bound) && bound >= 0; }
  bool ok() const { return verifiable() && error <= bound; }
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
