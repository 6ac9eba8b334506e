#ifndef ROOFGAP_KERNELS_API_TRIAL_H_
#define ROOFGAP_KERNELS_API_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/variant.h"

namespace roofgap {

// For variants that choose among others in prepare, by trying them.

// Which of several prepared calls of `problem` (not empty) is the fastest here and now: the one with the shortest call
// of a few, each after an untimed one, on the same seeded random operands, taken in turn. About 0.1 s, or five turns
// where those take longer; whoever is far behind leaves after 20 ms of calls. A choice, not a measurement: near ties
// fall either way. The operands and all of the contenders' memory are allocated at once, and freed on return.
size_t Fastest(const Problem& problem, const Context& context, std::span<const Invocation> contenders);

// The fastest among the variants of the problem's op with these names that are registered and support it; "[name]" is
// added to its impl. Throws Error when there is none. To be called where the variants could be prepared: under the
// instruction set of the context.
Invocation PrepareFastestOf(std::span<const std::string_view> names, const Problem& problem, const Context& context);

// Whether PrepareFastestOf finds one, else the reason that the last of `names` gives.
Support SupportsAnyOf(std::span<const std::string_view> names, const Problem& problem, const Context& context);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_TRIAL_H_
