#ifndef ROOFGAP_HARNESS_RUN_LIST_COMMAND_H_
#define ROOFGAP_HARNESS_RUN_LIST_COMMAND_H_

#include <string>

namespace roofgap {

// Prints the ops, or the one named: the keys of its grammar with their defaults, its variants with their summaries;
// then the instruction sets and thread counts of this machine. Throws Error for an unknown op.
int ListCommand(const std::string& op);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_LIST_COMMAND_H_
