#ifndef ROOFGAP_KERNELS_API_DTYPE_H_
#define ROOFGAP_KERNELS_API_DTYPE_H_

#include <array>
#include <cstddef>
#include <string_view>

namespace roofgap {

// The data types of operands. The vocabulary (`f32 f64 bf16 s8`) is shared by the command line, suites and CSV files.
enum class DType { kF32, kF64, kBF16, kS8 };

inline constexpr std::array kDTypes = {DType::kF32, DType::kF64, DType::kBF16, DType::kS8};

// Returns "f32", "f64", "bf16" or "s8".
std::string_view Name(DType dtype);

// Throws Error, listing the vocabulary, for a name that is not in it.
DType ParseDType(std::string_view name);

// Bytes of one element.
size_t SizeOf(DType dtype);

// Unit roundoff of the type in which products of `dtype` are accumulated: 2^-24 for f32 and bf16, 2^-53 for f64,
// 0 for s8 (exact in s32).
double UnitRoundoff(DType dtype);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_DTYPE_H_
