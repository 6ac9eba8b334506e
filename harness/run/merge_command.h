#ifndef ROOFGAP_HARNESS_RUN_MERGE_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_MERGE_COMMAND_H_

#include <filesystem>
#include <string>
#include <vector>

namespace roofgap {

struct MergeOptions {
  std::vector<std::filesystem::path> dirs;  // run directories, or folders with some anywhere below
  std::string csv;                          // the table; `-`: standard output
};

// Joins runs of any number of machines into one table, and prints what each machine gave to it. Returns 1 when a row is
// wrong. Throws Error where a folder holds no run, a run is given twice, or its machine.json or ceilings.csv are of
// another machine.
int MergeCommand(const MergeOptions& options);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_MERGE_COMMAND_H_
