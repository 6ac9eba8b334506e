// Depthwise convolution of a strip of outputs by sliding along its columns. Include this inside a file that Highway
// compiles once per target.
#if defined(ROOFGAP_KERNELS_SIMD_DWSLIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ROOFGAP_KERNELS_SIMD_DWSLIDE_INL_H_
#undef ROOFGAP_KERNELS_SIMD_DWSLIDE_INL_H_
#else
#define ROOFGAP_KERNELS_SIMD_DWSLIDE_INL_H_
#endif

#include <type_traits>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace slide {

// `count` columns of some rows of outputs. Positions are relative to the input that the first tap of the first output
// reads, which may lie outside the map.
struct Strip {
  int64_t tap;  // floats from one tap to the next,
  int64_t in;   // from one input to the next, and from row to row,
  int64_t in_pitch;
  int64_t out;  // from one output to the next, and from row to row
  int64_t out_pitch;
  Range rows;     // the inputs that exist: at most K / 2 rows are missing above, and below,
  Range columns;  // and as many columns left, and right
  int64_t count;  // at least Slide::kLive - 1
  int64_t act;
  int64_t ahead_pairs;  // of cache lines that a step fetches into L2
};

// Where a strip's vector of channels lies.
struct Vector {
  const float* src;
  const float* wei;
  const float* bias;  // null for none
  float* dst;
  const float* ahead;  // what to fetch meanwhile
};

// R rows of outputs of a KxK kernel, strides S x S. A step takes the next S columns of inputs, each loaded once for all
// the outputs that it feeds: those of the last kLive columns, whose sums are in registers by age, youngest first. The
// oldest is complete then. Inputs that do not exist are left out.
template <int K, int S, int R>
class Slide {
  using D = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using V = hwy::HWY_NAMESPACE::Vec<D>;

 public:
  static constexpr int kLive = (K - 1) / S + 1;

  static HWY_NOINLINE void Run(const Strip& of, const Vector& vector) {
    // A copy, or the compiler reads its members anew after each store: 5x5 in L1 from 84 to 92 % of peak, 3x3 from 92
    // to 98. With stride 2, whose steps have more to address, it loses up to 10.
    const std::conditional_t<S == 1, Strip, const Strip&> strip = of;
    namespace hn = hwy::HWY_NAMESPACE;
    const D d;
    V wei[K * K];
    if constexpr (kHoldsWeights) {
#pragma GCC unroll 16
      for (int i = 0; i < K * K; ++i) wei[i] = hn::LoadU(d, vector.wei + i * strip.tap);
    }
    const V bias = vector.bias != nullptr ? hn::LoadU(d, vector.bias) : hn::Zero(d);
    Sums sum;
#pragma GCC unroll 8
    for (int age = 0; age < kLive; ++age) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[age][r] = bias;
    }
    At at = {vector.src, vector.wei, vector.dst, 0};
    Begin<0>(strip, wei, bias, at, sum);
#pragma GCC unroll 1
    while (at.column < strip.count) {
      Step<0, kLive - 1>(strip, wei, bias, at, sum);
      const float* ahead = vector.ahead + (at.column - kLive) * strip.ahead_pairs * 32;
#pragma GCC unroll 1
      for (int64_t i = 0; i < strip.ahead_pairs; ++i) __builtin_prefetch(ahead + i * 32, 0, 2);
    }
    End<1>(strip, wei, bias, at, sum);
  }

 private:
  using Sums = V[kLive][R];
  static constexpr int kEdge = K / 2;
  static constexpr int kInputs = (R - 1) * S + K;
  // Nine weights fit beside the sums. Of more, a row is loaded at a time, for R rows of multiply-adds.
  static constexpr bool kHoldsWeights = K == 3;

  struct At {
    const float* src;  // the last input column of the step
    const float* wei;
    float* dst;      // where the oldest outputs go
    int64_t column;  // the youngest
  };

  // Row i of a strip's inputs. Only rows near the ends of the strip may be missing: others are not tested.
  static HWY_INLINE bool Exists(const Strip& strip, int i) {
    return (i >= kEdge || i >= strip.rows.begin) && (i < kInputs - kEdge || i < strip.rows.end);
  }

  // Adds x, which lies under tap row kh of row r of outputs and in the column `phase` before the last of a step.
  template <int kFirst, int kLast>
  static HWY_INLINE void Add(const V* wei, V x, int phase, int r, Sums& sum) {
#pragma GCC unroll 8
    for (int age = kFirst; age <= kLast; ++age) {
      const int kw = S * age - phase;
      if (kw >= 0 && kw < K) sum[age][r] = hwy::HWY_NAMESPACE::MulAdd(wei[kw], x, sum[age][r]);
    }
  }

  // A step whose inputs feed the outputs of ages kFirst to kLast.
  template <int kFirst, int kLast>
  static HWY_INLINE void Step(const Strip& strip, const V (&wei)[K * K], V bias, At& at, Sums& sum) {
    namespace hn = hwy::HWY_NAMESPACE;
    const D d;
    constexpr bool kInside = kFirst == 0 && kLast == kLive - 1;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) sum[0][r] = bias;
#pragma GCC unroll 2
    for (int phase = S - 1; phase >= 0; --phase) {
      if (S * kLast < phase) continue;  // before the first tap
      const int64_t column = at.column * S - phase;
      if (!kInside && (column < strip.columns.begin || column >= strip.columns.end)) continue;
      const float* src = at.src - phase * strip.in;
      if constexpr (kHoldsWeights) {
#pragma GCC unroll 32
        for (int i = 0; i < kInputs; ++i) {
          if (!Exists(strip, i)) continue;
          const V x = hn::LoadU(d, src + i * strip.in_pitch);
#pragma GCC unroll 8
          for (int r = 0; r < R; ++r) {
            const int kh = i - r * S;
            if (kh >= 0 && kh < K) Add<kFirst, kLast>(wei + kh * K, x, phase, r, sum);
          }
        }
      } else {
#pragma GCC unroll 8
        for (int kh = 0; kh < K; ++kh) {
          V row[K];
#pragma GCC unroll 8
          for (int kw = 0; kw < K; ++kw) row[kw] = hn::LoadU(d, at.wei + (kh * K + kw) * strip.tap);
#pragma GCC unroll 8
          for (int r = 0; r < R; ++r) {
            if (!Exists(strip, r * S + kh)) continue;
            const V x = hn::LoadU(d, src + (r * S + kh) * strip.in_pitch);
            Add<kFirst, kLast>(row, x, phase, r, sum);
          }
          asm volatile("" ::: "memory");  // or the compiler loads all weights first, and spills
        }
      }
    }
    if constexpr (kLast == kLive - 1) Store(strip, at, sum);
#pragma GCC unroll 8
    for (int age = kLive - 1; age > 0; --age) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[age][r] = sum[age - 1][r];
    }
    at.src += S * strip.in;
    ++at.column;
  }

  static HWY_INLINE void Store(const Strip& strip, At& at, const Sums& sum) {
    const D d;
    V out[1][R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) out[0][r] = sum[kLive - 1][r];
    ActivateTile(d, strip.act, out);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) hwy::HWY_NAMESPACE::StoreU(out[0][r], d, at.dst + r * strip.out_pitch);
    at.dst += strip.out;
  }

  // The columns before the first whose inputs feed kLive outputs.
  template <int kLast>
  static HWY_INLINE void Begin(const Strip& strip, const V (&wei)[K * K], V bias, At& at, Sums& sum) {
    if constexpr (kLast < kLive - 1) {
      Step<0, kLast>(strip, wei, bias, at, sum);
      Begin<kLast + 1>(strip, wei, bias, at, sum);
    }
  }

  // The columns after the last such.
  template <int kFirst>
  static HWY_INLINE void End(const Strip& strip, const V (&wei)[K * K], V bias, At& at, Sums& sum) {
    if constexpr (kFirst < kLive) {
      Step<kFirst, kLive - 1>(strip, wei, bias, at, sum);
      End<kFirst + 1>(strip, wei, bias, at, sum);
    }
  }
};

}  // namespace slide
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
