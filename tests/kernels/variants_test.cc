// Every variant, on every instruction set that it can be held to, computes what the reference defines.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "kernels/api/compare.h"
#include "kernels/api/fill.h"
#include "kernels/api/registry.h"
#include "tests/kernels/guarded.h"
#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

constexpr DType kTestedTypes[] = {DType::kF32, DType::kF64};

// The operands of one problem and what is expected of them; made once for all variants.
struct Example {
  std::vector<Operand> operands;
  std::vector<std::vector<std::byte>> values;  // empty for outputs
  std::vector<int64_t> outputs;
  std::vector<Expected> expected;
};

// Scores of uniform q and k hardly differ. Times 16 (exact) weights differ by e^20, and maxima move between blocks.
// Features of performer differ enough as they are, and only one of them would be left of so long a query.
void Sharpen(std::vector<std::byte>& q, DType dtype) {
  const auto scale = [&]<class T>(T) {
    for (size_t at = 0; at < q.size(); at += sizeof(T)) {
      T value;
      std::memcpy(&value, &q[at], sizeof value);
      value *= 16;
      std::memcpy(&q[at], &value, sizeof value);
    }
  };
  dtype == DType::kF64 ? scale(double{}) : scale(float{});
}

Example MakeExample(const Problem& problem, DType dtype) {
  Example example;
  example.operands = Operands(problem);
  Args args;
  for (size_t i = 0; i < example.operands.size(); ++i) {
    const Operand& operand = example.operands[i];
    std::vector<std::byte>& value = example.values.emplace_back();
    if (operand.role == Role::kOutput) {
      example.outputs = OutputsToCheck(operand.dims, operand.elements(), 0);
      continue;
    }
    value.resize(operand.bytes(dtype));
    FillOperand(operand, value.data(), dtype, i + 1);
    if (operand.name == "q" && OpOf(problem) != Performer::kOp) Sharpen(value, dtype);
    args.operand[i] = value.data();
  }
  example.expected = Reference(problem, dtype, args, example.outputs);
  return example;
}

const Example& ExampleOf(const Problem& problem, DType dtype) {
  static std::map<std::pair<std::string, DType>, Example> made;
  const auto key = std::make_pair(Describe(problem), dtype);
  const auto found = made.find(key);
  return found != made.end() ? found->second : made.emplace(key, MakeExample(problem, dtype)).first->second;
}

// One set of arguments of an invocation, each in guarded memory.
class Arguments {
 public:
  // Operands end `gap` bytes before memory that must not be touched.
  Arguments(const Example& example, const Invocation& invocation, DType dtype, size_t gap)
      : example_(example),
        packed_(RoundUp(invocation.packed_bytes), 0),
        workspace_(RoundUp(invocation.workspace_bytes), 0) {
    for (size_t i = 0; i < example.operands.size(); ++i) {
      const Guarded& operand = operands_.emplace_back(example.operands[i].bytes(dtype), gap);
      if (!example.values[i].empty()) std::memcpy(operand.data(), example.values[i].data(), operand.size());
      args_.operand[i] = operand.data();
    }
    args_.packed = packed_.data();
    args_.workspace = workspace_.data();
  }

  // Poisons the output and calls as the contract of Invocation says. Returns the output's bytes.
  std::vector<std::byte> Call(const Invocation& invocation, bool pack) {
    const Guarded& dst = operands_.back();
    std::memset(dst.data(), 0xFF, dst.size());
    if (pack && invocation.pack) invocation.pack(args_);
    if (invocation.reorder_in) invocation.reorder_in(args_);
    invocation.run(args_);
    if (invocation.reorder_out) invocation.reorder_out(args_);
    return {dst.data(), dst.data() + dst.size()};
  }

  void ExpectOnlyTheOutputWritten() const {
    for (size_t i = 0; i < operands_.size(); ++i) {
      EXPECT_TRUE(operands_[i].Intact()) << "written outside " << example_.operands[i].name;
      if (example_.values[i].empty()) continue;
      EXPECT_EQ(std::memcmp(operands_[i].data(), example_.values[i].data(), operands_[i].size()), 0)
          << example_.operands[i].name << " was changed";
    }
    EXPECT_TRUE(packed_.Intact()) << "written outside packed";
    EXPECT_TRUE(workspace_.Intact()) << "written outside workspace";
  }

 private:
  // Scratch is promised on 64 bytes, and its end is a page's.
  static size_t RoundUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

  const Example& example_;
  Guarded packed_;
  Guarded workspace_;
  std::deque<Guarded> operands_;
  Args args_;
};

// What is expected of an invocation: bounds of sums of products, or wider where its algorithm rounds in other ways.
std::vector<Expected> ExpectedOf(const Invocation& invocation, const Example& example) {
  if (!invocation.extra_error) return example.expected;
  Args args;
  for (size_t i = 0; i < example.values.size(); ++i) {
    args.operand[i] = const_cast<std::byte*>(example.values[i].data());
  }
  return Widened(example.expected, invocation.extra_error(args, example.outputs));
}

void ExpectWithinBound(const Example& example, const std::vector<Expected>& expected, DType dtype,
                       const std::vector<std::byte>& dst) {
  const Comparison worst = Compare(dst.data(), dtype, example.outputs, expected);
  EXPECT_TRUE(worst.ok()) << "element " << worst.index << " of " << example.outputs.size() << " is off by "
                          << worst.error << ", bound " << worst.bound;
}

void ExpectCorrect(const Invocation& invocation, const Example& example, DType dtype) {
  const std::vector<Expected> expected = ExpectedOf(invocation, example);
  for (const size_t gap : {size_t{0}, SizeOf(dtype)}) {  // both ends of a vector's alignment, and one element off
    Arguments arguments(example, invocation, dtype, gap);
    const std::vector<std::byte> first = arguments.Call(invocation, /*pack=*/true);
    ExpectWithinBound(example, expected, dtype, first);
    const std::vector<std::byte> second = arguments.Call(invocation, /*pack=*/false);
    EXPECT_EQ(first, second) << "a second call gives another result";
    arguments.ExpectOnlyTheOutputWritten();
  }
}

struct Subject {
  const Variant* variant;
  std::string isa;  // empty: the variant cannot be held to one here
  int threads;
};

std::vector<Subject> Subjects() {
  std::vector<Subject> subjects;
  for (const Variant& variant : AllVariants()) {
    const bool any_isa = variant.isa_control == IsaControl::kHighway;
    for (const std::string& isa : any_isa ? SupportedIsas() : std::vector<std::string>{""}) {
      for (int threads : {1, 2}) subjects.push_back({&variant, isa, threads});
    }
  }
  return subjects;
}

std::string NameOf(const testing::TestParamInfo<Subject>& info) {
  const Subject& subject = info.param;
  std::string name = std::string(subject.variant->op) + "_" + std::string(subject.variant->name) + "_";
  if (!subject.isa.empty()) name += subject.isa + "_";
  return name + "t" + std::to_string(subject.threads);
}

class VariantTest : public testing::TestWithParam<Subject> {};

TEST_P(VariantTest, AgreesWithTheReferenceOnEveryShape) {
  const auto& [variant, isa, threads] = GetParam();
  int ran = 0;
  std::string declined;
  for (DType dtype : kTestedTypes) {
    for (std::string_view shape : ShapesOf(variant->op)) {
      const Problem problem = ParseProblem(shape);
      const Context context{.dtype = dtype, .threads = threads};
      std::optional<IsaScope> scope;
      if (!isa.empty()) scope.emplace(isa);
      const Support support = variant->supports(problem, context);
      if (!support.ok) {
        EXPECT_NE(support.reason, "") << shape;
        declined = support.reason;
        continue;
      }
      SCOPED_TRACE(std::string(shape) + " " + std::string(Name(dtype)));
      const Invocation invocation = variant->prepare(problem, context);
      scope.reset();  // calls keep what prepare fetched
      EXPECT_EQ(invocation.impl.rfind(isa, 0), 0u) << "asked for " << isa << ", got " << invocation.impl;
      EXPECT_TRUE(std::isfinite(invocation.executed_flops) && invocation.executed_flops >= 0);
      // No algorithm of these ops saves multiplications.
      if (variant->op == DwConv2d::kOp || variant->op == DwSep::kOp || variant->op == InvRes::kOp) {
        EXPECT_GE(invocation.executed_flops, (1 - 1e-9) * Count(problem, dtype).flops);
      }
      ExpectCorrect(invocation, ExampleOf(problem, dtype), dtype);
      ++ran;
    }
  }
  if (ran == 0) GTEST_SKIP() << declined;
}

INSTANTIATE_TEST_SUITE_P(All, VariantTest, testing::ValuesIn(Subjects()), NameOf);

TEST(VariantsTest, EachAppliesToSomeShapeOnOneThread) {
  for (const Variant& variant : AllVariants()) {
    bool applies = false;
    for (std::string_view shape : ShapesOf(variant.op)) {
      applies = applies || variant.supports(ParseProblem(shape), {}).ok;
    }
    // A matter of the library's version, how it was built, and the instruction set.
    if (variant.name == "onednn_winograd" || variant.name == "onednn_graph") continue;
    EXPECT_TRUE(applies) << variant.op << "/" << variant.name;
  }
}

TEST(VariantsTest, EveryOpHasShapesAndAReference) {
  for (std::string_view op : OpNames()) {
    EXPECT_FALSE(ShapesOf(op).empty()) << op;
    EXPECT_NE(FindVariant(op, "reference"), nullptr) << op;
  }
}

// The bounds must be able to tell right from wrong: with one middle element of one operand taken as zero, each output
// that depends on it lacks one term.
TEST(VariantsTest, ATermLeftOutIsRefused) {
  for (std::string_view shape :
       {"conv2d:ic67ih5oc67kh3ph1", "conv2d:ic130ih4oc150kh3ph1bia1act1", "dwconv2d:c24ih9kh5ph2",
        "dwconv2d:mb2c33ih5iw13kh3ph1bia1act3", "dwsep:ic64ih14oc40kh3ph1act2", "invres:c17mc67oc17ih5kh3ph1res1act0",
        "fc:ic1030oc67bia1", "attention:h2s33d64", "attention:h2s70d96", "attention:b2h4kvh2s1t150d64",
        "linformer:b2h3s33d64k32", "linformer:h2s7d16k3", "performer:b2h3s33d64m64", "performer:h2s7d16m5",
        "performer:h6kvh2s31t50d48m70"}) {
    const Problem problem = ParseProblem(shape);
    const Example& example = ExampleOf(problem, DType::kF32);
    for (size_t changed = 0; changed < example.operands.size(); ++changed) {
      if (example.values[changed].empty()) continue;
      std::vector<std::vector<std::byte>> values = example.values;
      const auto middle = static_cast<size_t>(example.operands[changed].elements() / 2);
      std::memset(&values[changed][middle * sizeof(float)], 0, sizeof(float));
      Args args;
      for (size_t i = 0; i < values.size(); ++i) args.operand[i] = values[i].data();
      std::vector<float> dst;
      for (const Expected& element : Reference(problem, DType::kF32, args, example.outputs)) {
        dst.push_back(static_cast<float>(element.value));
      }
      const auto* got = reinterpret_cast<const std::byte*>(dst.data());
      EXPECT_FALSE(Compare(got, DType::kF32, example.outputs, example.expected).ok())
          << shape << " without element " << middle << " of " << example.operands[changed].name;
    }
  }
}

TEST(VariantsTest, BoundsAreSmallBesideTheResults) {
  for (std::string_view op : OpNames()) {
    for (std::string_view shape : ShapesOf(op)) {
      double largest_bound = 0;
      double largest_value = 0;
      for (const Expected& expected : ExampleOf(ParseProblem(shape), DType::kF32).expected) {
        largest_bound = std::max(largest_bound, expected.bound);
        largest_value = std::max(largest_value, std::abs(expected.value));
      }
      EXPECT_LT(largest_bound, 1e-3 * std::max(1.0, largest_value)) << shape;
    }
  }
}

}  // namespace
}  // namespace roofgap
