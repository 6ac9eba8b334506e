#ifndef ROOFGAP_KERNELS_API_DISTANCE_H_
#define ROOFGAP_KERNELS_API_DISTANCE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "kernels/api/problem.h"

namespace roofgap {

// How far an op that approximates another is from it: the error of its definition, which no kernel can avoid. An op
// says what it approximates by a member `std::string Exact() const`, the text of a problem whose operands are all found
// among its own, by name.

// The problem that is approximated; nullopt for an op that defines its own result.
std::optional<Problem> ExactProblem(const Problem& problem);

// |approximate - exact| / |exact| over `outputs` (ascending flat indices into dst), Euclidean norms (Frobenius, of all
// outputs), both from the references, in double. Needs ExactProblem(problem), and takes the time of both references.
double DistanceFromExact(const Problem& problem, DType dtype, const Args& args, std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_DISTANCE_H_
