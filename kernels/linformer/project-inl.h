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

// Adds to (key 0: makes) rows of one projection what `keys` keys give. Strip by strip of a tile's height: the weights
// of a strip are met by all columns at once, while those of the next, which come from beyond L2, are prefetched.
inline void ProjectKeys(const Projections& projections, const float* weights, const GemmB& values, int64_t keys,
                        bool first, int64_t rows, int64_t d, float* to) {
  const int64_t pitch = projections.weight_pitch;
  GemmRow pattern[kGemmMR];
  for (int64_t i = 0; i < kGemmMR; ++i) pattern[i] = {i * pitch, i * d};
  const GemmRun run = {0, 0, keys};
  const int64_t panels = (d + kGemmNR - 1) / kGemmNR;
  const auto strips = static_cast<int>((rows + kGemmMR - 1) / kGemmMR);
  for (int strip = 0; strip < strips; ++strip) {
    const Range own = Share(rows, strips, strip);
    const int64_t height = own.end - own.begin;
    for (int64_t panel = 0; panel < panels; ++panel) {
      const int64_t column = panel * kGemmNR;
      GemmB b = values;
      b.data += panel * values.panel;
      b.ahead_pitch = height * pitch / (panels * keys);
      b.ahead = weights + own.end * pitch + panel * keys * b.ahead_pitch;
      GemmTile({weights + own.begin * pitch, to + own.begin * d + column, {pattern, static_cast<size_t>(height)}},
               {&run, 1}, b, std::min(d - column, kGemmNR), {.accumulate = !first});
    }
  }
}

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
    float* const to = projected + matrix * projections.of_matrix + first * p.d;
    for (int64_t key = 0; key < p.t; key += projections.keys) {
      const int64_t keys = std::min(projections.keys, p.t - key);
      GemmB values = RowMajorB({from, p.d}, kGemmNR);
      if (projections.packs_values()) {
        PackRows({from, p.d}, p.d, keys, kGemmNR, packed_values);
        values = PackedB(packed_values, keys, kGemmNR);
      }
      ProjectKeys(projections, weights, values, keys, key == 0, end - row, p.d, to);
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
