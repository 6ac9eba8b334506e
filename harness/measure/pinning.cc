#include "harness/measure/pinning.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

// Flush-to-zero and denormals-are-zero: a denormal operand costs over a hundred cycles on some cores, so that random
// data would decide the time.
void SetDenormals(bool on) {
#if defined(__SSE__)
  constexpr unsigned kFlush = 0x8040;
  _mm_setcsr(on ? _mm_getcsr() & ~kFlush : _mm_getcsr() | kFlush);
#elif defined(__aarch64__)
  constexpr uint64_t kFlush = 1u << 24;
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  fpcr = on ? fpcr & ~kFlush : fpcr | kFlush;
  asm volatile("msr fpcr, %0" ::"r"(fpcr));
#else
  static_cast<void>(on);
#endif
}

bool SetAffinity(const int* cpus, size_t count) {
  int most = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, cpus[i]);
  cpu_set_t* set = CPU_ALLOC(most + 1);
  const size_t bytes = CPU_ALLOC_SIZE(most + 1);
  CPU_ZERO_S(bytes, set);
  for (size_t i = 0; i < count; ++i) CPU_SET_S(cpus[i], bytes, set);
  const bool done = sched_setaffinity(0, bytes, set) == 0;
  CPU_FREE(set);
  return done;
}

// A team that is too small runs all the bodies nevertheless, one after the other: nothing else would tell.
void RefuseSmaller(int team, int threads) {
  if (threads == 1 || team == threads) return;
  throw Error("OpenMP gives " + std::to_string(team) + " of " + std::to_string(threads) +
              " threads: unset OMP_THREAD_LIMIT and OMP_MAX_ACTIVE_LEVELS in the environment");
}

}  // namespace

std::vector<int> AllowedCpus() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(size);
    const size_t bytes = CPU_ALLOC_SIZE(size);
    CPU_ZERO_S(bytes, set);
    const bool done = sched_getaffinity(0, bytes, set) == 0;
    std::vector<int> cpus;
    for (int cpu = 0; done && cpu < size; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (done) return cpus;
  }
  return {};
}

const std::vector<int>& ProcessCpus() {
  static const std::vector<int> cpus = AllowedCpus();
  return cpus;
}

void CheckTeam(int threads) {
  omp_set_dynamic(0);
  std::atomic<int> team = 1;
  Parallel(threads, [&](int) { team = omp_get_num_threads(); });
  RefuseSmaller(team, threads);
}

bool PinTeam(int threads, const std::vector<int>& cpus) {
  ProcessCpus();
  omp_set_dynamic(0);
  omp_set_num_threads(threads);
  std::atomic<bool> pinned = static_cast<size_t>(threads) <= cpus.size();
  std::atomic<int> team = 1;
  const bool try_pin = pinned;
  SetDenormals(false);  // here too: LLVM's OpenMP gives every team the state that the caller has at its start
  Parallel(threads, [&](int thread) {
    team = omp_get_num_threads();
    SetDenormals(false);
    if (try_pin && !SetAffinity(&cpus[static_cast<size_t>(thread)], 1)) pinned = false;
  });
  if (try_pin && !pinned) {
    Parallel(threads, [&](int) { SetAffinity(cpus.data(), cpus.size()); });
  }
  RefuseSmaller(team, threads);
  return pinned;
}

void UnpinTeam(int threads, const std::vector<int>& cpus) {
  SetDenormals(true);
  Parallel(threads, [&](int) {
    SetDenormals(true);
    if (!cpus.empty()) SetAffinity(cpus.data(), cpus.size());
  });
}

}  // namespace roofgap
