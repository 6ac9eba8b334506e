#ifndef ROOFGAP_HARNESS_RUN_FIT_H_
#define ROOFGAP_HARNESS_RUN_FIT_H_

#include <vector>

#include "harness/measure/host.h"
#include "harness/run/entrant.h"

// What fits: the operands of a group and what its contenders add into the memory that is available, and a cold call's
// operands not into the caches.

namespace roofgap {

// Why the operands of the case alone are too much for the memory that is available; empty: they are not.
std::string WhyOperandsDoNotFit(const Case& asked, const Host& host);

// How often the operands are laid out: once for warm runs; for cold ones as often as the contender that touches least
// needs to find none of them in a cache. Skips those that cannot be made cold.
int SetsNeeded(std::vector<Entrant>* entrants, const Host& host);

// Skips, from the greediest on, what does not fit into the memory that is available.
void SkipWhatDoesNotFit(std::vector<Entrant>* entrants, int sets, const Host& host);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_FIT_H_
