#ifndef ROOFGAP_HARNESS_MEASURE_GUARDS_H_
#define ROOFGAP_HARNESS_MEASURE_GUARDS_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace roofgap {

// What took time away from the measured threads, as far as the system tells.

// Involuntary context switches of the whole process so far. About 1 us; 0 always where the system does not count.
int64_t InvoluntarySwitches();

// Time that the hypervisor gave to others on `cpus` so far, in ns, in steps of the kernel's tick (10 ms). 0 always
// where nothing is told. About 50 us.
int64_t StolenNs(const std::vector<int>& cpus);
int64_t StolenNs(std::string_view proc_stat, const std::vector<int>& cpus, int64_t ticks_per_second);

// Whether so many switches may have changed a time of `ns` by more than 1 %, at kSwitchNs each. An idle virtual
// machine switches 6 to 28 times a second: a sample of a second is not dropped for that, one of a millisecond is.
bool SwitchesMatter(int64_t switches, double ns);
inline constexpr double kSwitchNs = 100e3;

// Whether so much stolen time is more than 1 % of what `cpus` processors had in `ns`.
bool StealMatters(int64_t stolen_ns, double ns, int cpus);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_GUARDS_H_
