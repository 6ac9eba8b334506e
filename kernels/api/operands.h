#ifndef ROOFGAP_KERNELS_API_OPERANDS_H_
#define ROOFGAP_KERNELS_API_OPERANDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/api/dtype.h"

namespace roofgap {

// kInput: activations, read by every call. kWeight: constant between calls, may be packed once. kOutput: written.
enum class Role { kInput, kWeight, kOutput };

// What the values of an operand are to look like where none are given (kernels/api/fill.h). All but kUniform are for
// ops whose result depends on it how useful they are.
enum class Fill { kUniform, kPooling, kOrthogonal };

// One operand of a problem: row-major, densely packed, channels last.
struct Operand {
  std::string_view name;
  Role role = Role::kInput;
  std::vector<int64_t> dims;
  Fill fill = Fill::kUniform;

  int64_t elements() const;
  size_t bytes(DType dtype) const { return static_cast<size_t>(elements()) * SizeOf(dtype); }
};

inline constexpr size_t kMaxOperands = 12;

// The addresses of one call. `operand` is in the order of the op's Operands(); each op's header names the indices.
// `packed` holds what Invocation::pack wrote, `workspace` is scratch of Invocation::workspace_bytes; both are aligned
// to 64 bytes, operands only to their element.
struct Args {
  std::array<std::byte*, kMaxOperands> operand{};
  std::byte* packed = nullptr;
  std::byte* workspace = nullptr;

  template <class T>
  T* at(size_t index) const {
    return reinterpret_cast<T*>(operand[index]);
  }
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_OPERANDS_H_
