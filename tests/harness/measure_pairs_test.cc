#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "harness/measure/pairs.h"

namespace roofgap {
namespace {

TEST(Pairs, OnlyRoundsThatBothHaveAreCompared) {
  const std::vector<TurnSummary> a{{0, 10}, {2, 10}, {3, 10}, {7, 10}}, b{{1, 99}, {2, 20}, {3, 40}, {8, 99}};
  const PairRatio ratio = CompareTurns(a, b);
  EXPECT_EQ(ratio.rounds, 2);
  EXPECT_EQ(ratio.median, 3);
  EXPECT_FALSE(ratio.comparable());
  EXPECT_FALSE(ratio.differs());
  EXPECT_EQ(CompareTurns({}, b).rounds, 0);
}

TEST(Pairs, DifferWhenTheIntervalOfTheRatioLeavesOneOut) {
  std::vector<TurnSummary> a, slower, either;
  for (int round = 0; round < 20; ++round) {
    const double drift = 1 + 0.1 * round;  // far more than the difference
    a.push_back({round, 100 * drift});
    slower.push_back({round, 101 * drift});
    either.push_back({round, (round % 2 == 0 ? 99 : 101) * drift});
  }
  EXPECT_TRUE(CompareTurns(a, slower).differs());
  EXPECT_TRUE(CompareTurns(slower, a).differs());
  EXPECT_NEAR(CompareTurns(a, slower).median, 1.01, 1e-12);
  EXPECT_FALSE(CompareTurns(a, either).differs());
}

TEST(Pairs, EqualContendersDifferAsOftenAsExpectedAndInFivePercentAtMost) {
  constexpr int kPairs = 4000;
  std::mt19937_64 random(7);
  for (const int rounds : {6, 20, 61}) {
    int differ = 0;
    double expected = 0;
    for (int pair = 0; pair < kPairs; ++pair) {
      std::vector<TurnSummary> a, b;
      double drift = 1;
      for (int round = 0; round < rounds; ++round) {
        drift *= std::normal_distribution(1.0, 0.02)(random);
        a.push_back({round, drift * (1 + std::exponential_distribution(30.0)(random))});
        b.push_back({round, drift * (1 + std::exponential_distribution(30.0)(random))});
      }
      const PairRatio ratio = CompareTurns(a, b);
      differ += ratio.differs();
      expected = ratio.expected;
    }
    const ShareInterval interval = BinomialInterval(differ, kPairs);
    EXPECT_LE(interval.low, expected) << rounds;
    EXPECT_GE(interval.high, expected) << rounds;
    EXPECT_LE(expected, 0.05) << rounds;
  }
}

// Wilson's interval, as tables give it.
TEST(Pairs, BinomialIntervalHasItsKnownValues) {
  const ShareInterval twenty = BinomialInterval(20, 400);
  EXPECT_NEAR(twenty.low, 0.0326, 1e-4);
  EXPECT_NEAR(twenty.high, 0.0759, 1e-4);
  const ShareInterval none = BinomialInterval(0, 10);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.2775, 1e-4);
  EXPECT_NEAR(BinomialInterval(10, 10).high, 1, 1e-12);
}

}  // namespace
}  // namespace roofgap
