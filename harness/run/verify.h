#ifndef ROOFGAP_HARNESS_RUN_VERIFY_H_
#define ROOFGAP_HARNESS_RUN_VERIFY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/run/operand_sets.h"
#include "kernels/api/compare.h"
#include "kernels/api/variant.h"

namespace roofgap {

// The reference's answer for one problem, computed once and shared by all contenders. Up to 2 GFLOP and 4 M outputs
// every output is checked; above, a seeded sample of 4096 with the edges of the output.
class Verifier {
 public:
  Verifier(const Problem& problem, DType dtype, const OperandSets& operands, uint64_t seed);

  // Compares the output of operand set 0, which `invocation` computed, with the reference.
  Comparison Check(const OperandSets& operands, const Invocation& invocation) const;

  // Of the outputs that are checked, in the reference. An error bound that is larger than this hardly judges.
  double root_mean_square() const;

  // The value of column `verified`: "all" or "sample:N".
  const std::string& scope() const { return scope_; }

 private:
  DType dtype_;
  std::string scope_;
  std::vector<int64_t> outputs_;
  std::vector<Expected> expected_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_VERIFY_H_
