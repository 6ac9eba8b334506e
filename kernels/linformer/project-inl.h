// The projections of Linformer by the shared register tile. Included once per Highway target.

#if defined(ROOFGAP_KERNELS_LINFORMER_PROJECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_LINFORMER_PROJECT_INL_H_
#undef ROOFGAP_KERNELS_LINFORMER_PROJECT_INL_H_
#else
#define ROOFGAP_KERNELS_LINFORMER_PROJECT_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/api/operands.h"
#include "kernels/api/parallel.h"
#include "kernels/linformer/linformer.h"
#include "kernels/linformer/project.h"
#include "kernels/simd/gemm_tile-inl.h"
#include "kernels/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {

// The share of `thread` of all rows of all projections: K, then V, of each KV head in turn. `packed` is scratch of
// Projections::packed_floats().
inline void ProjectShare(const Linformer& p, const Projections& projections, const Args& args, float* projected,
                         float* packed, int threads, int thread) {
  const Range share = Share(2 * p.b * p.kvh * p.k, threads, thread);
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t matrix = row / p.k;
    const int64_t end = std::min(share.end, (matrix + 1) * p.k);
    const bool values = matrix % 2 == 1;
    const int64_t first = row - matrix * p.k;
    const float* const weights = args.at<const float>(values ? Linformer::kF : Linformer::kE) + first * p.t;
    const float* const from = args.at<const float>(values ? Linformer::kV : Linformer::kK) + matrix / 2 * p.t * p.d;
    float* const to = projected + projections.At(matrix) + first * p.d;
    for (int64_t key = 0; key < p.t; key += kProjectedAtOnce) {
      const int64_t keys = std::min(kProjectedAtOnce, p.t - key);
      const GemmIn rows = {from + key * p.d, p.d};
      if (projections.packs()) PackRows(rows, p.d, keys, kGemmNR, packed);
      Gemm({weights + key, p.t}, projections.packs() ? PackedB(packed, keys, kGemmNR) : RowMajorB(rows, kGemmNR),
           {to, p.d}, end - row, p.d, keys, {.accumulate = key > 0});
    }
    row = end;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
