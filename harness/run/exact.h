#ifndef ROOFGAP_HARNESS_RUN_EXACT_H_
#define ROOFGAP_HARNESS_RUN_EXACT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/run/operand_sets.h"
#include "kernels/api/compare.h"

namespace roofgap {

// What the problem that an op approximates gives on the same operands, computed once and shared by all contenders: all
// columns of 512 rows of dst (of all, where there are fewer), evenly spread. 512 rows of 64 columns know the distance
// to a few percent, and at 16384 keys take half a second.
class ExactAnswer {
 public:
  ExactAnswer(const Problem& problem, DType dtype, const OperandSets& operands);

  // The column `distance_from_exact` of what a contender computed in operand set 0; nullopt for an op that defines its
  // own result.
  std::optional<double> DistanceOf(const OperandSets& operands) const;

 private:
  DType dtype_;
  std::vector<int64_t> outputs_;  // none: nothing is approximated
  std::vector<Expected> expected_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_EXACT_H_
