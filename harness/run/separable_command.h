#ifndef ROOFGAP_HARNESS_RUN_SEPARABLE_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_SEPARABLE_COMMAND_H_

#include <filesystem>
#include <string>

namespace roofgap {

struct SeparableOptions {
  std::filesystem::path run_dir;
  std::string csv;  // one more file for the pairs; `-`: standard output, in place of the table; empty: none
};

// Compares the separable convolutions of a run directory with the standard ones of their shapes: writes separable.csv
// there, prints the table and what it shows; without a pair it says so and removes the separable.csv of other rows.
// Returns 1 when a row of conv2d or dwsep is wrong. Throws Error where there is no run or the ceilings are of another
// machine.
int SeparableCommand(const SeparableOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_SEPARABLE_COMMAND_H_
