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

// The share of `thread` of all rows of all projections. `packed_values`: Projections::packed_values floats.
inline void ProjectShare(const Linformer& p, const Projections& projections, const Args& args, float* projected,
                         float* packed_values, int threads, int thread) {
  const Range share = Share(projections.matrices * p.k, threads, thread);
  for (int64_t row = share.begin; row < share.end;) {
    const int64_t matrix = row / p.k;
    const int64_t end = std::min(share.end, (matrix + 1) * p.k);
    const int64_t first = row - matrix * p.k;
    const float* weights = reinterpret_cast<const float*>(args.packed) + matrix % 2 * projections.of_weights +
                           first * projections.weight_pitch;
    const float* from = args.at<const float>(matrix % 2 == 0 ? Linformer::kK : Linformer::kV) + matrix / 2 * p.t * p.d;
    const GemmOut to = {projected + matrix * projections.of_matrix + first * p.d, p.d};
    for (int64_t key = 0; key < p.t; key += projections.keys) {
      const int64_t keys = std::min(projections.keys, p.t - key);
      GemmB rows = RowMajorB({from, p.d}, kGemmNR);
      if (projections.packs_values()) {
        PackRows({from, p.d}, p.d, keys, kGemmNR, packed_values);
        rows = PackedB(packed_values, keys, kGemmNR);
      }
      Gemm({weights, projections.weight_pitch}, rows, to, end - row, p.d, keys, {.accumulate = key > 0});
      weights += p.k * projections.weight_pitch;
      from += keys * p.d;
    }
    row = end;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
