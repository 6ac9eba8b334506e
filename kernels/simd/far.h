#ifndef ROOFGAP_KERNELS_SIMD_FAR_H_
#define ROOFGAP_KERNELS_SIMD_FAR_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "kernels/api/parallel.h"

namespace roofgap {

// Whether `floats` from `from` on lie farther away than the last-level cache: by the time of three loads at once. With
// the clock they take 30 to 70 ns from caches, 300 to 700 from memory with page tables. Where they go is drawn from the
// clock, at multiples of `step`: places at a fixed distance from those of the calls before are what a prefetcher
// expects. Ask about what the asking thread itself reads: what is in another core's caches seems far too, so that a
// warm c184ih14kh3ph1 took 6.5 us on two threads, not 3.4.
inline bool IsFar(const float* from, int64_t floats, int64_t step = 1) {
  constexpr uint64_t kLoads = 3;
  constexpr auto kLimit = std::chrono::nanoseconds(200);
  constexpr int64_t kFewest = 4096;  // or not worth asking
  if (floats < kFewest || floats / step < static_cast<int64_t>(kLoads)) return false;
  const uint64_t part = static_cast<uint64_t>(floats / step) / kLoads;
  const auto start = std::chrono::steady_clock::now();
  const uint64_t drawn = static_cast<uint64_t>(start.time_since_epoch().count()) * 0x9E3779B97F4A7C15u;
  const volatile float* const at = from + (drawn >> 32) % part * static_cast<uint64_t>(step);
  for (uint64_t i = 0; i < kLoads; ++i) static_cast<void>(at[i * part * static_cast<uint64_t>(step)]);
  return std::chrono::steady_clock::now() - start > kLimit;
}

// What is touched in address order.
struct Extent {
  const float* from = nullptr;
  int64_t floats = 0;
};

// Loads one byte of each cache line, of both in turn: two streams are 5 to 14 % faster than one after the other, four
// half as fast. Prefetches would not do: of 6272 lines about half are dropped.
inline void Touch(Extent one, Extent other = {}) {
  constexpr int64_t kLine = 64 / sizeof(float);
  const auto both = std::min(one.floats, other.floats);
  const auto touch = [](const float* at) { static_cast<void>(*reinterpret_cast<const volatile char*>(at)); };
  int64_t at = 0;
  for (; at < both; at += kLine) {
    touch(one.from + at);
    touch(other.from + at);
  }
  for (int64_t i = at; i < one.floats; i += kLine) touch(one.from + i);
  for (int64_t i = at; i < other.floats; i += kLine) touch(other.from + i);
}

// `channels` of some pixels of c channels each.
inline void TouchPixels(const float* from, int64_t pixels, int64_t c, Range channels) {
  if (channels.end - channels.begin == c) return Touch({from, pixels * c});
  for (int64_t i = 0; i < pixels; ++i) Touch({from + i * c + channels.begin, channels.end - channels.begin});
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_FAR_H_
