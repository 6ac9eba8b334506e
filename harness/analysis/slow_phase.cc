#include "harness/analysis/slow_phase.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

namespace roofgap {
namespace {

// Canaries read memory beside cold rows and beside rows larger than the caches. Where the caches are so large that what
// they read need not have come from memory (from 128 MiB on), canary_bytes does not say so.
bool CanaryComputed(const Record& row) {
  constexpr double kCaches = 128 << 20;
  return row.canary_ns && *row.canary_ns > 0 && !row.canary_bytes && row.cache != "cold" &&
         row.peak_bytes.value_or(0) <= kCaches;
}

}  // namespace

std::vector<Number> Slowdowns(std::span<const Record> records) {
  using Team = std::tuple<std::string_view, std::string_view, int>;
  std::map<Team, double> least;
  const auto team = [](const Record& row) { return Team(row.machine_id, row.core_kind, row.threads); };
  for (const Record& row : records) {
    if (!CanaryComputed(row)) continue;
    double& ns = least.try_emplace(team(row), *row.canary_ns).first->second;
    ns = std::min(ns, *row.canary_ns);
  }
  std::vector<Number> slowdowns;
  for (const Record& row : records) {
    slowdowns.push_back(CanaryComputed(row) ? Number(*row.canary_ns / least.at(team(row))) : Number());
  }
  return slowdowns;
}

}  // namespace roofgap
