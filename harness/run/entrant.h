#ifndef ROOFGAP_HARNESS_RUN_ENTRANT_H_
#define ROOFGAP_HARNESS_RUN_ENTRANT_H_

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

#include "harness/plan/expand.h"
#include "harness/record/record.h"
#include "harness/run/operand_sets.h"

namespace roofgap {

// A case on its way to a record.
struct Entrant {
  const Case* asked = nullptr;
  Record record;
  bool live = false;     // prepared, and so far right
  bool done = false;     // its record is final
  bool drafted = false;  // its record was handed on
  Invocation invocation;
  double prepare_ns = 0;
  std::unique_ptr<ContenderMemory> memory;
};

// Ends the way of an entrant: its record gets this status and reason, its memory goes back.
void End(Entrant* entrant, std::string_view status, const std::string& reason);
void Skip(Entrant* entrant, const std::string& reason);

// What an exception means for a row.
std::string Reason(const std::exception& error);

// Adds to the warnings of a record.
void Warn(Record* record, const std::string& warning);

// Bytes that one call touches: packed weights stand in for the largest plain ones, from which they were made. Small
// constant operands beside them (biases, a depthwise filter) are read in place.
size_t CallBytes(const Case& asked, const Invocation& invocation);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_ENTRANT_H_
