#ifndef ROOFGAP_HARNESS_ANALYSIS_RUN_SPREAD_H_
#define ROOFGAP_HARNESS_ANALYSIS_RUN_SPREAD_H_

#include <cstddef>
#include <vector>

// By how much runs of one build differ, and what that leaves of a difference between two builds. Pure.

namespace roofgap {

// A variance and the degrees of freedom it is known by.
struct Spread {
  double variance = 0, freedom = 0;
};

// The logarithms of a row's medians in the runs of one build, one group for each build.
using RunGroups = std::vector<std::vector<double>>;

// A row's median in one run is what the build would give, plus what the run does to all rows, plus what it does to this
// one:
//
//   shared  variance of the former, from the means of the runs over all rows: it is known by as few degrees of freedom
//   as
//           there are runs
//   usual   variance of the latter. Rows differ in it (what stays in registers does not notice neighbours), and a few
//           runs cannot tell a row's own. It is taken for drawn about the usual one, from a scaled inverse chi-squared
//           distribution of `usual.freedom` that is fitted to all rows, and a row's is the mean of that and its own,
//           weighted by their degrees of freedom (Smyth, Statistical Applications in Genetics and Molecular Biology 3,
//           2004).
struct RunSpread {
  Spread shared, usual;
  std::vector<Spread> own;  // of each row: of its runs about their groups' means, without what the runs do to all rows
};

// Rows of the same builds, each group in the order of its runs; rows that lack a run do not tell what is shared. Of
// fewer than four complete rows nothing is: each row has its own variance alone.
RunSpread FindRunSpread(const std::vector<RunGroups>& rows);

// Of the difference of the means of `runs_a` and `runs_b` runs of row i: shared and own parts together, their degrees
// of freedom by Satterthwaite. Of no freedom where nothing tells.
Spread DifferenceSpread(const RunSpread& spread, size_t i, double runs_a, double runs_b);

// The value that |T| exceeds with a probability of 5 %, for Student's t.
double StudentQuantile(double freedom);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_RUN_SPREAD_H_
