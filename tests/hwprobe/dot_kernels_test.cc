#include "hwprobe/dot_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "hwprobe/dot_features.h"

namespace roofgap {
namespace {

// What the loop must return. Every number on the way is a multiple of 1/64 that f32 and s32 hold exactly.
double ExpectedChecksum(const ComputeLoop& loop, int64_t steps, double multiplier, double addend) {
  double sum = 0;
  for (int chain = 0; chain < loop.chains(); ++chain) {
    const double start = (loop.dtype == "s8" ? 64 : 1) * ChainStart(chain);
    sum += loop.lanes * (start + static_cast<double>(steps) * loop.products * multiplier * addend);
  }
  return sum;
}

void ExpectExact(const ComputeLoop& loop, double multiplier, double addend) {
  for (const int64_t steps : {int64_t{0}, kComputeUnroll, 5 * kComputeUnroll}) {
    EXPECT_EQ(loop.run(steps, multiplier, addend), ExpectedChecksum(loop, steps, multiplier, addend))
        << loop.isa << ' ' << loop.dtype << ' ' << loop.chains() << " chains, " << steps << " steps of " << multiplier
        << " x " << addend;
  }
}

bool Has(std::string_view isa, std::string_view dtype) {
  return std::any_of(DotLoops().begin(), DotLoops().end(),
                     [&](const ComputeLoop& loop) { return loop.isa == isa && loop.dtype == dtype; });
}

TEST(DotKernelsTest, EveryLoopComputesItsChainsExactly) {
  for (const ComputeLoop& loop : DotLoops()) {
    ExpectExact(loop, 3, 2);
    ExpectExact(loop, 3, -2);
    if (loop.dtype == "bf16") {
      ExpectExact(loop, 0.75, 0.5);
    }
  }
}

TEST(DotKernelsTest, SumsOfBytesDoNotSaturateAt16Bits) {
  for (const ComputeLoop& loop : DotLoops()) {
    if (loop.dtype == "s8") ExpectExact(loop, 127, -128);
  }
}

TEST(DotKernelsTest, OnX86TheMultiplierIsUnsigned) {
  for (const ComputeLoop& loop : DotLoops()) {
    if (loop.dtype == "s8" && loop.isa != "NEON") ExpectExact(loop, 255, -128);
  }
}

TEST(DotKernelsTest, AMultiplyAddIsTwoFlopsAndALaneIs32Bits) {
  for (const ComputeLoop& loop : DotLoops()) {
    const int bytes = loop.isa == "AVX3" ? 64 : loop.isa == "AVX2" ? 32 : 16;
    const int elements = loop.dtype == "bf16" ? bytes / 2 : bytes;
    EXPECT_EQ(loop.op_mix, "dot");
    EXPECT_EQ(loop.lanes, bytes / 4);
    EXPECT_EQ(loop.flops_per_step(), 2.0 * elements * loop.chains());
  }
}

TEST(DotKernelsTest, AreThoseThatTheProcessorHas) {
  const DotFeatures has = ReadDotFeatures();
#if defined(__x86_64__)
  EXPECT_EQ(Has("AVX3", "bf16"), has.avx512_bf16);
  EXPECT_EQ(Has("AVX3", "s8"), has.avx512_vnni);
  EXPECT_EQ(Has("AVX2", "s8"), has.avx_vnni);
#else
  EXPECT_TRUE(!Has("NEON", "bf16") || has.neon_bf16);
  EXPECT_TRUE(!Has("NEON", "s8") || has.neon_dot);
#endif
}

TEST(DotKernelsTest, AccumulatorsAreSweptFrom8ToAtLeast12) {
  std::set<std::string> roofs;
  for (const ComputeLoop& loop : DotLoops()) roofs.insert(std::string(loop.isa) + ' ' + std::string(loop.dtype));
  for (const std::string& roof : roofs) {
    std::set<int> chains;
    for (const ComputeLoop& loop : DotLoops()) {
      if (std::string(loop.isa) + ' ' + std::string(loop.dtype) == roof) chains.insert(loop.chains());
    }
    EXPECT_EQ(*chains.begin(), 8) << roof;
    EXPECT_GE(*chains.rbegin(), 12) << roof;
    EXPECT_GE(chains.size(), 4u) << roof;
  }
}

constexpr uint32_t kAvx2 = 1u << 5, kAvx512F = 1u << 16, kVnni = 1u << 11, kAvxVnni = 1u << 4, kBf16 = 1u << 5;
constexpr uint64_t kAllState = 0xe7, kNoZmmState = 0x07;

TEST(DotFeaturesTest, EveryInstructionHasItsBit) {
  const auto decode = [](uint32_t ecx, uint32_t eax) {
    return DecodeX86({.leaf7_ebx = kAvx2 | kAvx512F, .leaf7_ecx = ecx, .leaf7_1_eax = eax, .xcr0 = kAllState});
  };
  EXPECT_TRUE(decode(kVnni, 0).avx512_vnni);
  EXPECT_TRUE(decode(0, kBf16).avx512_bf16);
  EXPECT_TRUE(decode(0, kAvxVnni).avx_vnni);
  const DotFeatures none = decode(~kVnni, ~(kBf16 | kAvxVnni));
  EXPECT_FALSE(none.avx512_vnni || none.avx512_bf16 || none.avx_vnni || none.neon_bf16 || none.neon_dot);
}

TEST(DotFeaturesTest, RegistersThatTheSystemDoesNotSaveAreNotUsed) {
  X86Words words{.leaf7_ebx = ~0u, .leaf7_ecx = ~0u, .leaf7_1_eax = ~0u, .xcr0 = kNoZmmState};
  DotFeatures has = DecodeX86(words);
  EXPECT_FALSE(has.avx512_vnni || has.avx512_bf16);
  EXPECT_TRUE(has.avx_vnni);
  words.xcr0 = 0;
  has = DecodeX86(words);
  EXPECT_FALSE(has.avx512_vnni || has.avx512_bf16 || has.avx_vnni);
}

TEST(DotFeaturesTest, AProcessorWithoutWideVectorsHasNone) {
  const DotFeatures has = DecodeX86({.leaf7_ebx = kAvx2, .leaf7_ecx = ~0u, .leaf7_1_eax = ~0u, .xcr0 = kAllState});
  EXPECT_FALSE(has.avx512_vnni || has.avx512_bf16);
  EXPECT_TRUE(has.avx_vnni);
}

TEST(DotFeaturesTest, ReadsTheCapabilitiesOfAarch64) {
  EXPECT_TRUE(DecodeAarch64(1u << 20, 0).neon_dot);
  EXPECT_FALSE(DecodeAarch64(1u << 20, 0).neon_bf16);
  EXPECT_TRUE(DecodeAarch64(0, 1u << 14).neon_bf16);
  const DotFeatures none = DecodeAarch64(~(1ull << 20), ~(1ull << 14));
  EXPECT_FALSE(none.neon_dot || none.neon_bf16 || none.avx_vnni);
}

}  // namespace
}  // namespace roofgap
