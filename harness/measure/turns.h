#ifndef ROOFGAP_HARNESS_MEASURE_TURNS_H_
#define ROOFGAP_HARNESS_MEASURE_TURNS_H_

#include <cstdint>
#include <vector>

#include "harness/measure/measure.h"
#include "harness/measure/statistics.h"

namespace roofgap {

// One turn of a contender, as it was taken.
struct TakenTurn {
  int64_t round = 0;
  double canary_ns = 0;  // the slower of before and after
  bool stolen = false;   // the hypervisor took time that matters
  std::vector<double> samples_ns;
};

// The turns of one contender, and which of them count. Pure. Judged anew at every look, because what is usual for the
// canary is known better the longer the group has run; what was taken in a slow phase is not kept because it came
// first.
class Turns {
 public:
  explicit Turns(double canary_tolerance) : canary_tolerance_(canary_tolerance) {}

  void Add(TakenTurn turn) { turns_.push_back(std::move(turn)); }
  void PutAside(double sample_ns) { preempted_.push_back(sample_ns); }

  struct Verdict {
    std::vector<double> samples_ns;  // those that count
    std::vector<TurnSummary> turns;  // undisturbed ones
    Statistics statistics;           // without an interval when disturbed samples had to be counted
    double discarded = 0;            // fraction of all samples
    double canary_ns = 0;            // median over the turns that count; 0: there are none
    int64_t off = 0, stolen = 0;     // turns put aside
    bool disturbed_counted = false;  // fewer than kFewest others
  };
  Verdict Judge() const;

  int64_t taken() const { return static_cast<int64_t>(turns_.size()); }
  int64_t preempted() const { return static_cast<int64_t>(preempted_.size()); }

  static constexpr int64_t kFewest = 3;

 private:
  double canary_tolerance_;
  std::vector<TakenTurn> turns_;
  std::vector<double> preempted_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_TURNS_H_
