#include "harness/run/operand_sets.h"

#include <cstring>
#include <utility>

#include "kernels/api/fill.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

// All bits set is a NaN in every floating-point type, and -1 in the integer ones.
void Poison(std::byte* data, size_t bytes, int threads) {
  Parallel(threads, [&](int thread) {
    const Range share = Share(static_cast<int64_t>(bytes), threads, thread);
    if (share.end > share.begin) std::memset(data + share.begin, 0xFF, static_cast<size_t>(share.end - share.begin));
  });
}

}  // namespace

size_t OperandBytes(const Problem& problem, DType dtype) {
  size_t bytes = 0;
  for (const Operand& operand : Operands(problem)) bytes += operand.bytes(dtype);
  return bytes;
}

OperandSets::OperandSets(const Problem& problem, DType dtype, int count, uint64_t seed, int threads)
    : operands_(Operands(problem)), dtype_(dtype), threads_(threads) {
  for (int set = 0; set < count; ++set) {
    Args args;
    for (size_t i = 0; i < operands_.size(); ++i) {
      const Operand& operand = operands_[i];
      Buffer buffer(operand.bytes(dtype));
      args.operand[i] = buffer.data();
      if (operand.role == Role::kOutput) {
        output_ = i;
      } else {
        FillOperand(operand, buffer.data(), dtype, seed + i, threads);
      }
      memory_.push_back(std::move(buffer));
    }
    sets_.push_back(args);
    PoisonOutput(set);
  }
}

void OperandSets::PoisonOutput(int set) {
  Poison(args(set).operand[output_], operands_[output_].bytes(dtype_), threads_);
}

const std::byte* OperandSets::output(int set) const { return args(set).operand[output_]; }

const std::vector<int64_t>& OperandSets::output_dims() const { return operands_[output_].dims; }

ContenderMemory::ContenderMemory(const Invocation& invocation, const OperandSets& operands, int threads) {
  for (int set = 0; set < operands.count(); ++set) {
    Args args = operands.args(set);
    args.packed = memory_.emplace_back(invocation.packed_bytes).data();
    args.workspace = memory_.emplace_back(invocation.workspace_bytes).data();
    Poison(args.packed, invocation.packed_bytes, threads);
    Poison(args.workspace, invocation.workspace_bytes, threads);
    sets_.push_back(args);
  }
}

}  // namespace roofgap
