#ifndef ROOFGAP_HARNESS_RUN_RUN_CEILINGS_H_
#define ROOFGAP_HARNESS_RUN_RUN_CEILINGS_H_

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "harness/record/record.h"

namespace roofgap {

// The roofs of a run directory: those it was measured under, and what `hwprobe --recheck` measured after it (nothing,
// where that was not asked for).
struct RunCeilings {
  Ceilings begin, end;
};

// Nothing where the run has no ceilings.csv. Throws Error for a file that cannot be read, or is of another machine than
// the records of the run.
std::optional<RunCeilings> ReadRunCeilings(const std::filesystem::path& run_dir, std::span<const Record> records);

// "DIR/ceilings.csv: not there; run ...": what to do about it.
std::string NoCeilings(const std::filesystem::path& run_dir);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RUN_CEILINGS_H_
