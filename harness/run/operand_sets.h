#ifndef ROOFGAP_HARNESS_RUN_OPERAND_SETS_H_
#define ROOFGAP_HARNESS_RUN_OPERAND_SETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/api/problem.h"
#include "kernels/api/variant.h"

namespace roofgap {

// Bytes of all operands of a problem, once.
size_t OperandBytes(const Problem& problem, DType dtype);

// The operands of one problem, `count` times over with the same contents: one set for warm runs, more where calls are
// to find their operands outside the caches. All contenders for the problem share them.
class OperandSets {
 public:
  // Fills inputs and weights as they ask for (kernels/api/fill.h); uniform ones by the threads that will use the pages.
  OperandSets(const Problem& problem, DType dtype, int count, uint64_t seed, int threads);

  int count() const { return static_cast<int>(sets_.size()); }
  const Args& args(int set) const { return sets_[static_cast<size_t>(set)]; }
  // Overwrites dst of a set with NaNs, so that an output which a kernel leaves out cannot pass for right.
  void PoisonOutput(int set);
  const std::byte* output(int set) const;
  const std::vector<int64_t>& output_dims() const;

 private:
  std::vector<Operand> operands_;
  size_t output_ = 0;  // index of the output among the operands
  DType dtype_;
  int threads_;
  std::vector<Buffer> memory_;
  std::vector<Args> sets_;
};

// What one contender adds to the operand sets: its packed weights and its workspace, one of each for each set.
//
// Filled with NaNs by `threads` threads, so that a kernel that reads what it did not write is found out, and each page
// is touched by one that will use it.
class ContenderMemory {
 public:
  ContenderMemory(const Invocation& invocation, const OperandSets& operands, int threads);

  const Args& args(int set) const { return sets_[static_cast<size_t>(set)]; }

 private:
  std::vector<Buffer> memory_;
  std::vector<Args> sets_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_OPERAND_SETS_H_
