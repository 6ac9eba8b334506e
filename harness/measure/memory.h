#ifndef ROOFGAP_HARNESS_MEASURE_MEMORY_H_
#define ROOFGAP_HARNESS_MEASURE_MEMORY_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace roofgap {

// This process's resident memory as /proc/self tells it; nullopt: it does not.
struct ResidentMemory {
  std::optional<int64_t> now_bytes;   // VmRSS
  std::optional<int64_t> peak_bytes;  // VmHWM: the most since the process began, or since ResetResidentPeak()
};
ResidentMemory ReadResidentMemory(const std::filesystem::path& root = "/");

// Makes the peak what is resident now. False where the system refuses.
bool ResetResidentPeak(const std::filesystem::path& root = "/");

// By how much the most memory that is resident during `call` exceeds what was before it, in bytes: memory that it
// allocates and touches, whether it gives it back or not. nullopt, after calling all the same, where the system does
// not tell. The kernel counts in pages, and may have up to some hundred KiB for each thread not counted yet.
std::optional<int64_t> ResidentGrowth(const std::function<void()>& call, const std::filesystem::path& root = "/");

// What growth is too little to tell of a hidden allocation, for a call of `threads` threads that holds `bytes`: 1 MiB
// and 2 %, and for each thread what the kernel may not have counted yet (128 pages), or where the system gives huge
// pages unasked, one of them, which a thread's stack may take.
int64_t ResidentTolerance(int64_t bytes, int threads, bool huge_pages_always);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_MEMORY_H_
