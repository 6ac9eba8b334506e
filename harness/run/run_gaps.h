#ifndef ROOFGAP_HARNESS_RUN_RUN_GAPS_H_
#define ROOFGAP_HARNESS_RUN_RUN_GAPS_H_

#include <filesystem>
#include <optional>
#include <vector>

#include "harness/analysis/gap.h"
#include "harness/analysis/price.h"
#include "harness/run/run_ceilings.h"

namespace roofgap {

// What a run directory holds, joined: a gap for each record, in the same order, with its price. Without ceilings the
// gaps have no roofs.
struct RunGaps {
  std::vector<Record> records;
  std::optional<RunCeilings> ceilings;
  std::vector<Gap> gaps;
};

// Throws Error where there is no run, a file is broken, the ceilings are of another machine, or the price is not one.
RunGaps ReadRunGaps(const std::filesystem::path& run_dir, const Price& price);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RUN_GAPS_H_
