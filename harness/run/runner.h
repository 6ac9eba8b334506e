#ifndef ROOFGAP_HARNESS_RUN_RUNNER_H_
#define ROOFGAP_HARNESS_RUN_RUNNER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/host.h"
#include "harness/plan/expand.h"
#include "harness/record/record.h"
#include "harness/run/energy_pass.h"

namespace roofgap {

// What all rows of a run share.
struct RunContext {
  Host host;
  std::string run_id;
  std::string core_kind;  // of the cores that are used; "unknown" without a probe
  uint64_t seed = 1;
  const EnergyPass* energy = nullptr;  // its idle power is known
  // Polled while measuring with the fraction of the group that is done; true stops.
  std::function<bool(double)> interrupted;
  // Takes each row as soon as it is final. May not throw.
  std::function<void(const Record&)> write;
};

// The cases that are measured against each other, interleaved: one problem, data type and cache state. Cases arrive in
// this order from Expand(), so a group is a run of neighbours.
std::vector<std::span<const Case>> Groups(std::span<const Case> cases);

// case -> record, for the cases of one group: prepares every contender, verifies each against the one reference,
// measures those that are right, and writes one record per case, in the order in which they are done: skipped and wrong
// ones at once, a measured one when its own measuring ends, while others go on, or where sensors read, when its energy
// is measured, after the times of the whole group. When interrupted, what is not done has no row.
void RunGroup(std::span<const Case> group, const RunContext& context);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RUNNER_H_
