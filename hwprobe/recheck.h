#ifndef ROOFGAP_HWPROBE_RECHECK_H_
#define ROOFGAP_HWPROBE_RECHECK_H_

#include <filesystem>

#include "hwprobe/probe.h"

namespace roofgap {

// Measures again the roofs that the run in `run_dir` relies on: for each thread count in its measurements, `fma` of
// each instruction set used there, and the fastest pattern of each level, at the size where the run's ceilings.csv has
// it. Returns them as rows like those; compared with them they tell how far the machine drifted during the run.
// Throws Error when the directory holds no run, no ceilings or another machine's, or cannot be written.
Ceilings Recheck(const std::filesystem::path& run_dir, const Host& host, const Topology& topology, const Effort& effort,
                 const Watch& watch);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_RECHECK_H_
