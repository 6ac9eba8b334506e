#include "hwprobe/memory_kernels.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include "hwprobe/register_barrier.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hwprobe/memory_kernels.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // must precede highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// Highway's plain C++ targets have no vector registers; the compiler's 16-byte vectors are the baseline's.
struct Ops {
  using V = float __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static HWY_INLINE V Set(float x) { return V{x, x, x, x}; }
  static HWY_INLINE V Load(const float* from) { return *reinterpret_cast<const V*>(from); }
  static HWY_INLINE void Store(V x, float* to) { *reinterpret_cast<V*>(to) = x; }
  static HWY_INLINE void Stream(V x, float* to) { Store(x, to); }
  static HWY_INLINE V Add(V x, V y) { return x + y; }
  static HWY_INLINE V Max(V x, V y) { return x > y ? x : y; }
  static HWY_INLINE V MulAdd(V x, V y, V z) { return x * y + z; }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x); }
};
#else
struct Ops {
  using D = hn::ScalableTag<float>;
  using V = hn::Vec<D>;
  static constexpr int kLanes = HWY_LANES(float);
  static HWY_INLINE V Set(float x) { return hn::Set(D(), x); }
  static HWY_INLINE V Load(const float* from) { return hn::Load(D(), from); }
  static HWY_INLINE void Store(V x, float* to) { hn::Store(x, D(), to); }
  static HWY_INLINE void Stream(V x, float* to) { hn::Stream(x, D(), to); }
  static HWY_INLINE V Add(V x, V y) { return hn::Add(x, y); }
  static HWY_INLINE V Max(V x, V y) { return hn::Max(x, y); }
  static HWY_INLINE V MulAdd(V x, V y, V z) { return hn::MulAdd(x, y, z); }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x.raw); }
};
#endif
using V = Ops::V;
constexpr int kLanes = Ops::kLanes;

// A pattern: what is done at `x`, a place of the first array, the others being `next` elements apart. kSpan vectors of
// the first array are covered.
struct LoadPattern {
  static constexpr int kArrays = 1, kSpan = 1;
  // The barrier alone wants the value: no arithmetic competes with the loads.
  static HWY_INLINE void At(float* x, int64_t, V) {
    V v = Ops::Load(x);
    Ops::InRegister(v);
  }
};
struct Read2Write1Pattern {
  static constexpr int kArrays = 1, kSpan = 3;
  static HWY_INLINE void At(float* x, int64_t, V) {
    Ops::Store(Ops::Max(Ops::Load(x), Ops::Load(x + kLanes)), x + 2 * kLanes);
  }
};
struct CopyPattern {
  static constexpr int kArrays = 2, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t next, V) { Ops::Store(Ops::Load(x), x + next); }
};
struct UpdatePattern {
  static constexpr int kArrays = 1, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t, V scale) { Ops::Store(Ops::Add(Ops::Load(x), scale), x); }
};
struct TriadPattern {
  static constexpr int kArrays = 3, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t next, V scale) {
    Ops::Store(Ops::MulAdd(scale, Ops::Load(x + next), Ops::Load(x)), x + 2 * next);
  }
};
struct StorePattern {
  static constexpr int kArrays = 1, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t, V scale) { Ops::Store(scale, x); }
};
struct NtCopyPattern {
  static constexpr int kArrays = 2, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t next, V) { Ops::Stream(Ops::Load(x), x + next); }
};
struct NtStorePattern {
  static constexpr int kArrays = 1, kSpan = 1;
  static HWY_INLINE void At(float* x, int64_t, V scale) { Ops::Stream(scale, x); }
};

template <class P, int kUnroll, int kStreams>
struct Walk {
  static constexpr int kStep = kUnroll * P::kSpan * kLanes;  // elements per stream and iteration

  template <size_t... kPlace>
  static HWY_INLINE void Stretch(float* x, int64_t next, V scale, std::index_sequence<kPlace...>) {
    (P::At(x + kPlace * P::kSpan * kLanes, next, scale), ...);
  }

  template <size_t... kStream>
  static HWY_INLINE void Passes(float* slice, int64_t footprint, int64_t passes, float scale,
                                std::index_sequence<kStream...>) {
    const int64_t next = footprint / static_cast<int64_t>(sizeof(float)) / P::kArrays;
    const int64_t part = next / kStreams;
    const V s = Ops::Set(scale);
    for (int64_t pass = 0; pass < passes; ++pass) {
      for (int64_t i = 0; i < part; i += kStep) {
        (Stretch(slice + kStream * part + i, next, s, std::make_index_sequence<kUnroll>()), ...);
      }
      asm volatile("" : : : "memory");  // what a pass stores cannot be left to the next one
    }
    hwy::FlushStream();
  }

  static void Run(float* slice, int64_t footprint, int64_t passes, float scale) {
    Passes(slice, footprint, passes, scale, std::make_index_sequence<kStreams>());
  }
};

template <class P, int kUnroll, int kStreams>
constexpr MemoryLoop Loop(std::string_view pattern) {
  using W = Walk<P, kUnroll, kStreams>;
  return {hwy::TargetName(HWY_TARGET),
          pattern,
          P::kArrays,
          kUnroll,
          kStreams,
          static_cast<int>(sizeof(float)) * W::kStep * kStreams * P::kArrays,
          &W::Run};
}

std::span<const MemoryLoop> LoopsOfTarget() {
  static const MemoryLoop loops[] = {
      Loop<LoadPattern, 4, 1>("load"),
      Loop<LoadPattern, 16, 1>("load"),
      Loop<LoadPattern, 4, 4>("load"),
      Loop<Read2Write1Pattern, 4, 1>("read2_write1"),
      Loop<Read2Write1Pattern, 8, 1>("read2_write1"),
      Loop<Read2Write1Pattern, 2, 4>("read2_write1"),
      Loop<CopyPattern, 4, 1>("copy"),
      Loop<CopyPattern, 16, 1>("copy"),
      Loop<CopyPattern, 4, 4>("copy"),
      Loop<UpdatePattern, 4, 1>("update"),
      Loop<UpdatePattern, 16, 1>("update"),
      Loop<UpdatePattern, 4, 4>("update"),
      Loop<TriadPattern, 4, 1>("triad"),
      Loop<TriadPattern, 16, 1>("triad"),
      Loop<TriadPattern, 4, 4>("triad"),
      Loop<StorePattern, 4, 1>("store"),
      Loop<StorePattern, 16, 1>("store"),
      Loop<StorePattern, 4, 4>("store"),
      Loop<NtCopyPattern, 4, 1>("nt_copy"),
      Loop<NtCopyPattern, 16, 1>("nt_copy"),
      Loop<NtStorePattern, 4, 1>("nt_store"),
      Loop<NtStorePattern, 16, 1>("nt_store"),
  };
  return loops;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {
HWY_EXPORT(LoopsOfTarget);
}  // namespace

std::span<const MemoryLoop> MemoryLoops() { return HWY_DYNAMIC_DISPATCH(LoopsOfTarget)(); }

}  // namespace roofgap
#endif  // HWY_ONCE
