// How the fused inverted residual divides its work, and what its variants say they need.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/buffer.h"
#include "kernels/api/compare.h"
#include "kernels/api/random.h"
#include "kernels/api/registry.h"
#include "kernels/invres/fused.h"
#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

FusedPlan PlanOf(std::string_view text, int threads) {
  const auto p = std::get<InvRes>(ParseProblem(text));
  return PlanFused(p, threads, {.expand_nr = 48, .project_nr = 32, .gemm = {.mr = 14, .nr = 32, .isa = ""}});
}

// Every output row is in one band (of each thread, where threads divide the chunks), and each band finds the rows that
// it keeps where the band before has left them.
void ExpectWhole(const FusedPlan& plan) {
  const InvRes& p = plan.p;
  std::multiset<std::pair<int64_t, int64_t>> rows;
  for (const auto& bands : plan.bands) {
    const InvResBand* before = nullptr;
    for (const InvResBand& band : bands) {
      for (int64_t row = band.out.begin; row < band.out.end; ++row) rows.insert({band.n, row});
      EXPECT_LE(band.out.end - band.out.begin, plan.band_rows);
      EXPECT_LE(band.at + band.in.end - band.in.begin, plan.buffer_rows);
      for (int64_t row = band.out.begin; row < band.out.end; ++row) {
        const Range taps = p.window().TapsAt(row);
        if (taps.begin == taps.end) continue;
        EXPECT_GE(row * p.sh - p.ph + taps.begin, band.in.begin);
        EXPECT_LE(row * p.sh - p.ph + taps.end, band.in.end);
      }
      if (band.kept > 0) {
        ASSERT_NE(before, nullptr);
        EXPECT_EQ(before->n, band.n);
        EXPECT_EQ(band.moved - before->at, band.in.begin - before->in.begin);
        EXPECT_LE(band.in.begin + band.kept, before->in.end);
      }
      before = &band;
    }
  }
  const int64_t times = plan.by_chunks ? plan.threads : 1;
  EXPECT_EQ(static_cast<int64_t>(rows.size()), times * p.mb * p.oh());
  for (const auto& row : rows) EXPECT_EQ(static_cast<int64_t>(rows.count(row)), times);
}

TEST(FusedPlanTest, BandsCoverEveryRowOnceAndKeepWhatTheyShare) {
  for (std::string_view shape : ShapesOf("invres")) {
    for (int threads : {1, 2, 3, 64}) {
      SCOPED_TRACE(std::string(shape) + " on " + std::to_string(threads));
      ExpectWhole(PlanOf(shape, threads));
    }
  }
}

TEST(FusedPlanTest, OneThreadExpandsNoRowTwice) {
  for (std::string_view shape : {"invres:c24mc144oc24ih56kh3ph1res1", "invres:c16mc96oc24ih112kh3sh2ph1",
                                 "invres:c160mc960oc160ih7kh3ph1res1", "invres:c24mc72oc40ih56kh5sh2ph2se24act1"}) {
    const FusedPlan plan = PlanOf(shape, 1);
    int64_t expanded = 0;
    for (const InvResBand& band : plan.bands[0]) expanded += band.in.end - band.in.begin - band.kept;
    EXPECT_LE(expanded, plan.p.ih) << shape;
  }
}

TEST(FusedPlanTest, ThreadsDivideSmallMapsByChunksAndLargeOnesByRows) {
  EXPECT_TRUE(PlanOf("invres:c160mc960oc160ih7kh3ph1res1", 2).by_chunks);
  EXPECT_FALSE(PlanOf("invres:c24mc144oc24ih56kh3ph1res1", 2).by_chunks);
}

void ExpectFusedAgrees(const std::string& text, int threads) {
  SCOPED_TRACE(text);
  const Problem problem = ParseProblem(text);
  const Invocation fused = FindVariant("invres", "fused")->prepare(problem, {.threads = threads});
  std::vector<Buffer> memory;
  const auto own = [&](size_t bytes) { return memory.emplace_back(bytes).data(); };
  Args args;
  const std::vector<Operand> operands = Operands(problem);
  for (size_t i = 0; i < operands.size(); ++i) {
    args.operand[i] = own(operands[i].bytes(DType::kF32));
    FillRandom(args.operand[i], DType::kF32, operands[i].elements(), i + 1);
  }
  args.packed = own(fused.packed_bytes);
  args.workspace = own(fused.workspace_bytes);
  fused.pack(args);
  fused.run(args);
  const std::vector<int64_t> all = OutputsToCheck(operands.back().dims, operands.back().elements(), 0);
  const Comparison result =
      Compare(args.operand[InvRes::kDst], DType::kF32, all, Reference(problem, DType::kF32, args, all));
  EXPECT_TRUE(result.ok()) << "error " << result.error << ", bound " << result.bound;
}

class InvResFusedTest : public testing::TestWithParam<std::string> {
 protected:
  IsaScope scope_{GetParam()};
};

// As many threads as rows, so that each projects one row of the map. Twice the channels are expanded, 96 in two chunks.
TEST_P(InvResFusedTest, AgreesWithTheReferenceForTilesOfEveryHeight) {
  for (const int64_t channels : {8, 16, 20, 24, 32, 48}) {
    for (const int64_t expanded : {channels, 2 * channels}) {
      for (int rows = 1; rows <= 16; ++rows) {
        const std::string c = std::to_string(channels);
        ExpectFusedAgrees(
            "invres:c" + c + "mc" + std::to_string(expanded) + "oc" + c + "ih" + std::to_string(rows) + "kh1res1",
            rows);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, InvResFusedTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& param) { return param.param; });

TEST(InvResTest, FusedNeedsLessWorkspaceThanLayered) {
  const Problem problem = ParseProblem("invres:c24mc144oc24ih56kh3ph1res1");
  const auto bytes = [&](std::string_view variant) {
    return FindVariant("invres", variant)->prepare(problem, {.threads = 1}).workspace_bytes;
  };
  EXPECT_EQ(bytes("layered"), 2u * 4 * 56 * 56 * 144);
  EXPECT_LE(bytes("fused"), 600u << 10);
}

}  // namespace
}  // namespace roofgap
