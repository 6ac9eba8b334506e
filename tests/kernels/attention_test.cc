// What attention's own variants promise beyond agreeing with the reference on the shapes of all variants.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/api/compare.h"
#include "kernels/api/problem.h"
#include "kernels/api/random.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

Invocation Prepare(std::string_view variant, std::string_view problem, int threads = 1) {
  return FindVariant("attention", variant)->prepare(ParseProblem(problem), {.dtype = DType::kF32, .threads = threads});
}

// A problem with its operands, which may be changed before the first run.
class Attempt {
 public:
  explicit Attempt(std::string_view problem) : problem_(ParseProblem(problem)), operands_(Operands(problem_)) {
    for (size_t i = 0; i < operands_.size(); ++i) {
      buffers_.emplace_back(operands_[i].bytes(DType::kF32));
      args_.operand[i] = buffers_[i].data();
      FillRandom(args_.operand[i], DType::kF32, operands_[i].elements(), i + 1);
    }
  }

  float* operand(size_t index) { return args_.at<float>(index); }
  int64_t elements(size_t index) const { return operands_[index].elements(); }

  bool SupportedBy(const Variant& variant, int threads) const {
    return variant.supports(problem_, {.dtype = DType::kF32, .threads = threads}).ok;
  }

  // Runs on a poisoned output and workspace and compares up to 1024 outputs with the reference.
  void ExpectCorrect(const Variant& variant, int threads) {
    SCOPED_TRACE(Describe(problem_) + " " + std::string(variant.name) + " threads " + std::to_string(threads));
    const Invocation invocation = variant.prepare(problem_, {.dtype = DType::kF32, .threads = threads});
    const Buffer workspace(invocation.workspace_bytes);
    std::fill_n(workspace.data(), workspace.size(), std::byte{0xFF});
    std::fill_n(buffers_.back().data(), buffers_.back().size(), std::byte{0xFF});
    args_.workspace = workspace.data();
    invocation.run(args_);
    if (outputs_.empty()) {
      outputs_ = OutputsToCheck(operands_.back().dims, 1024, 1);
      expected_ = Reference(problem_, DType::kF32, args_, outputs_);
    }
    const Comparison worst = Compare(buffers_.back().data(), DType::kF32, outputs_, expected_);
    EXPECT_TRUE(worst.ok()) << "element " << worst.index << ": error " << worst.error << ", bound " << worst.bound;
  }

 private:
  Problem problem_;
  std::vector<Operand> operands_;
  std::vector<Buffer> buffers_;
  Args args_;
  std::vector<int64_t> outputs_;
  std::vector<Expected> expected_;
};

void ExpectOwnVariantsCorrect(Attempt& attempt) {
  for (const Variant* variant : VariantsOf("attention")) {
    if (variant->isa_control != IsaControl::kHighway) continue;
    for (int threads : {1, 2, 3}) {
      if (attempt.SupportedBy(*variant, threads)) attempt.ExpectCorrect(*variant, threads);
    }
  }
}

TEST(AttentionVariantsTest, AgreeWithTheReferenceOverSeveralBlocksOfKeysAndGroupsOfRows) {
  for (std::string_view problem :
       {"attention:h1s60t130d512", "attention:h1s70d512causal1", "attention:h4kvh2s20t70d513causal1",
        "attention:h1s30t1030d3", "attention:h2s9t50d700causal1", "attention:h3s1t300d80",
        "attention:b2h4kvh1s1t300d40", "attention:h1s4t300d65causal1", "attention:h6kvh2s1t5d16",
        "attention:h1s2t130d128", "attention:h32kvh1s1t1100d64", "attention:h12kvh1s1t300d128",
        "attention:h7kvh1s1t45d100", "attention:b2h10kvh2s3t140d40causal1", "attention:h64kvh1s1t30d16",
        "attention:h2kvh1s300d16causal1", "attention:h3kvh1s517d8causal1", "attention:b2h4kvh2s530t1070d24causal1"}) {
    Attempt attempt(problem);
    ExpectOwnVariantsCorrect(attempt);
  }
}

// q . k / sqrt(d) of +-80 for every pair: e^160 lies between the weights of a row.
TEST(AttentionVariantsTest, ScoresFarApartStayRight) {
  for (std::string_view problem :
       {"attention:h1s9t1040d64", "attention:h1s20t530d64causal1", "attention:h1s1t600d64"}) {
    Attempt attempt(problem);
    for (int64_t i = 0; i < attempt.elements(Attention::kQ); ++i) attempt.operand(Attention::kQ)[i] = 10;
    for (int64_t i = 0; i < attempt.elements(Attention::kK); ++i) {
      attempt.operand(Attention::kK)[i] = i / 64 % 3 == 1 ? 1.0f : -1.0f;
    }
    ExpectOwnVariantsCorrect(attempt);
  }
}

// Scores that rise with the key make every block rescale what the blocks before it summed, by e^-80 in all and more;
// scores that fall make none.
TEST(AttentionVariantsTest, RisingAndFallingScoresStayRight) {
  for (float slope : {0.02f, -0.02f}) {
    for (std::string_view problem : {"attention:h1s9t1200d16", "attention:h1s2t1200d16causal1"}) {
      Attempt attempt(problem);
      for (int64_t i = 0; i < attempt.elements(Attention::kQ); ++i) attempt.operand(Attention::kQ)[i] = 1;
      for (int64_t i = 0; i < attempt.elements(Attention::kK); ++i) {
        attempt.operand(Attention::kK)[i] = slope * static_cast<float>(i / 16);
      }
      ExpectOwnVariantsCorrect(attempt);
    }
  }
}

// Scores of 1e8 are off by more than 1 each, so that no result can be judged.
TEST(AttentionReferenceTest, GivesNoBoundWhereTheSumOfTheSoftmaxMayVanish) {
  for (const float q : {1e4f, 1e30f}) {
    float operands[][2] = {{q}, {1e4f, -1e4f}, {1.0f, 0.5f}};
    Args args;
    for (size_t i = 0; i < 3; ++i) args.operand[i] = reinterpret_cast<std::byte*>(operands[i]);
    const std::vector<int64_t> outputs = {0};
    const auto expected = Reference(ParseProblem("attention:h1s1t2d1"), DType::kF32, args, outputs);
    EXPECT_EQ(expected[0].bound, std::numeric_limits<double>::infinity()) << q;
  }
}

TEST(AttentionVariantsTest, WorkspaceOfFlashDoesNotGrowWithTheLengthAndThatOfMaterialisedDoes) {
  for (int threads : {1, 2}) {
    const auto bytes = [&](std::string_view variant, std::string_view problem) {
      return Prepare(variant, problem, threads).workspace_bytes;
    };
    EXPECT_LE(bytes("flash", "attention:h4s65536d64"), bytes("flash", "attention:h4s2048d64"));
    EXPECT_LE(bytes("flash", "attention:h4s65536d64"), static_cast<size_t>(threads) * 512 * 1024);
    EXPECT_GE(bytes("materialised", "attention:h4s2048d64"), static_cast<size_t>(threads) * 2048 * 2048 * 4);
  }
}

TEST(AttentionVariantsTest, DecodingTakesUpTo64RowsOfAHead) {
  const auto support = [](std::string_view problem) {
    return FindVariant("attention", "flash_decode")->supports(ParseProblem(problem), {});
  };
  EXPECT_TRUE(support("attention:h64kvh1s1t100d64").ok);
  EXPECT_TRUE(support("attention:h64s64t100d64").ok);
  EXPECT_EQ(support("attention:h65kvh1s1t100d64").reason, "needs h / kvh * s <= 64");
  EXPECT_EQ(support("attention:h1s1t100d15").reason, "needs d >= 16");
}

#ifdef ROOFGAP_ONEDNN

TEST(AttentionVariantsTest, TilesOfOneDnnTakeMemoryThatDoesNotGrowWithTheLengthAndLeaveMaskedOnesOut) {
  for (int threads : {1, 2}) {
    EXPECT_LE(Prepare("onednn_flash", "attention:h4s65536d64", threads).workspace_bytes,
              static_cast<size_t>(threads) * 2048 * 1024);
    const Problem causal = ParseProblem("attention:h2s2000d64causal1");
    const double executed = Prepare("onednn_flash", Describe(causal), threads).executed_flops;
    EXPECT_GE(executed, Count(causal, DType::kF32).flops);
    EXPECT_LT(executed, 1.5 * Count(causal, DType::kF32).flops);
  }
}

TEST(AttentionVariantsTest, TheGraphOfOneDnnRunsOrSaysThatThisLibraryHasNone) {
  const Problem problem = ParseProblem("attention:h6s20d16");
  const Support support = FindVariant("attention", "onednn_graph")->supports(problem, {});
  if (support.ok) {
    Attempt("attention:h6s20d16").ExpectCorrect(*FindVariant("attention", "onednn_graph"), 2);
  } else {
    EXPECT_NE(support.reason.find("comes without the graph API"), std::string::npos) << support.reason;
  }
}

#endif  // ROOFGAP_ONEDNN

TEST(AttentionVariantsTest, ExecutedFlopsAreThoseOfTheUnmaskedBlocks) {
  for (int threads : {1, 2}) {
    const auto executed = [&](std::string_view variant, std::string_view problem) {
      return Prepare(variant, problem, threads).executed_flops / Count(ParseProblem(problem), DType::kF32).flops;
    };
    EXPECT_EQ(executed("flash", "attention:h4s333d40"), 1);
    EXPECT_EQ(executed("materialised", "attention:h4s333d40"), 1);
    // Of masked pairs only those in the strips that the diagonal cuts: 13 rows of each 14 at most, half of them masked.
    EXPECT_GT(executed("flash", "attention:h2s1000d64causal1"), 1);
    EXPECT_LT(executed("flash", "attention:h2s1000d64causal1"), 1.02);
    EXPECT_NEAR(executed("materialised", "attention:h2s1000d64causal1"), 2, 0.01);
  }
}

}  // namespace
}  // namespace roofgap
