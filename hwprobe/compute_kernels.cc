#include "hwprobe/compute_kernels.h"

#include <cstddef>
#include <utility>

#include "hwprobe/register_barrier.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hwprobe/compute_kernels.cc"
#include <hwy/foreach_target.h>  // must precede highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// With FMA hardware the accumulator is what is added to, as in a matrix product: ARM's instruction overwrites the
// addend, so that the other form costs it a move. Without, it is what is multiplied, or the product would be computed
// once.
#if HWY_NATIVE_FMA
constexpr bool kAccumulate = true;
#else
constexpr bool kAccumulate = false;
#endif

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// Highway's plain C++ targets compute element by element. A kernel compiled for them may still be vectorised by the
// compiler at the baseline, so the roof of the baseline is that of the compiler's own 16-byte vectors.
struct Ops {
  using V = float __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static HWY_INLINE V Set(float x) { return V{x, x, x, x}; }
  static HWY_INLINE V MulAdd(V x, V m, V a) { return x * m + a; }
  static HWY_INLINE V Mul(V x, V m) { return x * m; }
  static HWY_INLINE V Add(V x, V a) { return x + a; }
  static HWY_INLINE float SumOfLanes(V x) { return x[0] + x[1] + x[2] + x[3]; }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x); }
};
#else
struct Ops {
  using D = hn::ScalableTag<float>;
  using V = hn::Vec<D>;
  static constexpr int kLanes = HWY_LANES(float);
  static HWY_INLINE V Set(float x) { return hn::Set(D(), x); }
  static HWY_INLINE V MulAdd(V x, V m, V a) { return hn::MulAdd(x, m, a); }
  static HWY_INLINE V Mul(V x, V m) { return hn::Mul(x, m); }
  static HWY_INLINE V Add(V x, V a) { return hn::Add(x, a); }
  static HWY_INLINE float SumOfLanes(V x) { return hn::GetLane(hn::SumOfLanes(D(), x)); }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x.raw); }
};
#endif
using V = Ops::V;

template <int kFma, int kMul, int kAdd>
struct Chains {
  static constexpr int kCount = kFma + kMul + kAdd;
  using Index = std::make_index_sequence<kCount>;

  template <size_t kChain>
  static HWY_INLINE V Next(V x, V m, V a) {
    if constexpr (kChain < kFma) {
      return kAccumulate ? Ops::MulAdd(m, a, x) : Ops::MulAdd(x, m, a);
    } else if constexpr (kChain < kFma + kMul) {
      return Ops::Mul(x, m);
    } else {
      return Ops::Add(x, a);
    }
  }

  template <size_t... kChain>
  static HWY_INLINE void Step(V (&x)[kCount], V m, V a, std::index_sequence<kChain...>) {
    ((x[kChain] = Next<kChain>(x[kChain], m, a)), ...);
  }

  template <size_t... kChain>
  static HWY_INLINE void Barrier(V (&x)[kCount], std::index_sequence<kChain...>) {
    (Ops::InRegister(x[kChain]), ...);
  }

  template <size_t... kChain>
  static HWY_INLINE float Checksum(V (&x)[kCount], std::index_sequence<kChain...>) {
    return (Ops::SumOfLanes(x[kChain]) + ...);
  }

  template <size_t... kChain>
  static HWY_INLINE float RunAll(int64_t steps, float multiplier, float addend, std::index_sequence<kChain...>) {
    V x[kCount] = {Ops::Set(ChainStart(kChain))...};
    V m = Ops::Set(multiplier);
    V a = Ops::Set(addend);
    Ops::InRegister(m);
    Ops::InRegister(a);
    static_assert(kComputeUnroll == 4);
    for (int64_t step = 0; step < steps; step += kComputeUnroll) {
      Barrier(x, Index());
      Step(x, m, a, Index());
      Step(x, m, a, Index());
      Step(x, m, a, Index());
      Step(x, m, a, Index());
    }
    return Checksum(x, Index());
  }

  static float Run(int64_t steps, float multiplier, float addend) { return RunAll(steps, multiplier, addend, Index()); }
};

template <int kFma, int kMul, int kAdd>
constexpr ComputeLoop Loop(std::string_view op_mix) {
  return {hwy::TargetName(HWY_TARGET),   op_mix, kFma, kMul, kAdd, kAccumulate, Ops::kLanes,
          &Chains<kFma, kMul, kAdd>::Run};
}

std::span<const ComputeLoop> LoopsOfTarget() {
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
  // 32 registers, two of them for the constants.
  static const ComputeLoop loops[] = {
      Loop<8, 0, 0>("fma"),       Loop<12, 0, 0>("fma"),    Loop<16, 0, 0>("fma"),      Loop<20, 0, 0>("fma"),
      Loop<24, 0, 0>("fma"),      Loop<28, 0, 0>("fma"),    Loop<8, 0, 8>("fma_add"),   Loop<12, 0, 12>("fma_add"),
      Loop<14, 0, 14>("fma_add"), Loop<0, 8, 8>("mul_add"), Loop<0, 12, 12>("mul_add"), Loop<0, 14, 14>("mul_add"),
  };
#else
  // 16 registers. Where there is no FMA, a chain is a multiply and an add long and wants more of them: on Zen 5, 8
  // chains of SSE4 reach 10.5 of 16 FLOPs a cycle, 12 reach 14.8, 14 reach 15.3.
  static const ComputeLoop loops[] = {
      Loop<8, 0, 0>("fma"),     Loop<10, 0, 0>("fma"),    Loop<12, 0, 0>("fma"),
      Loop<13, 0, 0>("fma"),    Loop<14, 0, 0>("fma"),    Loop<6, 0, 6>("fma_add"),
      Loop<7, 0, 7>("fma_add"), Loop<0, 6, 6>("mul_add"), Loop<0, 7, 7>("mul_add"),
  };
#endif
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

std::span<const ComputeLoop> ComputeLoops() { return HWY_DYNAMIC_DISPATCH(LoopsOfTarget)(); }

}  // namespace roofgap
#endif  // HWY_ONCE
