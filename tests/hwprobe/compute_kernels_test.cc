#include "hwprobe/compute_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "harness/measure/isa_scope.h"

namespace roofgap {
namespace {

// What the loop must return, chain by chain in scalar arithmetic.
double ExpectedChecksum(const ComputeLoop& loop, int64_t steps, double multiplier, double addend) {
  double sum = 0;
  for (int chain = 0; chain < loop.chains(); ++chain) {
    double x = ChainStart(chain);
    for (int64_t step = 0; step < steps; ++step) {
      if (chain < loop.fma && loop.accumulate) {
        x = multiplier * addend + x;
      } else if (chain < loop.fma) {
        x = x * multiplier + addend;
      } else if (chain < loop.fma + loop.mul) {
        x = x * multiplier;
      } else {
        x = x + addend;
      }
    }
    sum += loop.lanes * x;
  }
  return sum;
}

TEST(ComputeKernelsTest, EveryLoopOfEveryIsaComputesItsChains) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const ComputeLoop& loop : ComputeLoops()) {
      for (const int64_t steps : {int64_t{0}, kComputeUnroll, 5 * kComputeUnroll}) {
        const double expected = ExpectedChecksum(loop, steps, 0.75, 0.5);
        const double tolerance = loop.dtype == "f32" ? 1e-5 : 1e-13;
        EXPECT_NEAR(loop.run(steps, 0.75, 0.5), expected, tolerance * expected)
            << isa << ' ' << loop.dtype << ' ' << loop.op_mix << ' ' << loop.chains() << " chains, " << steps
            << " steps";
      }
    }
  }
}

TEST(ComputeKernelsTest, LoopsAreCompiledForTheIsaInScope) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const ComputeLoop& loop : ComputeLoops()) EXPECT_EQ(loop.isa, isa);
  }
}

TEST(ComputeKernelsTest, EveryIsaHasEveryMixOfEachTypeAndAtLeastTwelveFmaChains) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    std::map<std::string, std::set<std::string>> mixes;
    std::map<std::string, int> most;
    for (const ComputeLoop& loop : ComputeLoops()) {
      const std::string dtype(loop.dtype);
      mixes[dtype].insert(std::string(loop.op_mix));
      if (loop.op_mix == "fma") most[dtype] = std::max(most[dtype], loop.fma);
    }
    for (const auto& [dtype, of_type] : mixes) {
      EXPECT_EQ(of_type, (std::set<std::string>{"fma", "fma_add", "mul_add"})) << isa << ' ' << dtype;
      EXPECT_GE(most[dtype], 12) << isa << ' ' << dtype;
    }
#if defined(__x86_64__) || defined(__aarch64__)
    EXPECT_TRUE(mixes.contains("f32") && mixes.contains("f64")) << isa;
#endif
  }
}

TEST(ComputeKernelsTest, FlopsAreTwoForAMultiplyAddAndOneForTheOthers) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const ComputeLoop& loop : ComputeLoops()) {
      EXPECT_EQ(loop.products, 1);
      int flops = 0;
      for (int chain = 0; chain < loop.chains(); ++chain) flops += loop.lanes * (chain < loop.fma ? 2 : 1);
      EXPECT_EQ(loop.flops_per_step(), flops);
      if (loop.op_mix == "fma") {
        EXPECT_EQ(loop.fma, loop.chains());
      }
      if (loop.op_mix == "fma_add") {
        EXPECT_EQ(loop.fma, loop.add);
      }
      if (loop.op_mix == "mul_add") {
        EXPECT_EQ(loop.mul, loop.add);
      }
    }
  }
}

TEST(ComputeKernelsTest, AVectorHoldsHalfAsManyF64) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    std::map<std::string, int> lanes;
    for (const ComputeLoop& loop : ComputeLoops()) lanes[std::string(loop.dtype)] = loop.lanes;
    if (lanes.contains("f64")) {
      EXPECT_EQ(2 * lanes["f64"], lanes["f32"]) << isa;
    }
  }
}

}  // namespace
}  // namespace roofgap
