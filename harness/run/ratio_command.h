#ifndef ROOFGAP_HARNESS_RUN_RATIO_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_RATIO_COMMAND_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/analysis/ratio.h"

namespace roofgap {

struct RatioOptions {
  std::filesystem::path run_dir;
  Sides sides;
  std::vector<std::string> classes;  // REGEX, or LABEL=REGEX: the label ends at the first `=`
  double limit = 0.95;
  std::string csv;  // a file; `-`: standard output, in place of the table; empty: none
};

// Compares the variants of two sides within a run directory: prints the table and its summary, writes the CSV.
// Returns 1 when a row of either side is wrong. Throws Error where there is no run, a variant is not in it, a pattern
// is no regular expression, no pair is found, or the ceilings are of another machine.
int RatioCommand(const RatioOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_RATIO_COMMAND_H_
