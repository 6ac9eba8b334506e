#ifndef ROOFGAP_KERNELS_API_ISA_H_
#define ROOFGAP_KERNELS_API_ISA_H_

#include <string_view>

namespace roofgap {

// The instruction set is an axis, not part of a name (rule R6). Its vocabulary is Highway's target names
// ("AVX3", "AVX2", "SSE4", "NEON", "EMU128"); which of them run here is a question for harness/measure/isa_scope.h.

// How a variant is held to an instruction set.
enum class IsaControl {
  kHighway,  // at prepare, by Highway's dispatch: any order, any number of times
  kProcess,  // once per process, before the first use (oneDNN's limit)
  kNone,     // plain C++: whatever the build's baseline is
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_ISA_H_
