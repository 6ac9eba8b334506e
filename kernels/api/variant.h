#ifndef ROOFGAP_KERNELS_API_VARIANT_H_
#define ROOFGAP_KERNELS_API_VARIANT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/dtype.h"
#include "kernels/api/isa.h"
#include "kernels/api/operands.h"
#include "kernels/api/problem.h"

namespace roofgap {

// What a variant is asked to run under. The harness has selected the ISA, the thread count and the pinning already;
// these fields say which, so that a variant can decline or plan for them.
struct Context {
  DType dtype = DType::kF32;
  int threads = 1;
};

struct Support {
  bool ok = true;
  std::string reason;  // when not ok: one clause, "needs ic % 8 == 0"
};

// A prepared call of one problem. Only `run` is timed as the kernel.
//
// Order of use, for each set of operands: pack, reorder_in, run..., reorder_out. `pack` and the reorders may be null.
struct Invocation {
  std::function<void(const Args&)> run;
  // Writes the constant operands, rearranged, to args.packed. Timed into prepare_ns.
  std::function<void(const Args&)> pack;
  // Bring activations from the canonical layout into the variant's own (inside the workspace) and back. A variant
  // that computes on the canonical operands has none. Timed into reorder_ns.
  std::function<void(const Args&)> reorder_in;
  std::function<void(const Args&)> reorder_out;

  std::string impl;           // what really runs: the compiled ISA and the plan, or the library's own name for it
  double executed_flops = 0;  // 2 x the multiply-accumulates that the algorithm does (of its GEMMs; no transforms)
  // What the algorithm's own roundings may add to the bounds of Reference(), for each of `outputs` (ascending flat
  // indices into dst). Null: nothing; a plain sum of products in any order.
  std::function<std::vector<double>(const Args&, std::span<const int64_t> outputs)> extra_error;
  size_t packed_bytes = 0;
  size_t workspace_bytes = 0;  // scratch, and activations in the variant's own layout
};

// std::source_location, which clang 14 with GNU's library lacks.
class SourceLocation {
 public:
  static constexpr SourceLocation current(const char* file = __builtin_FILE(), uint32_t line = __builtin_LINE()) {
    SourceLocation here;
    here.file_ = file;
    here.line_ = line;
    return here;
  }
  constexpr const char* file_name() const { return file_; }
  constexpr uint32_t line() const { return line_; }

 private:
  const char* file_ = "";
  uint32_t line_ = 0;
};

// A contender for an op. Type-erased; variants are written against VariantOf<P>.
struct Variant {
  std::string_view op;
  std::string_view name;     // an algorithm: `direct`, `winograd_f43`, `flash`; never an ISA, a type or a thread count
  std::string_view summary;  // one line
  IsaControl isa_control = IsaControl::kNone;
  std::function<Support(const Problem&, const Context&)> supports;
  std::function<Invocation(const Problem&, const Context&)> prepare;
  SourceLocation where;
};

// What a variant's file registers. `supports` null: whatever the op allows, in f32.
template <class P>
struct VariantOf {
  std::string_view name;
  std::string_view summary;
  IsaControl isa_control = IsaControl::kNone;
  Support (*supports)(const P&, const Context&) = nullptr;
  Invocation (*prepare)(const P&, const Context&) = nullptr;
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_VARIANT_H_
