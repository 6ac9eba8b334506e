#include "harness/run/entrant.h"

#include <algorithm>
#include <new>

namespace roofgap {

void End(Entrant* entrant, std::string_view status, const std::string& reason) {
  entrant->live = false;
  entrant->done = true;
  entrant->memory.reset();
  entrant->record.status = status;
  entrant->record.reason = reason;
}

void Skip(Entrant* entrant, const std::string& reason) { End(entrant, kSkipped, reason); }

std::string Reason(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? "out of memory" : error.what();
}

void Warn(Record* record, const std::string& warning) {
  record->warnings += (record->warnings.empty() ? "" : "; ") + warning;
}

size_t CallBytes(const Case& asked, const Invocation& invocation) {
  size_t bytes = invocation.packed_bytes;
  size_t largest_weight = 0;
  for (const Operand& operand : Operands(asked.problem)) {
    bytes += operand.bytes(asked.dtype);
    if (operand.role == Role::kWeight) largest_weight = std::max(largest_weight, operand.bytes(asked.dtype));
  }
  return invocation.packed_bytes == 0 ? bytes : bytes - largest_weight;
}

}  // namespace roofgap
