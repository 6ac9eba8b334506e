#ifndef ROOFGAP_HARNESS_RUN_PARETO_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_PARETO_COMMAND_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/analysis/pareto.h"
#include "harness/analysis/price.h"

namespace roofgap {

struct ParetoOptions {
  std::filesystem::path run_dir;
  std::vector<std::string> dims = {"latency", "memory"};
  std::string match;  // a regular expression: only problems that it is found in; empty: all
  ParetoChoice choice;
  Price price;
  std::string csv;  // one more file; `-`: standard output, in place of the table; empty: none
};

// Finds the Pareto frontiers of a run directory: writes pareto.csv there, prints the table. Returns 1 when a row is
// wrong. Throws Error where there is no run, a dimension is none, no row has a value of it, no problem matches, or the
// ceilings are of another machine.
int ParetoCommand(const ParetoOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_PARETO_COMMAND_H_
