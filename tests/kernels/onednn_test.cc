// What the oneDNN variants promise beyond right results on one instruction set, which variants_test.cc checks.

#ifdef ROOFGAP_ONEDNN

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/buffer.h"
#include "kernels/api/compare.h"
#include "kernels/api/process_isa.h"
#include "kernels/api/random.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

struct Example {
  std::string_view problem;
  std::string_view variant = "onednn";
};

constexpr Example kExamples[] = {
    {"conv2d:mb2ic17ih6oc33kh3sh2ph1bia1act1"},
    {"conv2d:ic32ih5oc64kh3ph1g2bia1act2"},
    {"conv2d:mb2ic17ih6oc33kh3sh2ph1bia1act1", "onednn_best"},
    {"conv2d:ic32ih9oc48kh3ph1bia1act1", "onednn_winograd"},
    {"dwconv2d:c35ih7kh3ph1bia1act2"},
    {"dwconv2d:c35ih7kh3ph1bia1act2", "onednn_best"},
    {"dwsep:ic20ih8oc40kh3sh2ph1bia1act2"},
    {"invres:c20mc50oc20ih8kh3ph1res1"},
    {"fc:mb3ic70oc65bia1act1"},
    {"attention:b2h4kvh2s9t21d24causal1"},
    {"attention:b2h4kvh2s9t21d24causal1", "onednn_flash"},
    {"linformer:b2h4kvh2s9t21d24k13"},
};

const Variant& OneDnn(const Problem& problem, std::string_view variant = "onednn") {
  return *FindVariant(OpOf(problem), variant);
}

// Those that the library has here: Winograd is a matter of its version and the instruction set.
std::vector<Example> Examples() {
  std::vector<Example> examples;
  for (const Example& one : kExamples) {
    const Problem problem = ParseProblem(one.problem);
    if (OneDnn(problem, one.variant).supports(problem, {}).ok) examples.push_back(one);
  }
  return examples;
}

Invocation Prepared(const Problem& problem, int threads, std::string_view variant = "onednn") {
  return OneDnn(problem, variant).prepare(problem, {.dtype = DType::kF32, .threads = threads});
}

// A set of arguments with random operands.
class Arguments {
 public:
  Arguments(const Problem& problem, const Invocation& invocation, uint64_t seed) : problem_(problem) {
    for (const Operand& operand : Operands(problem)) {
      const size_t index = memory_.size();
      args.operand[index] = Own(operand.bytes(DType::kF32));
      FillRandom(args.operand[index], DType::kF32, operand.elements(), seed + index);
    }
    args.packed = Own(invocation.packed_bytes);
    args.workspace = Own(invocation.workspace_bytes);
  }

  void Call(const Invocation& invocation) const {
    if (invocation.reorder_in) invocation.reorder_in(args);
    invocation.run(args);
    if (invocation.reorder_out) invocation.reorder_out(args);
  }

  Comparison Compared(const Invocation& invocation) const {
    const std::vector<Operand> operands = Operands(problem_);
    const std::vector<int64_t> all = OutputsToCheck(operands.back().dims, operands.back().elements(), 0);
    std::vector<Expected> expected = Reference(problem_, DType::kF32, args, all);
    if (invocation.extra_error) expected = Widened(expected, invocation.extra_error(args, all));
    return Compare(args.operand[operands.size() - 1], DType::kF32, all, expected);
  }

  Args args;

 private:
  std::byte* Own(size_t bytes) { return memory_.emplace_back(bytes).data(); }

  const Problem problem_;
  std::vector<Buffer> memory_;
};

bool IsRight(const Problem& problem, int threads, std::string_view variant = "onednn") {
  const Invocation invocation = Prepared(problem, threads, variant);
  const Arguments arguments(problem, invocation, 1);
  if (invocation.pack) invocation.pack(arguments.args);
  arguments.Call(invocation);
  return arguments.Compared(invocation).ok();
}

TEST(OneDnnTest, ImplNamesTheLibraryItsVersionAndEachPrimitive) {
  for (const auto& [text, variant] : Examples()) {
    const Problem problem = ParseProblem(text);
    const std::string impl = Prepared(problem, 1, variant).impl;
    int major = 0, minor = 0, patch = -1, names = 0;
    std::sscanf(impl.c_str(), "oneDNN %d.%d.%d %n", &major, &minor, &patch, &names);
    EXPECT_TRUE(major >= 2 && minor >= 0 && patch >= 0) << impl;
    EXPECT_GT(impl.size(), static_cast<size_t>(names)) << impl;
    const auto joints = std::count(impl.begin(), impl.end(), '+');
    const std::map<std::string_view, int> expected = {{"attention", 2}, {"invres", 2}, {"dwsep", 1}, {"linformer", 4}};
    if (variant == "onednn_flash") continue;  // the same names for several products
    const auto found = expected.find(OpOf(problem));
    EXPECT_EQ(joints, found == expected.end() ? 0 : found->second) << impl;
  }
}

TEST(OneDnnTest, BiasAndEveryActivationAgreeWithTheReference) {
  for (std::string_view shape :
       {"conv2d:ic18ih5oc33kh3ph1", "dwconv2d:c33ih6kh3ph1", "dwsep:ic17ih5oc20kh3ph1", "fc:mb2ic40oc35"}) {
    for (std::string_view bias : {"bia0", "bia1"}) {
      for (std::string_view act : {"act0", "act1", "act2", "act3"}) {
        const std::string text = std::string(shape) + std::string(bias) + std::string(act);
        const Problem problem = ParseProblem(text);
        const Support support = OneDnn(problem).supports(problem, {.threads = 2});
        if (!support.ok) {
          EXPECT_EQ(act, "act3") << support.reason;
          EXPECT_EQ(ProcessIsa(), "SVE") << support.reason;
          continue;
        }
        EXPECT_TRUE(IsRight(problem, 2)) << text;
      }
    }
  }
}

TEST(OneDnnTest, AnInvertedResidualWithEveryActivationAgreesWithTheReference) {
  for (std::string_view shape : {"invres:c17mc40oc17ih5kh3ph1res1", "invres:c20mc20oc9ih7kh3sh2ph1"}) {
    for (std::string_view act : {"act0", "act1", "act2", "act3"}) {
      const std::string text = std::string(shape) + std::string(act);
      const Problem problem = ParseProblem(text);
      if (OneDnn(problem).supports(problem, {.threads = 2}).ok) {
        EXPECT_TRUE(IsRight(problem, 2)) << text;
      } else {
        EXPECT_EQ(ProcessIsa(), "SVE") << text;
      }
    }
  }
}

TEST(OneDnnTest, RunTakesItsMemoryFromTheArguments) {
  for (const auto& [text, variant] : Examples()) {
    const Problem problem = ParseProblem(text);
    const Invocation invocation = Prepared(problem, 2, variant);
    const Arguments arguments(problem, invocation, 1);
    if (invocation.pack) invocation.pack(arguments.args);
    const size_t held = HeldBytes();
    ResetPeakHeldBytes();
    arguments.Call(invocation);
    EXPECT_EQ(PeakHeldBytes(), held) << text;
  }
}

// Cold measurements rotate through sets of arguments, with copies of the packed constants.
TEST(OneDnnTest, AlternatesBetweenSetsOfArgumentsWithCopiesOfOnePackedBlob) {
  for (const auto& [text, variant] : Examples()) {
    const Problem problem = ParseProblem(text);
    const Invocation invocation = Prepared(problem, 1, variant);
    const Arguments first(problem, invocation, 1);
    const Arguments second(problem, invocation, 100);
    const std::vector<Operand> operands = Operands(problem);
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].role != Role::kWeight || operands[i].elements() == 0) continue;
      std::memcpy(second.args.operand[i], first.args.operand[i], operands[i].bytes(DType::kF32));
    }
    if (invocation.pack) {
      invocation.pack(first.args);
      std::memcpy(second.args.packed, first.args.packed, invocation.packed_bytes);
    }
    first.Call(invocation);
    second.Call(invocation);
    EXPECT_TRUE(first.Compared(invocation).ok()) << text;
    EXPECT_TRUE(second.Compared(invocation).ok()) << text;
    const size_t dst = operands.size() - 1;
    std::memset(first.args.operand[dst], 0xFF, operands[dst].bytes(DType::kF32));
    first.Call(invocation);
    EXPECT_TRUE(first.Compared(invocation).ok()) << text;
  }
}

TEST(OneDnnTest, PlansForTheThreadsOfTheContextWhateverOpenMpIsSetTo) {
  const int before = omp_get_max_threads();
  for (const auto& [text, variant] : Examples()) {
    const Problem problem = ParseProblem(text);
    omp_set_num_threads(3);
    const Invocation under_3 = Prepared(problem, 2, variant);
    EXPECT_EQ(omp_get_max_threads(), 3) << "prepare leaves another thread count behind";
    omp_set_num_threads(2);
    const Invocation under_2 = Prepared(problem, 2, variant);
    if (variant == "onednn") {  // the others may choose differently each time
      EXPECT_EQ(under_3.impl, under_2.impl);
      EXPECT_EQ(under_3.workspace_bytes, under_2.workspace_bytes);
    }

    const Arguments arguments(problem, under_2, 1);
    if (under_2.pack) under_2.pack(arguments.args);
    omp_set_num_threads(3);
    under_2.run(arguments.args);
    EXPECT_EQ(omp_get_max_threads(), 2) << "run did not use the threads that it was planned for";
  }
  omp_set_num_threads(before);
}

TEST(OneDnnTest, DeclinesOtherTypesThanF32WithAReason) {
  for (const auto& [text, variant] : Examples()) {
    const Problem problem = ParseProblem(text);
    const Support support = OneDnn(problem, variant).supports(problem, {.dtype = DType::kF64});
    EXPECT_FALSE(support.ok);
    EXPECT_EQ(support.reason, "f32 only");
  }
}

TEST(OneDnnTest, BestNamesTheLayoutsThatItChoseAndHowManyItTried) {
  for (std::string_view text : {"conv2d:ic64ih8oc64kh3ph1", "conv2d:ic16ih9oc32kh1", "dwconv2d:c64ih9kh3ph1"}) {
    const std::string impl = Prepared(ParseProblem(text), 1, "onednn_best").impl;
    const size_t layouts = impl.find('>');
    ASSERT_NE(layouts, std::string::npos) << impl;
    EXPECT_EQ(impl.find("another"), std::string::npos) << impl;
    EXPECT_EQ(impl.find("ref"), std::string::npos) << impl;
    int tried = 0;
    std::sscanf(impl.c_str() + layouts, "%*[^,], best of %d", &tried);
    EXPECT_GE(tried, 2) << impl;
  }
}

TEST(OneDnnTest, BestDoesTheWorkOfTheDirectConvolution) {
  for (std::string_view text : {"conv2d:ic16ih9oc32kh3ph1", "dwconv2d:c64ih9kh3ph1"}) {
    const Problem problem = ParseProblem(text);
    const Invocation best = Prepared(problem, 1, "onednn_best");
    EXPECT_EQ(best.executed_flops, Count(problem, DType::kF32).flops);
    EXPECT_FALSE(best.extra_error);
  }
}

TEST(OneDnnTest, WinogradDeclinesWithTheReasonOfTheLibrary) {
  for (std::string_view text : {"conv2d:ic32ih9oc32kh3sh2ph1", "conv2d:ic32ih9oc32kh5ph2", "conv2d:ic32ih9oc32kh1"}) {
    const Problem problem = ParseProblem(text);
    const Support support = OneDnn(problem, "onednn_winograd").supports(problem, {});
    EXPECT_FALSE(support.ok) << text;
    EXPECT_EQ(support.reason.rfind("oneDNN ", 0), 0u) << support.reason;
    EXPECT_NE(support.reason.find(" declines: "), std::string::npos) << support.reason;
  }
}

// Shapes for which one or the other of its two tiles is the only one, and one where both are tried.
TEST(OneDnnTest, WinogradCountsTheProductsOfItsTiles) {
  for (std::string_view text :
       {"conv2d:ic64ih14oc64kh3ph1", "conv2d:mb4ic32ih9iw14oc32kh3ph1", "conv2d:ic16ih5oc16kh3"}) {
    const auto problem = std::get<Conv2d>(ParseProblem(text));
    if (!OneDnn(problem, "onednn_winograd").supports(problem, {}).ok) GTEST_SKIP() << "not in this library";
    const Invocation winograd = Prepared(problem, 1, "onednn_winograd");
    const bool large = winograd.impl.find("4x3") != std::string::npos;
    const int64_t out = large ? 4 : 2;
    const int64_t tiles = problem.mb * ((problem.oh() + out - 1) / out) * ((problem.ow() + out - 1) / out);
    EXPECT_EQ(winograd.executed_flops, static_cast<double>(2 * (out + 2) * (out + 2) * tiles * problem.ic * problem.oc))
        << winograd.impl;
    EXPECT_TRUE(winograd.extra_error);
    EXPECT_TRUE(IsRight(problem, 1, "onednn_winograd")) << winograd.impl;
  }
}

TEST(OneDnnTest, CausalAttentionIsExecutedInFull) {
  const Problem full = ParseProblem("attention:h6kvh2s10t30d16");
  const Problem causal = ParseProblem("attention:h6kvh2s10t30d16causal1");
  EXPECT_EQ(Prepared(causal, 1).executed_flops, Count(full, DType::kF32).flops);
  EXPECT_GT(Prepared(causal, 1).executed_flops, Count(causal, DType::kF32).flops);
}

TEST(OneDnnTest, OnceInUseOnlyTheIsaInEffectIsGranted) {
  const std::string in_effect = ProcessIsa();
  EXPECT_TRUE(LimitProcessIsa(in_effect));
  for (const std::string_view other : {"AVX3", "AVX2", "NEON", "SVE", "EMU128", "none"}) {
    if (other == in_effect) continue;
    std::string why;
    EXPECT_FALSE(LimitProcessIsa(other, &why)) << other;
    EXPECT_NE(why.find(in_effect), std::string::npos) << why;
    EXPECT_EQ(ProcessIsa(), in_effect);
  }
}

// The limit works once per process and only on x86-64, so each instruction set is tried in a process of its own.
class OneDnnIsaTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const std::vector<std::string> here = SupportedIsas();
    if (std::find(here.begin(), here.end(), GetParam()) == here.end()) GTEST_SKIP() << "not on this machine";
  }
};

// In the child: nothing of the library was used before. Exits with 0 when all is as promised, else says what is not.
[[noreturn]] void CheckHeldTo(const std::string& isa) {
  const auto check = [](bool ok, const std::string& what) {
    if (ok) return;
    std::fprintf(stderr, "%s\n", what.c_str());
    std::_Exit(1);
  };
  std::string why;
  check(LimitProcessIsa(isa, &why), why);
  check(ProcessIsa() == isa, "in effect is " + ProcessIsa());
  for (const auto& [text, variant] : Examples()) {
    for (int threads : {1, 2}) {
      check(IsRight(ParseProblem(text), threads, variant),
            "wrong: " + std::string(variant) + " of " + std::string(text));
    }
  }
  for (const char* variant : {"onednn", "onednn_best"}) {
    const std::string impl = Prepared(ParseProblem("conv2d:ic64ih8oc64kh3ph1"), 1, variant).impl;
    check(impl.find("avx512") == std::string::npos || isa == "AVX3", "too much for " + isa + ": " + impl);
    check(impl.find("avx2") == std::string::npos || isa != "SSE4", "too much for " + isa + ": " + impl);
  }
  check(LimitProcessIsa(isa), "what is in effect is refused");
  for (const std::string_view other : {"AVX3", "AVX2", "SSE4", "NEON", "EMU128", "none"}) {
    if (other == isa) continue;
    why.clear();
    check(!LimitProcessIsa(other, &why) && !why.empty(), "held to " + std::string(other) + " after " + isa);
  }
  check(ProcessIsa() == isa, "changed to " + ProcessIsa());
  std::_Exit(0);
}

TEST_P(OneDnnIsaTest, IsHeldToItWhenAskedBeforeFirstUseAndAgreesWithTheReference) {
  EXPECT_EXIT(CheckHeldTo(GetParam()), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(All, OneDnnIsaTest, testing::Values("AVX3", "AVX2", "SSE4"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace roofgap

#else

#include <gtest/gtest.h>

#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

TEST(ProcessIsaTest, WithoutALibraryToLimitEveryLimitIsKept) {
  EXPECT_TRUE(LimitProcessIsa("AVX2"));
  EXPECT_EQ(ProcessIsa(), "");
}

}  // namespace
}  // namespace roofgap

#endif  // ROOFGAP_ONEDNN
