#ifndef ROOFGAP_HARNESS_PLAN_REQUEST_H_
#define ROOFGAP_HARNESS_PLAN_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roofgap {

// A thread count as it is asked for: a number, or "all", which means what there is.
inline constexpr int kAllThreads = 0;

// The axes of a run, as a person writes them on the command line or in a suite. An empty list takes the default that
// stands beside it.
struct Axes {
  std::vector<std::string> variants;  // every variant that applies, but `reference` only when named
  std::vector<int> threads;           // {1, all}
  std::vector<std::string> isas;      // {the best that runs here}
  std::vector<std::string> dtypes;    // {f32}
  std::vector<std::string> caches;    // {warm}
  std::optional<double> budget_s;     // 1: measuring time per row, at most
};

// One problem with its axes; `where` says where it was written, "suite.json /cases/3", for messages.
struct RequestedProblem {
  std::string label;
  std::string problem;
  std::string where;
  Axes axes;
};

// What is to be run.
struct Request {
  std::string name;  // of the suite; "adhoc" for problems from the command line
  std::vector<RequestedProblem> problems;
  uint64_t seed = 1;
};

// The lists of `over` replace those of `base` where they are not empty.
Axes Override(Axes base, const Axes& over);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_REQUEST_H_
