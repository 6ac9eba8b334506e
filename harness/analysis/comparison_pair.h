#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_

#include <cstdint>

#include "harness/analysis/comparison.h"

// One pair of comparison.h: its fields, and its test.

namespace roofgap {

// Two rows of one problem, variant and data type; one of them may be null.
struct RowPair {
  const Record* a = nullptr;
  const Record* b = nullptr;
  bool isa_counts = true;  // whether other ISAs are other rows
};

// All but p-values and what follows from them. `reason` is empty for what can be compared.
Compared DescribePair(const RowPair& pair, const ComparedRun& a, const ComparedRun& b);

// The interval of the ratio and the p-value of a pair among so many; without a value, `reason` says why there is none.
void TestPair(const RowPair& pair, int64_t pairs, Compared* row);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_
