// What the variants of linformer and performer promise beyond agreeing with the reference on the shapes of all
// variants.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/buffer.h"
#include "kernels/api/compare.h"
#include "kernels/api/fill.h"
#include "kernels/api/problem.h"
#include "kernels/api/registry.h"
#include "kernels/performer/plan.h"
#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

// Compares `variant`, run on `threads` threads on a poisoned output and workspace, with the reference; `change` is
// called with the operands first.
template <class Change>
void ExpectCorrect(std::string_view text, std::string_view variant, int threads, const Change& change) {
  SCOPED_TRACE(std::string(text) + " " + std::string(variant) + " threads " + std::to_string(threads));
  const Problem problem = ParseProblem(text);
  const std::vector<Operand> operands = Operands(problem);
  std::vector<Buffer> buffers;
  Args args;
  for (size_t i = 0; i < operands.size(); ++i) {
    args.operand[i] = buffers.emplace_back(operands[i].bytes(DType::kF32)).data();
    FillOperand(operands[i], args.operand[i], DType::kF32, i + 1);
  }
  change(operands, args);
  const Invocation invocation =
      FindVariant(OpOf(problem), variant)->prepare(problem, {.dtype = DType::kF32, .threads = threads});
  const Buffer packed(invocation.packed_bytes), workspace(invocation.workspace_bytes);
  std::fill_n(workspace.data(), workspace.size(), std::byte{0xFF});
  std::fill_n(buffers.back().data(), buffers.back().size(), std::byte{0xFF});
  args.packed = packed.data();
  args.workspace = workspace.data();
  if (invocation.pack) invocation.pack(args);
  invocation.run(args);
  const std::vector<int64_t> outputs = OutputsToCheck(operands.back().dims, 2048, 1);
  const Comparison worst =
      Compare(buffers.back().data(), DType::kF32, outputs, Reference(problem, DType::kF32, args, outputs));
  EXPECT_TRUE(worst.ok()) << "element " << worst.index << ": error " << worst.error << ", bound " << worst.bound;
}

class ApproximateVariantsTest : public testing::TestWithParam<std::string> {
  IsaScope scope_{GetParam()};
};

constexpr auto kUnchanged = [](const std::vector<Operand>&, const Args&) {};

TEST_P(ApproximateVariantsTest, LinformerAgreesWithTheReferenceOverSeveralBlocksOfKeys) {
  for (std::string_view variant : {"fused", "layered"}) {
    for (int threads : {1, 2, 3}) {
      for (std::string_view text : {"linformer:h1s3t1030d16k9", "linformer:h3kvh1s40t513d33k130"}) {
        ExpectCorrect(text, variant, threads, kUnchanged);
      }
    }
  }
}

TEST_P(ApproximateVariantsTest, PerformerAgreesWithTheReferenceHoweverThreadsDivideTheHeads) {
  for (int threads : {1, 2, 3, 5}) {
    for (std::string_view text : {"performer:h1s300d16causal1m20", "performer:h2s170d33causal1m50",
                                  "performer:h4kvh2s40t260d8causal1m15", "performer:h1s7d16causal1m3"}) {
      ExpectCorrect(text, "fused", threads, kUnchanged);
    }
    for (std::string_view text : {"performer:h1s30t1100d16m20", "performer:h3s170d33m50"}) {
      ExpectCorrect(text, "fused", threads, kUnchanged);
      ExpectCorrect(text, "layered", threads, kUnchanged);
    }
  }
}

// Keys of growing length along one direction move the largest exponents of half the features up in every block, and
// those of the other half down.
TEST_P(ApproximateVariantsTest, PerformersMaximaThatMoveFromBlockToBlockStayRight) {
  for (float slope : {0.01f, -0.01f}) {
    const auto change = [&](const std::vector<Operand>& operands, const Args& args) {
      const int64_t d = operands[Performer::kK].dims.back();
      for (int64_t i = 0; i < operands[Performer::kK].elements(); ++i) {
        args.at<float>(Performer::kK)[i] = slope * static_cast<float>(i / d);
      }
    };
    for (int threads : {1, 2}) {
      ExpectCorrect("performer:h1s9t1200d16m40", "fused", threads, change);
      ExpectCorrect("performer:h1s9t1200d16m40", "layered", threads, change);
      ExpectCorrect("performer:h1s400d16causal1m40", "fused", threads, change);
    }
  }
}

// Long queries see one feature or two; what the others add up to is below what f32 holds beside it.
TEST_P(ApproximateVariantsTest, LongQueriesStayRight) {
  const auto change = [](const std::vector<Operand>& operands, const Args& args) {
    for (int64_t i = 0; i < operands[Performer::kQ].elements(); ++i) args.at<float>(Performer::kQ)[i] *= 16;
  };
  for (std::string_view text : {"performer:h1s70d16m40", "performer:h1s150d16causal1m40"}) {
    ExpectCorrect(text, "fused", 2, change);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ApproximateVariantsTest, testing::ValuesIn(SupportedIsas()),
                         [](const auto& isa) { return isa.param; });

TEST(ApproximateAttentionTest, WorkspaceOfFusedDoesNotGrowWithTheLengthAndThatOfLayeredDoes) {
  for (int threads : {1, 2}) {
    const auto bytes = [&](std::string_view variant, std::string_view text) {
      const Problem problem = ParseProblem(text);
      return FindVariant(OpOf(problem), variant)->prepare(problem, {.threads = threads}).workspace_bytes;
    };
    for (std::string_view of : {"linformer:h4d64k256s", "performer:h4d64m256s", "performer:h1d64m256causal1s"}) {
      const std::string text(of);
      EXPECT_EQ(bytes("fused", text + "65536"), bytes("fused", text + "4096")) << of;
    }
    EXPECT_GE(bytes("layered", "linformer:h4s4096d64k256"), 4u * 4096 * 256 * 4);
    EXPECT_GE(bytes("layered", "performer:h4s4096d64m256"), 2u * 4 * 4096 * 256 * 4);
  }
}

TEST(ApproximateAttentionTest, ExecutedFlopsAreWhatIsCountedAndUnderCausalTheBlocksToo) {
  const auto executed = [&](std::string_view text, int threads) {
    const Problem problem = ParseProblem(text);
    const double flops = FindVariant(OpOf(problem), "fused")->prepare(problem, {.threads = threads}).executed_flops;
    return flops / Count(problem, DType::kF32).flops;
  };
  for (int threads : {1, 2}) {
    EXPECT_EQ(executed("linformer:h4s333d40k50", threads), 1);
    EXPECT_EQ(executed("performer:h4s333d40m50", threads), 1);
  }
  // A query meets 39 keys of its block on average, (m + d) / (2 m (2 d + 1)) of the work a position each.
  EXPECT_NEAR(executed("performer:h2s4096d64causal1m256", 2), 1 + 39.0 * (256 + 64) / (2 * 256 * 129), 0.02);
  // Half of one head's keys are taken twice.
  EXPECT_GT(executed("performer:h1s4096d64causal1m256", 2), executed("performer:h2s4096d64causal1m256", 2) + 0.2);
}

// Every key, or row, of each head lies in one span; what a span is to know is in its pieces, once.
TEST(PerformerPlanTest, SpansCoverEverythingOnceAndPiecesWhatTheyNeed) {
  for (std::string_view shape : ShapesOf("performer")) {
    for (int threads : {1, 2, 3, 7}) {
      SCOPED_TRACE(std::string(shape) + " on " + std::to_string(threads));
      const auto p = std::get<Performer>(ParseProblem(shape));
      const PerformerPlan plan = PlanPerformer(p, threads, {.mr = 14, .nr = 32, .isa = ""});
      const int64_t of_head = p.causal ? p.t : plan.rows();
      std::vector<int> covered(static_cast<size_t>(p.b * p.kvh * of_head));
      for (const auto& spans : plan.spans_of) {
        for (const PerformerSpan& span : spans) {
          for (int64_t i = span.range.begin; i < span.range.end; ++i) {
            ++covered[static_cast<size_t>(span.head * of_head + i)];
          }
          std::vector<int> known(static_cast<size_t>(p.t));
          for (size_t piece : span.before) {
            EXPECT_EQ(plan.pieces[piece].head, span.head);
            const Range keys = plan.pieces[piece].keys;
            for (int64_t key = keys.begin; key < keys.end; ++key) ++known[static_cast<size_t>(key)];
          }
          for (int64_t key = 0; key < p.t; ++key) {
            EXPECT_EQ(known[static_cast<size_t>(key)], p.causal ? key < span.range.begin : 1) << "key " << key;
          }
        }
      }
      EXPECT_EQ(covered, std::vector<int>(covered.size(), 1));
      std::vector<int> done(plan.pieces.size());
      for (const auto& pieces : plan.pieces_of) {
        for (size_t piece : pieces) ++done[piece];
      }
      EXPECT_EQ(done, std::vector<int>(done.size(), 1));
    }
  }
}

}  // namespace
}  // namespace roofgap
