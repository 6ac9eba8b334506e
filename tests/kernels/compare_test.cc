#include "kernels/api/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "kernels/api/reference.h"

namespace roofgap {
namespace {

Comparison CompareAll(const std::vector<float>& dst, const std::vector<Expected>& expected) {
  std::vector<int64_t> indices(expected.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  return Compare(reinterpret_cast<const std::byte*>(dst.data()), DType::kF32, indices, expected);
}

TEST(CompareTest, AcceptsErrorsUpToTheBound) {
  const Comparison worst = CompareAll({1.5f, 2.0f}, {{1.0, 0.5}, {2.0, 0.0}});
  EXPECT_TRUE(worst.ok());
  EXPECT_EQ(worst.error, 0.5);
  EXPECT_EQ(worst.index, 0);
}

TEST(CompareTest, RefusesErrorsBeyondTheBound) {
  EXPECT_FALSE(CompareAll({1.5f}, {{1.0, 0.499}}).ok());
  EXPECT_FALSE(CompareAll({std::nextafter(1.0f, 2.0f)}, {{1.0, 0.0}}).ok());
}

TEST(CompareTest, ReportsTheElementThatUsesMostOfItsBound) {
  const Comparison worst = CompareAll({10.0f, 1.0f, 5.0f}, {{9.0, 2.0}, {1.3, 0.1}, {5.0, 1.0}});
  EXPECT_EQ(worst.index, 1);
  EXPECT_EQ(worst.bound, 0.1);
}

TEST(CompareTest, NaNAndInfinityAreNeverAccepted) {
  const double huge = std::numeric_limits<double>::max();
  EXPECT_FALSE(CompareAll({std::nanf("")}, {{0.0, huge}}).ok());
  EXPECT_FALSE(CompareAll({std::numeric_limits<float>::infinity()}, {{0.0, huge}}).ok());
  EXPECT_FALSE(CompareAll({0.0f, std::nanf(""), 0.0f}, {{0.0, 1.0}, {0.0, 1.0}, {0.0, 1.0}}).ok());
}

TEST(CompareTest, LooksOnlyAtTheListedElements) {
  const std::vector<double> dst = {std::nan(""), 7.0, std::nan("")};
  const std::vector<int64_t> indices = {1};
  const std::vector<Expected> expected = {{7.0, 0.0}};
  EXPECT_TRUE(Compare(reinterpret_cast<const std::byte*>(dst.data()), DType::kF64, indices, expected).ok());
}

TEST(CompareTest, AnElementWithoutAProperBoundIsNeitherRightNorWrong) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bound : {infinity, -infinity, -1.0, std::nan("")}) {
    for (const float got : {1.0f, 5.0f, std::nanf("")}) {  // equal, off, and no number
      const Comparison worst = CompareAll({2.0f, got, 3.5f}, {{2.0, 0.1}, {1.0, bound}, {3.0, 1.0}});
      EXPECT_FALSE(worst.verifiable()) << bound;
      EXPECT_FALSE(worst.ok()) << bound;
      EXPECT_EQ(worst.index, 1);
    }
    const Comparison wrong = CompareAll({1.0f, 9.0f}, {{1.0, bound}, {3.0, 1.0}});
    EXPECT_TRUE(wrong.verifiable()) << "an element is wrong beside one without a bound";
    EXPECT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.index, 1);
  }
  EXPECT_TRUE(CompareAll({1.0f}, {{1.0, 0.0}}).verifiable());
}

TEST(BoundTest, GrowsWithTheLengthOfASumBeyondTheReciprocalOfTheUnitRoundoff) {
  const auto bound = [](int64_t terms) {
    const Sum sum{.value = 0, .magnitude = 1, .terms = terms};
    return WithBiasAndActivation<float>(sum, nullptr, 0, UnitRoundoff(DType::kF32)).bound;
  };
  EXPECT_EQ(bound(7), 0x1p-21);
  EXPECT_EQ(bound((int64_t{1} << 24) - 1), 1.0);
  EXPECT_EQ(bound((int64_t{1} << 26) - 1), 4.0);
}

TEST(OutputsToCheckTest, AreAllWhereTheyAreFew) {
  const std::vector<int64_t> dims = {2, 3, 4};
  const std::vector<int64_t> outputs = OutputsToCheck(dims, 24, 1);
  ASSERT_EQ(outputs.size(), 24u);
  for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(outputs[static_cast<size_t>(i)], i);
}

TEST(OutputsToCheckTest, AreADistinctAscendingSampleWithAllCornersWhereTheyAreMany) {
  const std::vector<int64_t> dims = {4, 50, 60, 70};
  const std::vector<int64_t> outputs = OutputsToCheck(dims, 500, 7);
  ASSERT_EQ(outputs.size(), 500u);
  EXPECT_TRUE(std::ranges::is_sorted(outputs));
  const std::set<int64_t> distinct(outputs.begin(), outputs.end());
  EXPECT_EQ(distinct.size(), outputs.size());
  EXPECT_GE(outputs.front(), 0);
  EXPECT_LT(outputs.back(), int64_t{4} * 50 * 60 * 70);
  for (int64_t n : {0, 3}) {
    for (int64_t h : {0, 49}) {
      for (int64_t w : {0, 59}) {
        for (int64_t c : {0, 69}) EXPECT_TRUE(distinct.contains(((n * 50 + h) * 60 + w) * 70 + c));
      }
    }
  }
}

TEST(OutputsToCheckTest, DependOnTheSeedAlone) {
  const std::vector<int64_t> dims = {100, 100};
  EXPECT_EQ(OutputsToCheck(dims, 50, 3), OutputsToCheck(dims, 50, 3));
  EXPECT_NE(OutputsToCheck(dims, 50, 3), OutputsToCheck(dims, 50, 4));
}

}  // namespace
}  // namespace roofgap
