#include "harness/measure/cold.h"

#include <algorithm>

namespace roofgap {

ColdSets ChooseColdSets(int64_t set_bytes, int64_t cache_bytes) {
  const int64_t cache = cache_bytes > 0 ? cache_bytes : int64_t{32} << 20;
  if (set_bytes <= 0) return {1, false};
  const int64_t sets = std::clamp<int64_t>(kColdFactor * cache / set_bytes + 1, 2, kMostColdSets);
  return {static_cast<int>(sets), sets * set_bytes > 2 * cache};
}

}  // namespace roofgap
