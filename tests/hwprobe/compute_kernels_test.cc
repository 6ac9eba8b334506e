#include "hwprobe/compute_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
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
        EXPECT_NEAR(loop.run(steps, 0.75f, 0.5f), expected, 1e-5 * expected)
            << isa << ' ' << loop.op_mix << ' ' << loop.chains() << " chains, " << steps << " steps";
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

TEST(ComputeKernelsTest, EveryIsaHasEveryMixAndAtLeastTwelveFmaChains) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    std::set<std::string> mixes;
    int most = 0;
    for (const ComputeLoop& loop : ComputeLoops()) {
      mixes.insert(std::string(loop.op_mix));
      if (loop.op_mix == "fma") most = std::max(most, loop.fma);
    }
    EXPECT_EQ(mixes, (std::set<std::string>{"fma", "fma_add", "mul_add"})) << isa;
    EXPECT_GE(most, 12) << isa;
  }
}

TEST(ComputeKernelsTest, FlopsAreTwoForAMultiplyAddAndOneForTheOthers) {
  for (const std::string& isa : SupportedIsas()) {
    const IsaScope scope(isa);
    for (const ComputeLoop& loop : ComputeLoops()) {
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

}  // namespace
}  // namespace roofgap
