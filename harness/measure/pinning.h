#ifndef ROOFGAP_HARNESS_MEASURE_PINNING_H_
#define ROOFGAP_HARNESS_MEASURE_PINNING_H_

#include <vector>

namespace roofgap {

// CPUs that the calling thread may run on now, ascending.
std::vector<int> AllowedCpus();

// AllowedCpus() as it was at the first call. ReadHost() and PinTeam() call it before anything is pinned: what the whole
// process may run on, whatever its threads are pinned to.
const std::vector<int>& ProcessCpus();

// Throws Error when OpenMP gives fewer threads than asked (OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS; OMP_DYNAMIC, which
// is switched off for that).
void CheckTeam(int threads);

// Makes the OpenMP team of `threads` threads ready for measuring: omp_set_num_threads, thread i pinned to cpus[i],
// denormals off on each. Cheap enough for the start of every block (one parallel region); needed there because
// libgomp lets threads exit when a team shrinks. Returns false when the system refuses a pin (then nothing is pinned).
// Throws as CheckTeam() does.
bool PinTeam(int threads, const std::vector<int>& cpus);

// Lets every thread of the team run on all of `cpus` again, denormals as usual.
void UnpinTeam(int threads, const std::vector<int>& cpus);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_PINNING_H_
