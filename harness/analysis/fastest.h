#ifndef ROOFGAP_HARNESS_ANALYSIS_FASTEST_H_
#define ROOFGAP_HARNESS_ANALYSIS_FASTEST_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/analysis/gap.h"
#include "harness/record/record.h"

// What comparisons of rows within a run share.

namespace roofgap {

// One side of a comparison: of the rows that were added the one with the least median, and what is said of those
// without a time.
struct Fastest {
  const Record* record = nullptr;  // null: no row has a time
  const Gap* gap = nullptr;        // of that row
  std::string untimed;             // "direct wrong: REASON; ..."
  bool wrong = false;              // one of those is wrong

  void Add(const Record& row, const Gap& of_row);
};

// "direct unstable: REASON".
std::string Explain(const Record& record);

// Adds to a list separated by "; ".
void AppendClause(std::string& list, std::string_view clause);

// Empty unless both are there and above 0.
Number Quotient(const Number& a, const Number& b);

// Of the values above 0; empty without any.
class GeometricMean {
 public:
  void Add(const Number& value);
  Number value() const;

 private:
  double logs_ = 0;
  int64_t count_ = 0;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_FASTEST_H_
