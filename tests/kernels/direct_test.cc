// Which of its ways `direct` of conv2d takes, and the threads that small convolutions use.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "harness/measure/isa_scope.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/simd/gemm.h"

namespace roofgap {
namespace {

std::string ImplOf(std::string_view problem, int threads = 1) {
  return FindVariant("conv2d", "direct")->prepare(ParseProblem(problem), {.threads = threads}).impl;
}

bool Holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

class DirectTest : public testing::TestWithParam<std::string> {
 protected:
  IsaScope scope_{GetParam()};
  GemmShape shape_ = ChosenGemmShape();
};

TEST_P(DirectTest, TakesTwoPanelsATileForShortSumsWhereThereIsSuchATile) {
  const std::string wide = std::to_string(shape_.wide_mr) + "x" + std::to_string(2 * shape_.nr);
  EXPECT_EQ(Holds(ImplOf("conv2d:ic64ih7oc64kh1"), " " + wide + " "), shape_.wide_mr > 0);
  EXPECT_FALSE(Holds(ImplOf("conv2d:ic600ih7oc64kh1"), " " + wide + " "));
}

TEST_P(DirectTest, PutsSeveralGroupsIntoAVectorWhereAVectorHoldsThem) {
  const bool vectors = shape_.nr > 2;
  EXPECT_EQ(Holds(ImplOf("conv2d:ic32ih7oc32kh3ph1g8"), " grouped "), vectors);
  EXPECT_FALSE(Holds(ImplOf("conv2d:ic32ih7oc64kh3ph1g8"), " grouped "));
  EXPECT_FALSE(Holds(ImplOf("conv2d:ic32ih12oc32kh12g8"), " grouped "));
}

TEST_P(DirectTest, ComputesTheLastChannelAsDotProductsWhereAVectorWouldBeNearlyEmpty) {
  const bool vectors = shape_.nr > 2;
  EXPECT_EQ(Holds(ImplOf("conv2d:ic65ih7oc65kh3ph1"), " + 1 dot"), vectors);
  EXPECT_FALSE(Holds(ImplOf("conv2d:ic64ih7oc64kh3ph1"), " dot"));
}

TEST_P(DirectTest, SaysWhenASecondThreadDoesNotPay) {
  EXPECT_TRUE(Holds(ImplOf("conv2d:ic8ih4oc8kh1", 2), " on 1 of 2 threads"));
  EXPECT_FALSE(Holds(ImplOf("conv2d:ic256ih28oc256kh3ph1", 2), "threads"));
}

INSTANTIATE_TEST_SUITE_P(All, DirectTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& param) { return param.param; });

TEST(ParallelTest, ThreadsPayFromTheirLeastShareOfTheWorkOn) {
  EXPECT_EQ(PayingThreads(0, 100, 4), 1);
  EXPECT_EQ(PayingThreads(199, 100, 4), 1);
  EXPECT_EQ(PayingThreads(200, 100, 4), 2);
  EXPECT_EQ(PayingThreads(1e9, 100, 4), 4);
  EXPECT_EQ(OnThreads(4, 4), "");
  EXPECT_EQ(OnThreads(1, 2), " on 1 of 2 threads");
}

}  // namespace
}  // namespace roofgap
