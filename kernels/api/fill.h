#ifndef ROOFGAP_KERNELS_API_FILL_H_
#define ROOFGAP_KERNELS_API_FILL_H_

#include <cstddef>
#include <cstdint>

#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"

namespace roofgap {

// Fills an input or a weight as its `fill` says, reproducibly: the result depends on the seed alone. Times do not
// depend on the values, but what a method that approximates is off by does.
//
// - kUniform: FillRandom (kernels/api/random.h).
// - kPooling, dims [n][t]: row i is the mean over the columns [floor(i t / n), floor((i + 1) t / n)), of one at least;
//   to every element a uniform one of (-1 / t, 1 / t) is added, so that none is without effect.
// - kOrthogonal, dims [n][d]: Gaussian vectors of mean 0 and variance 1, each block of d rows made orthogonal by
//   Gram-Schmidt; a row keeps the length that it was drawn with (the orthogonal random features of Yu et al., 2016).
// The last two are for f32 and f64; other types are filled as kUniform.
void FillOperand(const Operand& operand, std::byte* data, DType dtype, uint64_t seed, int threads = 1);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_FILL_H_
