#ifndef ROOFGAP_HARNESS_RECORD_CORE_KIND_H_
#define ROOFGAP_HARNESS_RECORD_CORE_KIND_H_

#include <string>
#include <vector>

#include "harness/record/record.h"

namespace roofgap {

inline constexpr std::string_view kMixedCores = "mixed";
inline constexpr std::string_view kUnknownCores = "unknown";

// Name of the kind that the first `threads` of `cores` are of: the CPUs that a team is pinned to. "mixed" when they
// differ, "unknown" for CPUs that no kind has.
std::string CoreKindOf(const std::vector<CoreKind>& kinds, const std::vector<int>& cores, int threads);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_CORE_KIND_H_
