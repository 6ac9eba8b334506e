// Variants that choose by trial, and the trial itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/api/error.h"
#include "kernels/api/registry.h"
#include "kernels/api/trial.h"

namespace roofgap {
namespace {

const Problem kProblem = ParseProblem("fc:ic8oc4");

// The variant whose name stands in brackets at the end of impl.
const Variant* Picked(const Problem& problem, const std::string& impl) {
  const size_t begin = impl.rfind('[');
  if (begin == std::string::npos || impl.back() != ']') return nullptr;
  return FindVariant(OpOf(problem), impl.substr(begin + 1, impl.size() - begin - 2));
}

TEST(AutoTest, IsWhatItPickedAndSaysSo) {
  for (std::string_view text :
       {"conv2d:ic16ih9oc32kh3ph1bia1act1", "conv2d:ic16ih9oc32kh3sh2ph1", "fc:ic64oc40", "fc:mb9ic64oc40",
        "dwconv2d:c40ih9kh3ph1", "dwsep:ic16ih9oc24kh3ph1", "invres:c16mc96oc16ih14kh3ph1res1"}) {
    const Problem problem = ParseProblem(text);
    const Context context{.threads = 2};
    const Invocation invocation = FindVariant(OpOf(problem), "auto")->prepare(problem, context);
    const Variant* picked = Picked(problem, invocation.impl);
    ASSERT_NE(picked, nullptr) << invocation.impl;
    const Invocation alone = picked->prepare(problem, context);
    EXPECT_EQ(invocation.impl, alone.impl + " [" + std::string(picked->name) + "]");
    EXPECT_EQ(invocation.executed_flops, alone.executed_flops);
    EXPECT_EQ(invocation.packed_bytes, alone.packed_bytes);
    EXPECT_EQ(invocation.workspace_bytes, alone.workspace_bytes);
    EXPECT_EQ(invocation.pack == nullptr, alone.pack == nullptr);
    EXPECT_EQ(invocation.extra_error == nullptr, alone.extra_error == nullptr);
  }
}

TEST(AutoTest, PicksOnlyWhatSupportsTheProblem) {
  const auto picked = [](std::string_view text) {
    const Problem problem = ParseProblem(text);
    return Picked(problem, FindVariant(OpOf(problem), "auto")->prepare(problem, {}).impl)->name;
  };
  EXPECT_EQ(picked("conv2d:ic16ih9oc32kh5ph2"), "direct");
  EXPECT_EQ(picked("fc:mb33ic64oc40"), "gemm");
}

TEST(AutoTest, DeclinesWithTheReasonOfItsChoices) {
  const Support support = FindVariant("fc", "auto")->supports(kProblem, {.dtype = DType::kF64});
  EXPECT_FALSE(support.ok);
  EXPECT_EQ(support.reason, "f32 only");
}

TEST(AutoTest, LeavesNoMemoryBehind) {
  const size_t held = HeldBytes();
  const Invocation invocation = FindVariant("fc", "auto")->prepare(kProblem, {});
  EXPECT_EQ(HeldBytes(), held);
}

TEST(TrialTest, AWaitingContenderLosesAndIsSoonLeftOut) {
  int quick_calls = 0, slow_calls = 0;
  std::vector<Invocation> contenders(3);
  contenders[0].run = [&](const Args&) {
    ++slow_calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  contenders[1].run = [&](const Args&) { ++quick_calls; };
  contenders[2].run = contenders[0].run;
  EXPECT_EQ(Fastest(kProblem, {}, contenders), 1u);
  EXPECT_GE(quick_calls, 5);
  EXPECT_LT(slow_calls, 2 * quick_calls);
}

TEST(TrialTest, ContendersGetTheOperandsAndMemoryOfTheirOwnPreparedForThem) {
  std::vector<std::string> calls;
  std::vector<const std::byte*> packed, workspaces;
  std::vector<Invocation> contenders(2);
  for (Invocation& one : contenders) {
    one.packed_bytes = 64;
    one.workspace_bytes = 128;
    one.pack = [&](const Args& args) {
      calls.push_back("pack");
      packed.push_back(args.packed);
    };
    one.reorder_in = [&](const Args& args) {
      calls.push_back("reorder");
      workspaces.push_back(args.workspace);
    };
    one.run = [&](const Args& args) {
      calls.push_back("run");
      for (size_t i = 0; i < Operands(kProblem).size(); ++i) {
        EXPECT_EQ(args.operand[i] != nullptr, Operands(kProblem)[i].elements() > 0) << i;
      }
    };
  }
  Fastest(kProblem, {}, contenders);
  ASSERT_GE(calls.size(), 6u);
  EXPECT_EQ((std::vector<std::string>(calls.begin(), calls.begin() + 5)),
            (std::vector<std::string>{"pack", "reorder", "pack", "reorder", "run"}));
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "pack"), 2);
  EXPECT_NE(packed[0], packed[1]);
  EXPECT_NE(workspaces[0], workspaces[1]);
}

TEST(TrialTest, OneContenderNeedsNoTrial) {
  int calls = 0;
  std::vector<Invocation> contenders(1);
  contenders[0].run = [&](const Args&) { ++calls; };
  EXPECT_EQ(Fastest(kProblem, {}, contenders), 0u);
  EXPECT_EQ(calls, 0);
}

TEST(TrialTest, NamesThatNoVariantHasAreLeftOut) {
  constexpr std::string_view kSome[] = {"no_such_variant", "gemm"};
  EXPECT_EQ(Picked(kProblem, PrepareFastestOf(kSome, kProblem, {}).impl)->name, "gemm");
  constexpr std::string_view kNone[] = {"no_such_variant"};
  EXPECT_FALSE(SupportsAnyOf(kNone, kProblem, {}).ok);
  EXPECT_THROW(PrepareFastestOf(kNone, kProblem, {}), Error);
}

TEST(Im2colTest, ItsWorkspaceIsTheColumnMatrixOfOneImage) {
  const auto prepared = [](std::string_view text) {
    return FindVariant("conv2d", "im2col")->prepare(ParseProblem(text), {.threads = 2});
  };
  EXPECT_EQ(prepared("conv2d:mb4ic8ih6iw7oc16kh3ph1").workspace_bytes, 4u * 6 * 7 * 9 * 8);
  EXPECT_EQ(prepared("conv2d:ic8ih6oc16kh3sh2ph1g4").workspace_bytes, 4u * 3 * 3 * 9 * 8);
  EXPECT_EQ(prepared("conv2d:ic8ih6oc16kh1").workspace_bytes, 0u) << "a 1x1 convolution copies nothing";
  EXPECT_EQ(prepared("conv2d:ic8ih6oc16kh1sh2").workspace_bytes, 4u * 3 * 3 * 8);
  EXPECT_EQ(prepared("conv2d:ic8ih6oc16kh3ph1").executed_flops, 2.0 * 6 * 6 * 9 * 8 * 16) << "taps on padding included";
}

}  // namespace
}  // namespace roofgap
