#ifndef ROOFGAP_HARNESS_RUN_COMPARE_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_COMPARE_COMMAND_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/comparison.h"

namespace roofgap {

struct CompareOptions {
  // The sides, the first of them the baseline: a run directory or a file of Google Benchmark's JSON each, or several
  // runs of one build, separated by commas. What exists under its whole name is one run, so that a name may hold
  // commas.
  std::vector<std::string> runs;
  std::vector<std::string> unchanged;  // variants whose code is the same on all sides
  std::optional<double> fail_over;     // as a fraction: a regression beyond it makes the exit code 1
  double same_within = kSameWithin;
  std::string csv, json;  // a file each; `-`: standard output, in place of the table; empty: none
};

// Compares each run behind the first with the first: prints what differs in the runs, a line for each pair, their
// roofs, the means per op and what regressed; writes CSV and JSON. Returns 1 when a row of any run is wrong, or one of
// any pair of runs regressed beyond fail_over. Throws Error where a run cannot be read or has no rows.
int CompareCommand(const CompareOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_COMPARE_COMMAND_H_
