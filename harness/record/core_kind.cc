#include "harness/record/core_kind.h"

#include <algorithm>

namespace roofgap {
namespace {

std::string KindOfCpu(const std::vector<CoreKind>& kinds, int cpu) {
  for (const CoreKind& kind : kinds) {
    if (std::find(kind.cpus.begin(), kind.cpus.end(), cpu) != kind.cpus.end()) return kind.name;
  }
  return std::string(kUnknownCores);
}

}  // namespace

std::string CoreKindOf(const std::vector<CoreKind>& kinds, const std::vector<int>& cores, int threads) {
  std::string kind;
  for (int thread = 0; thread < threads && thread < static_cast<int>(cores.size()); ++thread) {
    const std::string name = KindOfCpu(kinds, cores[static_cast<size_t>(thread)]);
    if (!kind.empty() && kind != name) return std::string(kMixedCores);
    kind = name;
  }
  return kind.empty() ? std::string(kUnknownCores) : kind;
}

}  // namespace roofgap
