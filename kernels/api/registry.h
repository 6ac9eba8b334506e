#ifndef ROOFGAP_KERNELS_API_REGISTRY_H_
#define ROOFGAP_KERNELS_API_REGISTRY_H_

#include <string_view>
#include <vector>

#include "kernels/api/variant.h"

namespace roofgap {

// All variants linked in, sorted by (op, name). Built by the variants themselves before main().
const std::vector<Variant>& AllVariants();

// The variants of one op, in the same order.
std::vector<const Variant*> VariantsOf(std::string_view op);

// Null when there is none.
const Variant* FindVariant(std::string_view op, std::string_view name);

// Aborts, naming both places, when (op, name) is taken: a fault of the program.
bool RegisterErased(Variant variant);

// The variant with its problem type hidden, unregistered.
template <class P>
Variant Erase(const VariantOf<P>& of, SourceLocation where) {
  return {
      .op = P::kOp,
      .name = of.name,
      .summary = of.summary,
      .isa_control = of.isa_control,
      .supports = [supports = of.supports](const Problem& problem, const Context& context) -> Support {
        if (supports != nullptr) return supports(std::get<P>(problem), context);
        if (context.dtype != DType::kF32) return {false, "f32 only"};
        return {};
      },
      .prepare = [prepare = of.prepare](const Problem& problem,
                                        const Context& context) { return prepare(std::get<P>(problem), context); },
      .where = where,
  };
}

// The last lines of a variant's file (inside `#if HWY_ONCE` for Highway files):
//   [[maybe_unused]] const bool kRegistered = Register<Conv2d>({.name = "direct", .summary = "...", ...});
template <class P>
bool Register(const VariantOf<P>& of, SourceLocation where = SourceLocation::current()) {
  return RegisterErased(Erase(of, where));
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_REGISTRY_H_
