#ifndef ROOFGAP_HARNESS_RUN_GAP_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_GAP_COMMAND_H_

#include <filesystem>
#include <string>

#include "harness/analysis/price.h"

namespace roofgap {

struct GapOptions {
  std::filesystem::path run_dir;
  Price price;
  std::string csv, json;  // one more file each; `-`: standard output, in place of the table; empty: none
};

// Joins the measurements of a run directory with its ceilings: writes gap.csv and predictors.csv, prints the table and
// the findings; of attention over the sequence length with files of their own (attention_findings.h). Returns 1 when a
// row is wrong or above its hard roof. Throws Error, before anything is written or printed, where there is no run, no
// ceilings (saying what to run), ceilings of another machine, or a problem that cannot be read.
int GapCommand(const GapOptions& options);

// Prints the documentation of all columns, results/README.md.
int ColumnsCommand();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_GAP_COMMAND_H_
