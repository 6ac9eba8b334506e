#ifndef ROOFGAP_HARNESS_RUN_RUNNER_H_
#define ROOFGAP_HARNESS_RUN_RUNNER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/host.h"
#include "harness/measure/measure.h"
#include "harness/plan/expand.h"
#include "harness/record/record.h"
#include "harness/run/energy_pass.h"

namespace roofgap {

// What all rows of a run share.
struct RunContext {
  Host host;
  std::string run_id;
  std::vector<CoreKind> core_kinds;  // of the machine; without a probe "unknown"
  uint64_t seed = 1;
  const EnergyPass* energy = nullptr;  // its idle power is known; null: energy is left out
  // Polled while measuring with the fraction of the group that is done; true stops.
  std::function<bool(double)> interrupted;
  // Told of each case that was measured, in order.
  std::function<void(const Case&, const Measurement&)> observe;
  // Told of each row as soon as it could be final: a skipped or wrong one at once, a measured one when its own
  // measuring is over and that of others goes on, without its energy. What RunGroup returns in the end replaces it. Not
  // called for rows that are interrupted. May not throw.
  std::function<void(const Record&)> draft;
};

// The cases that are measured against each other, interleaved: one problem, data type and cache state. Cases arrive in
// this order from Expand(), so a group is a run of neighbours.
std::vector<std::span<const Case>> Groups(std::span<const Case> cases);

// case -> record, for the cases of one group: prepares every contender, verifies each against the one reference,
// measures those that are right, first their times, then their energy, and returns one record per case, in order; when
// interrupted, of those that are done.
std::vector<Record> RunGroup(std::span<const Case> group, const RunContext& context);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RUNNER_H_
