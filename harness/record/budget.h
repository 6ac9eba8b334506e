#ifndef ROOFGAP_HARNESS_RECORD_BUDGET_H_
#define ROOFGAP_HARNESS_RECORD_BUDGET_H_

#include <string>

#include "harness/record/record.h"

namespace roofgap {

// What a deployment target has for an inference: its latency limit, and the range of memories and of powers that its
// devices have, least to most. Empty: the target sets no limit.
struct Budget {
  std::string target, description;
  Number latency_ns;
  Number memory_least_bytes, memory_most_bytes;
  Number power_least_w, power_most_w;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_BUDGET_H_
