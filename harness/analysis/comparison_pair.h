#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_

#include <cstdint>

#include "harness/analysis/comparison.h"
#include "harness/analysis/run_spread.h"

// One pair of comparison.h: its fields, and its test.

namespace roofgap {

// Two rows of one problem, variant and data type; one of them may be null.
struct RowPair {
  const Record* a = nullptr;
  const Record* b = nullptr;
  bool isa_counts = true;  // whether other ISAs are other rows
};

// What the test of a pair has to know of all pairs.
struct TestContext {
  int64_t pairs = 0;
  double correlation = 0;  // of neighbouring turns
  Spread runs = {};        // of the difference of the means of its runs; no freedom: unknown
};

// All but p-values and what follows from them. `reason` is empty for what can be compared.
Compared DescribePair(const RowPair& pair, const ComparedRun& a, const ComparedRun& b);

// The interval of the ratio and the p-value of a pair; without a value, `reason` says why there is none.
void TestPair(const RowPair& pair, const TestContext& context, Compared* row);

// What the machines' canaries and roofs tell of a pair: machine_ratio, machine_from, kernel_ratio, kernel_low,
// kernel_high (after its test).
void TellMachine(const RowPair& pair, const ComparedRun& a, const ComparedRun& b, Compared* row);

// The cause of a pair that differs, by those.
std::string FindCause(const Compared& row, double same_within);

// Whether the ratio is further from 1 than that.
bool Beyond(double ratio, double within);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPARISON_PAIR_H_
