// The distance of approximate attention from exact attention on the same operands.

#include "kernels/api/distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/api/compare.h"
#include "kernels/api/fill.h"

namespace roofgap {
namespace {

// Operands of a problem in f64, filled as they ask for and free to be changed.
class Example {
 public:
  explicit Example(std::string_view text) : problem(ParseProblem(text)) {
    for (const Operand& operand : Operands(problem)) {
      std::vector<double>& value = values.emplace_back(static_cast<size_t>(operand.elements()));
      if (operand.role != Role::kOutput) {
        FillOperand(operand, reinterpret_cast<std::byte*>(value.data()), DType::kF64, values.size());
      }
      dims = operand.dims;
    }
  }

  Args args() {
    Args args;
    for (size_t i = 0; i < values.size(); ++i) args.operand[i] = reinterpret_cast<std::byte*>(values[i].data());
    return args;
  }
  // Of the definition of the op, on at most 4096 outputs.
  double Distance() {
    const std::vector<int64_t> outputs = OutputsToCheck(dims, 4096, 1);
    const std::vector<Expected> approximate = Reference(problem, DType::kF64, args(), outputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      values.back()[static_cast<size_t>(outputs[i])] = approximate[i].value;
    }
    return RelativeDistance(reinterpret_cast<const std::byte*>(values.back().data()), DType::kF64, outputs,
                            ExactReference(problem, DType::kF64, args(), outputs));
  }

  const Problem problem;
  std::vector<std::vector<double>> values;
  std::vector<int64_t> dims;  // of the output
};

TEST(DistanceTest, OnlyApproximationsHaveAnExactProblem) {
  EXPECT_EQ(ExactProblem(ParseProblem("attention:h1s4d4")), std::nullopt);
  EXPECT_EQ(ExactProblem(ParseProblem("fc:ic4oc4")), std::nullopt);
  const auto exact = [](std::string_view text) { return Describe(ExactProblem(ParseProblem(text)).value()); };
  EXPECT_EQ(exact("linformer:b2h4kvh2s7t9d8k3"), "attention:b2h4kvh2s7t9d8");
  EXPECT_EQ(exact("performer:h4s7d8m16"), "attention:h4s7d8");
  EXPECT_EQ(exact("performer:h4kvh1s7t9d8causal1m16"), "attention:h4kvh1s7t9d8causal1");
}

TEST(DistanceTest, LinformerWithTheIdentityIsExact) {
  Example example("linformer:b2h4kvh2s5t12d8k12");
  for (size_t operand : {Linformer::kE, Linformer::kF}) {
    for (size_t i = 0; i < 12 * 12; ++i) example.values[operand][i] = i % 13 == 0;
  }
  EXPECT_LT(example.Distance(), 1e-14);
}

TEST(DistanceTest, IsTheRelativeNormOfTheDifference) {
  // One key: exact attention gives its value, 3 and 4; a projection that doubles values gives twice that.
  Example example("linformer:h1s1d2k1");
  example.values[Linformer::kV] = {3, 4};
  example.values[Linformer::kF] = {2};
  EXPECT_NEAR(example.Distance(), 1, 1e-15);
  example.values[Linformer::kF] = {1.5};
  EXPECT_NEAR(example.Distance(), 0.5, 1e-15);
}

TEST(DistanceTest, PerformerWithOneKeyIsExact) {
  EXPECT_LT(Example("performer:h3kvh1s9t1d16m5").Distance(), 1e-14);
  EXPECT_LT(Example("performer:h1s1d16causal1m5").Distance(), 1e-14);
}

// The estimate has no bias, and the variance of a mean of m: 16 times the features, a quarter of the error.
TEST(DistanceTest, PerformerComesNearerAsTheRootOfItsFeatures) {
  for (std::string_view shape : {"performer:h2s96d16m", "performer:h2s96d16causal1m"}) {
    const double few = Example(std::string(shape) + "64").Distance();
    const double many = Example(std::string(shape) + "1024").Distance();
    EXPECT_LT(few, 1) << shape;
    EXPECT_LT(many, few / 2.5) << shape;
    EXPECT_GT(many, few / 6.4) << shape;
  }
}

// Scores of uniform operands differ little, so that means over parts of the keys are near to softmax's.
TEST(DistanceTest, LinformerAsItIsFilledIsAnApproximation) {
  EXPECT_LT(Example("linformer:h2s256d64k64").Distance(), 0.6);
}

}  // namespace
}  // namespace roofgap
