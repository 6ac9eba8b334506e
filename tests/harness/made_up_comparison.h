#ifndef ROOFGAP_TESTS_HARNESS_MADE_UP_COMPARISON_H_
#define ROOFGAP_TESTS_HARNESS_MADE_UP_COMPARISON_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/analysis/comparison.h"
#include "tests/harness/made_up_ceilings.h"

// Rows with turns, and runs of them.

namespace roofgap {

// Turns that spread by 1 % about the median; neighbours are not alike.
inline std::vector<double> Turns(double median_ns, int count) {
  std::vector<double> turns;
  for (int i = 0; i < count; ++i) {
    const int rank = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
    turns.push_back(median_ns * (1 + 0.01 * (rank - (count - 1) / 2.0) / count));
  }
  return turns;
}

inline Record Timed(const std::string& problem, double median_ns, int turns = 10) {
  Record row = MadeUpRow(9000, 100);
  row.problem = problem;
  row.median_ns = median_ns;
  row.ci_low_ns = 0.995 * median_ns;
  row.ci_high_ns = 1.005 * median_ns;
  row.turns_ns = Turns(median_ns, turns);
  return row;
}

inline Record Canary(Record row, double ns) {
  row.canary_ns = ns;
  return row;
}

inline Record OnMachine(Record row, const std::string& machine) {
  row.machine_id = machine;
  return row;
}

inline ComparedRun MadeRun(const std::string& name, const std::vector<Record>& rows) {
  return {.name = name, .rows = rows, .ceilings = {}};
}

inline std::vector<Compared> Compare(const std::vector<Record>& a, const std::vector<Record>& b) {
  return CompareRuns(std::vector{MadeRun("old", a), MadeRun("new", b)});
}

inline Compared CompareOne(const Record& a, const Record& b) {
  const std::vector<Compared> rows = Compare({a}, {b});
  EXPECT_EQ(rows.size(), 1u);
  return rows.at(0);
}

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_HARNESS_MADE_UP_COMPARISON_H_
