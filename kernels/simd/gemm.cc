#include "kernels/simd/gemm.h"

#include <algorithm>

namespace roofgap {

void PackB(GemmIn w, int64_t n, int64_t k, int64_t nr, float* packed) {
  for (int64_t begin = 0; begin < n; begin += nr) {
    const int64_t columns = std::min(nr, n - begin);
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < columns; ++j) *packed++ = w.data[(begin + j) * w.pitch + i];
      for (int64_t j = columns; j < nr; ++j) *packed++ = 0;
    }
  }
}

void PackGroups(const float* w, int64_t g, int64_t n, int64_t k, int64_t nr, float* packed) {
  for (int64_t group = 0; group < g; ++group) {
    PackB({w + group * n * k, k}, n, k, nr, packed + group * PackedFloats(n, k, nr));
  }
}

}  // namespace roofgap
