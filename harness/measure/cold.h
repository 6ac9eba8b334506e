#ifndef ROOFGAP_HARNESS_MEASURE_COLD_H_
#define ROOFGAP_HARNESS_MEASURE_COLD_H_

#include <cstdint>

namespace roofgap {

// A call is cold when it finds none of its operands in a cache. It is made so by rotating through so many sets of
// operands that all of them together exceed the last-level cache kColdFactor times. Twice would do for a cache that
// drops what was used longest ago. Those of servers do not: of 74 MB beside 32 MiB of L3 (Zen 5) a call still found
// part, and ran at 96 GB/s where DRAM gives 55. With random replacement e^-2 = 13 % stay, of eight times 0.03 %.
struct ColdSets {
  int sets = 1;
  bool cold = true;  // false: kMostColdSets sets are not even twice the cache, and part of each may still be cached
};

inline constexpr int64_t kColdFactor = 8;

inline constexpr int kMostColdSets = 1024;  // each set is up to eight mappings, of which a process has 65530

// `set_bytes`: operands and packed weights of one set. `cache_bytes`: last-level cache that the threads in use can
// reach; 0, unknown, counts as 32 MiB. At least 2 sets, because the end of a set stays cached until its next use.
ColdSets ChooseColdSets(int64_t set_bytes, int64_t cache_bytes);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_COLD_H_
