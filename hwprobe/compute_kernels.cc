#include "hwprobe/compute_kernels.h"

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

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
template <class T>
struct Ops {
  using V __attribute__((vector_size(16))) = T;
  using Operand = V;
  static constexpr int kLanes = 16 / sizeof(T);
  static HWY_INLINE V Set(double x) { return V{} + static_cast<T>(x); }
  static HWY_INLINE V SetOperand(double x) { return Set(x); }
  static HWY_INLINE V MulAdd(V m, V a, V x) { return kAccumulate ? m * a + x : x * m + a; }
  static HWY_INLINE V Mul(V x, V m) { return x * m; }
  static HWY_INLINE V Add(V x, V a) { return x + a; }
  static HWY_INLINE double SumOfLanes(V x) {
    double sum = 0;
    for (int i = 0; i < kLanes; ++i) sum += x[i];
    return sum;
  }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x); }
};
#else
template <class T>
struct Ops {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using Operand = V;
  static constexpr int kLanes = HWY_LANES(T);
  static HWY_INLINE V Set(double x) { return hn::Set(D(), static_cast<T>(x)); }
  static HWY_INLINE V SetOperand(double x) { return Set(x); }
  static HWY_INLINE V MulAdd(V m, V a, V x) { return kAccumulate ? hn::MulAdd(m, a, x) : hn::MulAdd(x, m, a); }
  static HWY_INLINE V Mul(V x, V m) { return hn::Mul(x, m); }
  static HWY_INLINE V Add(V x, V a) { return hn::Add(x, a); }
  static HWY_INLINE double SumOfLanes(V x) { return hn::GetLane(hn::SumOfLanes(D(), x)); }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x.raw); }
};
#endif

#include "hwprobe/chains.inc"

template <class T, int kFma, int kMul, int kAdd>
constexpr ComputeLoop Loop(std::string_view op_mix) {
  return {.isa = hwy::TargetName(HWY_TARGET),
          .dtype = sizeof(T) == 4 ? "f32" : "f64",
          .op_mix = op_mix,
          .fma = kFma,
          .mul = kMul,
          .add = kAdd,
          .accumulate = kAccumulate,
          .lanes = Ops<T>::kLanes,
          .products = 1,
          .run = &Chains<Ops<T>, kFma, kMul, kAdd>::Run};
}

template <class T>
void AddLoops(std::vector<ComputeLoop>& loops) {
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
  // 32 registers, two of them for the constants.
  const ComputeLoop more[] = {
      Loop<T, 8, 0, 0>("fma"),     Loop<T, 12, 0, 0>("fma"),      Loop<T, 16, 0, 0>("fma"),
      Loop<T, 20, 0, 0>("fma"),    Loop<T, 24, 0, 0>("fma"),      Loop<T, 28, 0, 0>("fma"),
      Loop<T, 8, 0, 8>("fma_add"), Loop<T, 12, 0, 12>("fma_add"), Loop<T, 14, 0, 14>("fma_add"),
      Loop<T, 0, 8, 8>("mul_add"), Loop<T, 0, 12, 12>("mul_add"), Loop<T, 0, 14, 14>("mul_add"),
  };
#else
  // 16 registers. Where there is no FMA, a chain is a multiply and an add long and wants more of them: on Zen 5, 8
  // chains of SSE4 reach 10.5 of 16 FLOPs a cycle, 12 reach 14.8, 14 reach 15.3.
  const ComputeLoop more[] = {
      Loop<T, 8, 0, 0>("fma"),     Loop<T, 10, 0, 0>("fma"),    Loop<T, 12, 0, 0>("fma"),
      Loop<T, 13, 0, 0>("fma"),    Loop<T, 14, 0, 0>("fma"),    Loop<T, 6, 0, 6>("fma_add"),
      Loop<T, 7, 0, 7>("fma_add"), Loop<T, 0, 6, 6>("mul_add"), Loop<T, 0, 7, 7>("mul_add"),
  };
#endif
  loops.insert(loops.end(), std::begin(more), std::end(more));
}

std::span<const ComputeLoop> LoopsOfTarget() {
  static const std::vector<ComputeLoop> loops = [] {
    std::vector<ComputeLoop> all;
    AddLoops<float>(all);
#if HWY_HAVE_FLOAT64 || HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
    AddLoops<double>(all);
#endif
    return all;
  }();
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
