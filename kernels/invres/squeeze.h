#ifndef ROOFGAP_KERNELS_INVRES_SQUEEZE_H_
#define ROOFGAP_KERNELS_INVRES_SQUEEZE_H_

#include <cstdint>

#include "kernels/invres/invres.h"
#include "kernels/simd/gemm.h"

namespace roofgap {

// Where squeeze-and-excite (kernels/invres/squeeze-inl.h) keeps its vectors, in floats from where its workspace begins,
// and its packed matrices. Vectors of one image are `pitch` floats apart, so that no two threads share a cache line.
struct Squeeze {
  int64_t mb = 0, mc = 0, se = 0;
  int64_t pixels = 0;  // of a map
  int64_t nr = 0;      // of the GEMM
  int threads = 1;
  int64_t pitch = 0;

  static int64_t Padded(int64_t floats) { return (floats + 15) / 16 * 16; }

  int64_t Sums(int thread) const { return thread * mb * pitch; }              // of a thread's pixels, [mb][pitch]
  int64_t Pool(int thread) const { return (threads + thread) * mb * pitch; }  // each thread has its own, [mb][pitch]
  int64_t Gates() const { return 2 * threads * mb * pitch; }                  // [mb][pitch]
  int64_t Squeezed() const { return (2 * threads + 1) * mb * pitch; }         // [mb][Padded(se)]
  int64_t WorkspaceFloats() const { return se > 0 ? Squeezed() + mb * Padded(se) : 0; }

  int64_t SqueezeFloats() const { return PackedFloats(se, mc, nr); }
  int64_t PackedFloatsInAll() const { return se > 0 ? SqueezeFloats() + PackedFloats(mc, se, nr) : 0; }

  void Pack(const Args& args, float* packed) const {
    if (se == 0) return;
    PackB({args.at<float>(InvRes::kSqueezeWei), mc}, se, mc, nr, packed);
    PackB({args.at<float>(InvRes::kExciteWei), se}, mc, se, nr, packed + SqueezeFloats());
  }
};

inline Squeeze SqueezeOf(const InvRes& p, int threads, int64_t nr) {
  return {.mb = p.mb,
          .mc = p.mc,
          .se = p.se,
          .pixels = p.oh() * p.oh(),
          .nr = nr,
          .threads = threads,
          .pitch = Squeeze::Padded(p.mc)};
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_INVRES_SQUEEZE_H_
