#include "harness/run/fit.h"

#include <algorithm>
#include <limits>

#include "harness/measure/cold.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

std::string Gib(double bytes) { return Format("%.2f GiB", bytes / (1 << 30)); }

// Bytes; without end where the system does not tell.
double Available(const Host& host) {
  return host.available_bytes ? static_cast<double>(*host.available_bytes) : std::numeric_limits<double>::infinity();
}

}  // namespace

std::string WhyOperandsDoNotFit(const Case& asked, const Host& host) {
  const auto operands = static_cast<double>(OperandBytes(asked.problem, asked.dtype));
  const double available = Available(host);
  if (operands <= available) return "";
  return "needs " + Gib(operands) + " for its operands, " + Gib(available) + " are available";
}

int SetsNeeded(std::vector<Entrant>* entrants, const Host& host) {
  int sets = 1;
  for (Entrant& entrant : *entrants) {
    if (!entrant.live || !entrant.asked->cold) continue;
    const auto bytes = static_cast<int64_t>(CallBytes(*entrant.asked, entrant.invocation));
    const ColdSets needed = ChooseColdSets(bytes, host.last_level_cache_bytes(entrant.asked->threads));
    if (!needed.cold) {
      Skip(&entrant,
           "cannot be made cold: " + std::to_string(needed.sets) + " sets of its operands fit into the caches");
    } else {
      sets = std::max(sets, needed.sets);
    }
  }
  return sets;
}

void SkipWhatDoesNotFit(std::vector<Entrant>* entrants, int sets, const Host& host) {
  const Case& first = *entrants->front().asked;
  const double available = Available(host);
  const double operands = static_cast<double>(OperandBytes(first.problem, first.dtype)) * sets;
  const auto own = [sets](const Entrant* entrant) {
    const Invocation& invocation = entrant->invocation;
    return (static_cast<double>(invocation.packed_bytes) + static_cast<double>(invocation.workspace_bytes)) * sets;
  };
  std::vector<Entrant*> live;
  for (Entrant& entrant : *entrants) {
    if (entrant.live) live.push_back(&entrant);
  }
  std::stable_sort(live.begin(), live.end(), [&](const Entrant* a, const Entrant* b) { return own(a) < own(b); });
  double total = operands;
  for (Entrant* entrant : live) {
    if (total + own(entrant) > available) {
      Skip(entrant, "needs " + Gib(own(entrant)) + " beside " + Gib(total) + " of operands and other contenders; " +
                        Gib(available) + " are available");
    } else {
      total += own(entrant);
    }
  }
}

}  // namespace roofgap
