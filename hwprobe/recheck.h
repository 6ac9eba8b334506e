#ifndef ROOFGAP_HWPROBE_RECHECK_H_
#define ROOFGAP_HWPROBE_RECHECK_H_

#include <filesystem>
#include <string>
#include <vector>

#include "hwprobe/probe.h"

namespace roofgap {

struct RecheckResult {
  Ceilings ceilings;
  std::vector<std::string> notes;
};

// Measures again the roofs that the run in `run_dir` relies on: for each thread count in its measurements, `fma` of
// each instruction set used there, and of each level and instruction set the fastest pattern, at the size where the
// run's ceilings.csv has it. Returns them as rows like those; compared with them they tell how far the machine drifted
// during the run. `notes`: what could not be measured again or has nothing to be compared with, a line each. Throws
// Error when the directory holds no run, no ceilings or another machine's, or cannot be written.
RecheckResult Recheck(const std::filesystem::path& run_dir, const Host& host, const Topology& topology,
                      const Effort& effort, const Watch& watch);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_RECHECK_H_
