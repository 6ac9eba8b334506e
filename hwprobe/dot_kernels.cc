#include "hwprobe/dot_kernels.h"

#include <hwy/base.h>  // HWY_INLINE, HWY_PUSH_ATTRIBUTES

#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "hwprobe/dot_features.h"
#include "hwprobe/register_barrier.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace roofgap {
namespace {

// Exact for what a bf16 can hold.
[[maybe_unused]] HWY_INLINE uint16_t Bf16Bits(double x) {
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(x)) >> 16);
}

// Lanes of s8 loops are integers.
[[maybe_unused]] HWY_INLINE int32_t S32Start(double x) { return static_cast<int32_t>(64 * x); }

// Not inlined: its lane by lane code made gcc 12 move accumulators between registers inside the loop.
template <class Lane, class V>
HWY_NOINLINE double SumAs(const V& x) {
  Lane lanes[sizeof(V) / sizeof(Lane)];
  std::memcpy(lanes, &x, sizeof x);
  double sum = 0;
  for (const Lane lane : lanes) sum += lane;
  return sum;
}

template <class Ops, template <class, int, int, int> class Chains, int kChains>
constexpr ComputeLoop DotLoop(std::string_view isa) {
  return {.isa = isa,
          .dtype = Ops::kDType,
          .op_mix = "dot",
          .fma = kChains,
          .mul = 0,
          .add = 0,
          .accumulate = true,
          .lanes = sizeof(typename Ops::V) / 4,
          .products = Ops::kProducts,
          .run = &Chains<Ops, kChains, 0, 0>::Run};
}

template <class Ops, template <class, int, int, int> class Chains, int... kChains>
void AddLoops(std::string_view isa, std::integer_sequence<int, kChains...>, std::vector<ComputeLoop>& loops) {
  (loops.push_back(DotLoop<Ops, Chains, kChains>(isa)), ...);
}

// Two registers hold the operands.
using For32Registers = std::integer_sequence<int, 8, 12, 16, 20, 24, 28>;
using For16Registers = std::integer_sequence<int, 8, 10, 12, 14>;

}  // namespace
}  // namespace roofgap

#if defined(__x86_64__)

HWY_PUSH_ATTRIBUTES("avx512f,avx512bf16")
namespace roofgap {
namespace avx512_bf16 {
namespace {

struct Ops {
  using V = __m512;
  using Operand = __m512i;
  static constexpr std::string_view kDType = "bf16";
  static constexpr int kProducts = 2;
  static HWY_INLINE V Set(double x) { return _mm512_set1_ps(static_cast<float>(x)); }
  static HWY_INLINE Operand SetOperand(double x) {
    return _mm512_set1_epi32(static_cast<int32_t>(0x10001u * Bf16Bits(x)));
  }
  static HWY_INLINE V MulAdd(Operand m, Operand a, V x) { return _mm512_dpbf16_ps(x, (__m512bh)m, (__m512bh)a); }
  static HWY_INLINE double SumOfLanes(V x) { return SumAs<float>(x); }
  template <class R>
  static HWY_INLINE void InRegister(R& x) {
    ROOFGAP_IN_REGISTER(x);
  }
};

#include "hwprobe/chains.inc"

}  // namespace
}  // namespace avx512_bf16
}  // namespace roofgap
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx512f,avx512vnni")
namespace roofgap {
namespace avx512_vnni {
namespace {

struct Ops {
  using V = __m512i;
  using Operand = __m512i;
  static constexpr std::string_view kDType = "s8";
  static constexpr int kProducts = 4;
  static HWY_INLINE V Set(double x) { return _mm512_set1_epi32(S32Start(x)); }
  static HWY_INLINE Operand SetOperand(double x) {
    return _mm512_set1_epi32(static_cast<int32_t>(0x1010101u * static_cast<uint8_t>(static_cast<int>(x))));
  }
  static HWY_INLINE V MulAdd(Operand m, Operand a, V x) { return _mm512_dpbusd_epi32(x, m, a); }
  static HWY_INLINE double SumOfLanes(V x) { return SumAs<int32_t>(x); }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x); }
};

#include "hwprobe/chains.inc"

}  // namespace
}  // namespace avx512_vnni
}  // namespace roofgap
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx2,avxvnni")
namespace roofgap {
namespace avx_vnni {
namespace {

struct Ops {
  using V = __m256i;
  using Operand = __m256i;
  static constexpr std::string_view kDType = "s8";
  static constexpr int kProducts = 4;
  static HWY_INLINE V Set(double x) { return _mm256_set1_epi32(S32Start(x)); }
  static HWY_INLINE Operand SetOperand(double x) { return _mm256_set1_epi8(static_cast<char>(static_cast<int>(x))); }
  static HWY_INLINE V MulAdd(Operand m, Operand a, V x) { return _mm256_dpbusd_avx_epi32(x, m, a); }
  static HWY_INLINE double SumOfLanes(V x) { return SumAs<int32_t>(x); }
  static HWY_INLINE void InRegister(V& x) { ROOFGAP_IN_REGISTER(x); }
};

#include "hwprobe/chains.inc"

}  // namespace
}  // namespace avx_vnni
}  // namespace roofgap
HWY_POP_ATTRIBUTES

// clang before 16 declares these intrinsics only to those who compile the whole file for them.
#elif defined(__aarch64__) && (!defined(__clang__) || __clang_major__ >= 16)
#define ROOFGAP_NEON_DOT

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+bf16")
namespace roofgap {
namespace neon_bf16 {
namespace {

struct Ops {
  using V = float32x4_t;
  using Operand = uint16x8_t;
  static constexpr std::string_view kDType = "bf16";
  static constexpr int kProducts = 2;
  static HWY_INLINE V Set(double x) { return vdupq_n_f32(static_cast<float>(x)); }
  static HWY_INLINE Operand SetOperand(double x) { return vdupq_n_u16(Bf16Bits(x)); }
  static HWY_INLINE V MulAdd(Operand m, Operand a, V x) {
    return vbfdotq_f32(x, vreinterpretq_bf16_u16(m), vreinterpretq_bf16_u16(a));
  }
  static HWY_INLINE double SumOfLanes(V x) { return SumAs<float>(x); }
  template <class R>
  static HWY_INLINE void InRegister(R& x) {
    ROOFGAP_IN_REGISTER(x);
  }
};

#include "hwprobe/chains.inc"

}  // namespace
}  // namespace neon_bf16
}  // namespace roofgap
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
namespace roofgap {
namespace neon_dot {
namespace {

struct Ops {
  using V = int32x4_t;
  using Operand = int8x16_t;
  static constexpr std::string_view kDType = "s8";
  static constexpr int kProducts = 4;
  static HWY_INLINE V Set(double x) { return vdupq_n_s32(S32Start(x)); }
  static HWY_INLINE Operand SetOperand(double x) { return vdupq_n_s8(static_cast<int8_t>(x)); }
  static HWY_INLINE V MulAdd(Operand m, Operand a, V x) { return vdotq_s32(x, m, a); }
  static HWY_INLINE double SumOfLanes(V x) { return SumAs<int32_t>(x); }
  template <class R>
  static HWY_INLINE void InRegister(R& x) {
    ROOFGAP_IN_REGISTER(x);
  }
};

#include "hwprobe/chains.inc"

}  // namespace
}  // namespace neon_dot
}  // namespace roofgap
HWY_POP_ATTRIBUTES

#endif

namespace roofgap {

std::span<const ComputeLoop> DotLoops() {
  static const std::vector<ComputeLoop> loops = [] {
    std::vector<ComputeLoop> all;
    [[maybe_unused]] const DotFeatures has = ReadDotFeatures();
#if defined(__x86_64__)
    if (has.avx512_bf16) AddLoops<avx512_bf16::Ops, avx512_bf16::Chains>("AVX3", For32Registers(), all);
    if (has.avx512_vnni) AddLoops<avx512_vnni::Ops, avx512_vnni::Chains>("AVX3", For32Registers(), all);
    if (has.avx_vnni) AddLoops<avx_vnni::Ops, avx_vnni::Chains>("AVX2", For16Registers(), all);
#elif defined(ROOFGAP_NEON_DOT)
    if (has.neon_bf16) AddLoops<neon_bf16::Ops, neon_bf16::Chains>("NEON", For32Registers(), all);
    if (has.neon_dot) AddLoops<neon_dot::Ops, neon_dot::Chains>("NEON", For32Registers(), all);
#endif
    return all;
  }();
  return loops;
}

}  // namespace roofgap
