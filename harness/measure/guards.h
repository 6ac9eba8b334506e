#ifndef ROOFGAP_HARNESS_MEASURE_GUARDS_H_
#define ROOFGAP_HARNESS_MEASURE_GUARDS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace roofgap {

// What took time away from the measured threads, as far as the system tells.

// Whether so much lost time changes a time of `ns` by more than 1 %.
bool Matters(double lost_ns, double ns);

// Time that the hypervisor gave to others on `cpus` so far, in ns, in steps of the kernel's tick (10 ms). 0 always
// where nothing is told. About 50 us.
int64_t StolenNs(const std::vector<int>& cpus);
int64_t StolenNs(std::string_view proc_stat, const std::vector<int>& cpus, int64_t ticks_per_second);

// Watches this process's threads being pushed aside by other programs.
class PreemptionWatch {
 public:
  PreemptionWatch();

  // Time that threads of the process were ready to run and did not, in ns, since the last call or the beginning.
  // 0 when none was switched out against its will: asking that takes 1 us, the time itself 10 us more for each thread.
  // Where the kernel does not keep the time, each switch counts as kSwitchNs.
  double LostNs();

  static constexpr double kSwitchNs = 100e3;

 private:
  int64_t switches_;
  std::optional<int64_t> waited_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_GUARDS_H_
