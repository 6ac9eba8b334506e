#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/analysis/run_spread.h"
#include "harness/analysis/two_samples.h"

namespace roofgap {
namespace {

// Rows of two builds that differ by nothing: every third is noisier than the others, and runs shift all rows.
std::vector<RunGroups> MadeRows(int rows, size_t runs, double quiet, double noisy, double shared,
                                std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  RunGroups shifts(2, std::vector<double>(runs));
  for (std::vector<double>& side : shifts) {
    for (double& shift : side) shift = shared * normal(random);
  }
  std::vector<RunGroups> made;
  for (int i = 0; i < rows; ++i) {
    RunGroups& row = made.emplace_back(shifts);
    for (std::vector<double>& side : row) {
      for (double& log : side) log += 7 * i + (i % 3 == 0 ? noisy : quiet) * normal(random);
    }
  }
  return made;
}

double MeanDifference(const RunGroups& row) {
  double difference = 0;
  for (size_t i = 0; i < row[0].size(); ++i) difference += (row[0][i] - row[1][i]) / static_cast<double>(row[0].size());
  return difference;
}

TEST(AnalysisRunSpread, SharedAndOwnPartsAreToldApart) {
  std::mt19937_64 random(3);
  const RunSpread own = FindRunSpread(MadeRows(400, 3, 0.02, 0.02, 0, random));
  EXPECT_NEAR(std::sqrt(own.usual.variance), 0.02, 0.002);
  EXPECT_GT(own.usual.freedom, 30) << "rows that do not differ";
  EXPECT_LT(std::sqrt(own.shared.variance), 0.002);
  EXPECT_EQ(own.shared.freedom, 4) << "three runs a side";
  double shared = 0;
  constexpr int kTimes = 50;
  for (int i = 0; i < kTimes; ++i) {
    shared += FindRunSpread(MadeRows(100, 3, 0.01, 0.01, 0.03, random)).shared.variance / kTimes;
  }
  EXPECT_NEAR(std::sqrt(shared), 0.03, 0.006);
}

TEST(AnalysisRunSpread, RowsKeepWhatIsTheirOwn) {
  std::mt19937_64 random(4);
  const RunSpread spread = FindRunSpread(MadeRows(300, 3, 0.01, 0.1, 0, random));
  EXPECT_LT(spread.usual.freedom, 4) << "rows differ";
  double quiet = 0, noisy = 0;
  for (size_t i = 0; i < 300; ++i)
    (i % 3 == 0 ? noisy : quiet) += std::sqrt(DifferenceSpread(spread, i, 3, 3).variance);
  EXPECT_GT(noisy / 100, 4 * quiet / 200);
}

TEST(AnalysisRunSpread, BuildsThatDifferByNothingAreToldToInOneOfTwentyRows) {
  std::mt19937_64 random(5);
  for (const double shared : {0.0, 0.03}) {
    for (const size_t runs : {2, 4}) {
      int64_t rows = 0, differ = 0;
      for (int times = 0; times < 150; ++times) {
        const std::vector<RunGroups> made = MadeRows(40, runs, 0.01, 0.03, shared, random);
        const RunSpread spread = FindRunSpread(made);
        for (size_t i = 0; i < made.size(); ++i) {
          const Spread of = DifferenceSpread(spread, i, static_cast<double>(runs), static_cast<double>(runs));
          differ += StudentTail(std::abs(MeanDifference(made[i])) / std::sqrt(of.variance), of.freedom) <= 0.05;
          ++rows;
        }
      }
      EXPECT_LT(differ, rows * 8 / 100) << shared << ' ' << runs;
      EXPECT_GT(differ, rows * 2 / 100) << shared << ' ' << runs;
    }
  }
}

TEST(AnalysisRunSpread, FewRowsHaveTheirOwnVarianceAlone) {
  const RunSpread spread = FindRunSpread({{{1.0, 1.2}, {1.0, 1.4}}});
  EXPECT_EQ(spread.usual.freedom, 0);
  const Spread of = DifferenceSpread(spread, 0, 2, 2);
  EXPECT_NEAR(of.variance, (0.02 + 0.08) / 2, 1e-12) << "of one run, times 1/2 + 1/2";
  EXPECT_EQ(of.freedom, 2);
}

TEST(AnalysisRunSpread, OneRunASideTellsNothing) {
  const std::vector<RunGroups> rows(10, RunGroups{{1.0}, {2.0}});
  EXPECT_EQ(DifferenceSpread(FindRunSpread(rows), 3, 1, 1).freedom, 0);
}

TEST(AnalysisRunSpread, RunsThatAgreeExactlyHaveNoSpread) {
  const std::vector<RunGroups> rows(10, RunGroups{{1.0, 1.0}, {2.0, 2.0}});
  const Spread of = DifferenceSpread(FindRunSpread(rows), 3, 2, 2);
  EXPECT_EQ(of.variance, 0);
  EXPECT_GT(of.freedom, 0);
}

TEST(AnalysisRunSpread, StudentQuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(StudentQuantile(1), 12.7062, 1e-3);
  EXPECT_NEAR(StudentQuantile(2.5), 3.57465, 1e-4);
  EXPECT_NEAR(StudentQuantile(10), 2.2281, 1e-4);
  EXPECT_NEAR(StudentQuantile(1e6), 1.95996, 1e-4);
}

}  // namespace
}  // namespace roofgap
