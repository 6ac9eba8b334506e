#ifndef ROOFGAP_KERNELS_API_DISTANCE_H_
#define ROOFGAP_KERNELS_API_DISTANCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/api/problem.h"

namespace roofgap {

// What an op that approximates another is compared with: the error of its definition, which no kernel can avoid. An op
// says what it approximates by a member `std::string Exact() const`, the text of a problem whose operands are all found
// among its own, by name.

// The problem that is approximated; nullopt for an op that defines its own result.
std::optional<Problem> ExactProblem(const Problem& problem);

// What the exact problem's reference says of `outputs` (ascending flat indices into dst), on the operands of the
// approximation. Needs ExactProblem(problem).
std::vector<Expected> ExactReference(const Problem& problem, DType dtype, const Args& args,
                                     std::span<const int64_t> outputs);

// |dst - exact| / |exact| over `outputs`, by Euclidean norms, in double.
double RelativeDistance(const std::byte* dst, DType dtype, std::span<const int64_t> outputs,
                        std::span<const Expected> exact);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_DISTANCE_H_
