#ifndef ROOFGAP_HARNESS_RECORD_PROVENANCE_H_
#define ROOFGAP_HARNESS_RECORD_PROVENANCE_H_

#include <string>

namespace roofgap {

// The time of day, "2026-01-31T12:00:00Z".
std::string UtcNow();

// What compiled the program, "gcc 12.2".
std::string Compiler();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_PROVENANCE_H_
