#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/analysis/predictors.h"

namespace roofgap {
namespace {

// The definition, pair by pair.
Kendall BruteForce(const std::vector<double>& x, const std::vector<double>& y) {
  Kendall result;
  int64_t all = 0, tied_x = 0, tied_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      ++all;
      if (x[i] == x[j]) ++tied_x;
      if (y[i] == y[j]) ++tied_y;
      if ((x[i] - x[j]) * (y[i] - y[j]) > 0) ++result.concordant;
      if ((x[i] - x[j]) * (y[i] - y[j]) < 0) ++result.discordant;
    }
  }
  if (all > tied_x && all > tied_y) {
    result.tau = static_cast<double>(result.concordant - result.discordant) /
                 std::sqrt(static_cast<double>(all - tied_x) * static_cast<double>(all - tied_y));
  }
  return result;
}

TEST(AnalysisPredictors, KendallAgreesWithTheDefinitionWithAndWithoutTies) {
  std::mt19937_64 random(40);
  for (uint64_t values : {2, 3, 10, 1000000}) {
    for (size_t n = 0; n < 60; ++n) {
      std::vector<double> x(n), y(n);
      for (double& v : x) v = static_cast<double>(random() % values);
      for (double& v : y) v = static_cast<double>(random() % values);
      const Kendall fast = KendallTau(x, y);
      const Kendall slow = BruteForce(x, y);
      EXPECT_EQ(fast.concordant, slow.concordant);
      EXPECT_EQ(fast.discordant, slow.discordant);
      ASSERT_EQ(fast.tau.has_value(), slow.tau.has_value());
      EXPECT_DOUBLE_EQ(fast.tau.value_or(0), slow.tau.value_or(0));
    }
  }
}

TEST(AnalysisPredictors, KendallKnowsItsEnds) {
  const std::vector<double> up = {1, 2, 3, 4}, down = {9, 7, 5, 3}, flat = {1, 1, 1, 1};
  EXPECT_DOUBLE_EQ(*KendallTau(up, up).tau, 1);
  EXPECT_DOUBLE_EQ(*KendallTau(up, down).tau, -1);
  EXPECT_FALSE(KendallTau(up, flat).tau.has_value());
  EXPECT_FALSE(KendallTau(flat, up).tau.has_value());
}

Gap Row(const std::string& problem, double flops, double t_attainable_ns, double median_ns) {
  Gap gap;
  gap.problem = problem;
  gap.variant = "direct";
  gap.isa = "AVX3";
  gap.threads = 1;
  gap.cache = "warm";
  gap.status = kMeasured;
  gap.flops = flops;
  gap.t_flops_ns = flops / 100;
  gap.t_attainable_ns = t_attainable_ns;
  gap.median_ns = median_ns;
  return gap;
}

TEST(AnalysisPredictors, FlopsAndAttainableTimesAreJudgedAgainstTheMedian) {
  // FLOPs predict 10, 20, 30 ns; the roof 50, 40, 90; measured are 100, 50, 120.
  std::vector<Gap> gaps = {Row("a", 1000, 50, 100), Row("b", 2000, 40, 50), Row("c", 3000, 90, 120)};
  gaps.push_back(Row("skipped", 4000, 100, 1));
  gaps.back().median_ns.reset();
  const Predictors judged = JudgePredictors(gaps);
  EXPECT_EQ(judged.flops.rows, 3);
  EXPECT_EQ(judged.flops.ordered_pairs, 3);
  EXPECT_EQ(judged.flops.wrong_pairs, 1);
  EXPECT_DOUBLE_EQ(*judged.flops.tau, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*judged.flops.median_error, 0.75) << "of 0.9, 0.6, 0.75";
  EXPECT_DOUBLE_EQ(*judged.flops.scale, 2 / 0.65) << "brings the ratios 0.25 and 0.4 equally near to 1";
  EXPECT_DOUBLE_EQ(*judged.flops.scaled_error, 0.15 / 0.65);
  EXPECT_DOUBLE_EQ(*judged.flops.worst_error, 0.9);
  EXPECT_EQ(judged.flops.worst, &gaps[0]);
  EXPECT_DOUBLE_EQ(*judged.attainable.worst_error, 0.5);
  EXPECT_EQ(judged.attainable.wrong_pairs, 0);
  EXPECT_DOUBLE_EQ(*judged.attainable.tau, 1);
  EXPECT_DOUBLE_EQ(*judged.attainable.median_error, 0.25) << "of 0.5, 0.2, 0.25";
}

TEST(AnalysisPredictors, FactorsTellHowFarOffAPromiseOfTooLittleIs) {
  // FLOPs predict 10, 20, 30, 40 ns; they take 200, 40, 90 and 20: factors 20, 2, 3, 2, errors 0.95, 0.5, 0.67, 1.
  std::vector<Gap> gaps = {Row("a", 1000, 1, 200), Row("b", 2000, 1, 40), Row("c", 3000, 1, 90), Row("d", 4000, 1, 20)};
  gaps[1].status = gaps[3].status = kUnstable;
  const Predictor judged = JudgePredictors(gaps).flops;
  EXPECT_EQ(judged.worst, &gaps[3]) << "the largest error is that of the row which FLOPs make slower than it is";
  EXPECT_DOUBLE_EQ(*judged.worst_factor, 20);
  EXPECT_EQ(judged.farthest, &gaps[0]);
  EXPECT_DOUBLE_EQ(*judged.median_factor, 3);
  EXPECT_DOUBLE_EQ(*judged.median_ratio, 3) << "of 20, 2, 3, 0.5";
  EXPECT_DOUBLE_EQ(*judged.scaled_factor, 6) << "of 20/3, 3/2, 1, 6";
  EXPECT_EQ(judged.unstable_rows, 2);
  const std::vector<PredictorRow> rows = JudgeSettings(gaps);
  EXPECT_EQ(rows[0].worst_problem + rows[0].farthest_problem, "da");
}

TEST(AnalysisPredictors, NoFactorDoesBetterThanTheScale) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 50; ++round) {
    std::vector<Gap> gaps;
    for (uint64_t n = 1 + random() % 10; n > 0; --n) {
      gaps.push_back(Row("p", 1 + static_cast<double>(random() % 100), 1, 1 + static_cast<double>(random() % 100)));
    }
    const Predictor best = JudgePredictors(gaps).flops;
    EXPECT_LE(*best.scaled_error, *best.median_error + 1e-12);
    for (int i = 0; i < 300; ++i) {
      std::vector<Gap> scaled = gaps;
      for (Gap& gap : scaled) gap.t_flops_ns = *gap.t_flops_ns * *best.scale * std::exp((i - 150) / 50.0);
      EXPECT_GE(*JudgePredictors(scaled).flops.median_error, *best.scaled_error - 1e-12);
    }
  }
}

TEST(AnalysisPredictors, NoRowsNoJudgement) {
  const Predictors judged = JudgePredictors({});
  EXPECT_EQ(judged.flops.rows, 0);
  EXPECT_FALSE(judged.flops.tau || judged.flops.median_error || judged.flops.scale || judged.flops.scaled_error ||
               judged.flops.median_factor || judged.flops.worst_factor || judged.flops.median_ratio);
}

TEST(AnalysisPredictors, FastestRowOfEachProblemAndSettingInFileOrder) {
  std::vector<Gap> gaps = {Row("a", 1, 1, 9), Row("b", 1, 1, 5), Row("a", 1, 1, 7), Row("a", 1, 1, 8),
                           Row("c", 1, 1, 1)};
  gaps[3].threads = 2;
  gaps[4].median_ns.reset();
  const std::vector<Gap> fastest = FastestRows(gaps);
  ASSERT_EQ(fastest.size(), 3u);
  EXPECT_EQ(*fastest[0].median_ns, 5);
  EXPECT_EQ(*fastest[1].median_ns, 7);
  EXPECT_EQ(*fastest[2].median_ns, 8);
}

TEST(AnalysisPredictors, WorstMisorderAgreesWithAllPairs) {
  std::mt19937_64 random(41);
  for (int round = 0; round < 300; ++round) {
    std::vector<Gap> gaps;
    for (uint64_t n = random() % 12; n > 0; --n) {
      gaps.push_back(Row("p", 1 + static_cast<double>(random() % 6), 1, 1 + static_cast<double>(random() % 50)));
      gaps.back().threads = 1 + static_cast<int>(random() % 2);
    }
    double factor = 1;
    for (const Gap& a : gaps) {
      for (const Gap& b : gaps) {
        if (a.threads == b.threads && *a.flops < *b.flops) factor = std::max(factor, *a.median_ns / *b.median_ns);
      }
    }
    const std::vector<Misorder> found = WorstMisorders(gaps, 1);
    ASSERT_EQ(found.size(), factor > 1 ? 1u : 0u);
    if (factor == 1) continue;
    const Misorder worst = found[0];
    EXPECT_DOUBLE_EQ(*worst.fewer->median_ns / *worst.more->median_ns, factor);
    EXPECT_LT(*worst.fewer->flops, *worst.more->flops);
    EXPECT_EQ(worst.fewer->threads, worst.more->threads);
  }
}

TEST(AnalysisPredictors, MisorderedPairsComeWorstFirstAndNoRowTwice) {
  const std::vector<Gap> gaps = {Row("a", 1, 1, 100), Row("b", 2, 1, 10), Row("c", 3, 1, 40), Row("d", 4, 1, 20),
                                 Row("e", 5, 1, 30)};
  const std::vector<Misorder> found = WorstMisorders(gaps, 9);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].fewer->problem + found[0].more->problem, "ab") << "10 x; with a alone d would be 5 x";
  EXPECT_EQ(found[1].fewer->problem + found[1].more->problem, "cd");
  EXPECT_EQ(WorstMisorders(gaps, 1).size(), 1u);
}

TEST(AnalysisPredictors, EachSettingIsJudgedAloneAfterTheWholeRun) {
  std::vector<Gap> gaps = {Row("a", 1000, 50, 100), Row("b", 2000, 40, 50), Row("b", 2000, 40, 60),
                           Row("a", 1000, 9, 10), Row("b", 2000, 19, 20)};
  gaps[3].threads = gaps[4].threads = 2;
  const std::vector<PredictorRow> rows = JudgeSettings(gaps);
  ASSERT_EQ(rows.size(), 12u);
  EXPECT_EQ(rows[0].predictor + rows[1].predictor + rows[2].predictor, "flopsattainableflops");
  EXPECT_EQ(rows[1].of + rows[2].of, "allfastest");
  EXPECT_FALSE(rows[3].threads.has_value());
  EXPECT_EQ(rows[0].judged.rows, 5);
  EXPECT_EQ(rows[2].judged.rows, 4);
  EXPECT_EQ(rows[4].threads, 1);
  EXPECT_EQ(rows[4].judged.rows, 3);
  EXPECT_EQ(rows[6].judged.rows, 2) << "the fastest of each problem";
  EXPECT_EQ(rows[4].worst_problem, "a");
  EXPECT_EQ(rows[8].threads, 2);
  EXPECT_EQ(rows[8].judged.wrong_pairs, 0);
  EXPECT_TRUE(JudgeSettings({}).empty());
}

}  // namespace
}  // namespace roofgap
