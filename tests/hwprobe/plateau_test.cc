#include "hwprobe/plateau.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace roofgap {
namespace {

constexpr double kKiB = 1024, kMiB = 1024 * 1024;

struct CacheModel {
  double capacity_bytes;
  double gbps;
};

// Bandwidth of a set of `bytes`: a cache serves what fits; from its capacity to half as much again its share dies away.
double ModelGbps(const std::vector<CacheModel>& caches, double dram_gbps, double bytes) {
  double left = 1;
  double ns_per_byte = 0;
  for (const CacheModel& cache : caches) {
    const double kept = std::clamp(1 - (bytes - cache.capacity_bytes) / (0.5 * cache.capacity_bytes), 0.0, 1.0);
    ns_per_byte += left * kept / cache.gbps;
    left *= 1 - kept;
  }
  return 1 / (ns_per_byte + left / dram_gbps);
}

std::vector<CurvePoint> Curve(const std::vector<CacheModel>& caches, double dram_gbps, double last_bytes) {
  std::vector<CurvePoint> curve;
  for (double bytes = 4 * kKiB; bytes <= last_bytes; bytes *= std::sqrt(2.0)) {
    curve.push_back({bytes, ModelGbps(caches, dram_gbps, bytes)});
  }
  return curve;
}

const std::vector<CacheModel> kServer = {{48 * kKiB, 500}, {1 * kMiB, 250}, {32 * kMiB, 120}};

void ExpectKnee(double knee, double capacity) {
  EXPECT_GT(knee, capacity / 1.2);
  EXPECT_LT(knee, capacity * 1.7);
}

TEST(PlateauTest, FindsEveryCacheAndItsCapacity) {
  const std::vector<Plateau> plateaus = FindPlateaus(Curve(kServer, 40, 128 * kMiB));
  ASSERT_EQ(plateaus.size(), 4u);
  for (size_t i = 0; i < kServer.size(); ++i) {
    ExpectKnee(plateaus[i].knee_bytes, kServer[i].capacity_bytes);
    EXPECT_NEAR(plateaus[i].gbps, kServer[i].gbps, 0.03 * kServer[i].gbps);
  }
  EXPECT_EQ(plateaus.back().knee_bytes, 0);
  EXPECT_NEAR(plateaus.back().gbps, 40, 2);
}

TEST(PlateauTest, FindsThemUnderNoiseOfFivePercent) {
  int exact = 0;
  constexpr int kTrials = 300;
  for (int seed = 0; seed < kTrials; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    std::normal_distribution<double> noise(0, 0.05);
    std::vector<CurvePoint> curve = Curve(kServer, 40, 128 * kMiB);
    for (CurvePoint& point : curve) point.gbps *= std::exp(noise(random));
    const std::vector<Plateau> plateaus = FindPlateaus(curve);
    bool good = plateaus.size() == 4;
    for (size_t i = 0; good && i < 3; ++i) {
      const double off = std::abs(std::log2(plateaus[i].knee_bytes / (1.2 * kServer[i].capacity_bytes)));
      good = off < 0.6;
    }
    exact += good;
  }
  EXPECT_GE(exact, kTrials * 95 / 100);
}

TEST(PlateauTest, IgnoresSinglePointsThatTheMachineDisturbed) {
  const size_t points = Curve(kServer, 40, 128 * kMiB).size();
  for (size_t i = 1; i + 1 < points; ++i) {
    std::vector<CurvePoint> curve = Curve(kServer, 40, 128 * kMiB);
    curve[i].gbps *= 0.3;
    const std::vector<Plateau> plateaus = FindPlateaus(curve);
    ASSERT_EQ(plateaus.size(), 4u) << "disturbed at " << curve[i].bytes;
  }
}

TEST(PlateauTest, FindsTwoCachesWhereThereIsNoThird) {
  const std::vector<Plateau> plateaus = FindPlateaus(Curve({{32 * kKiB, 30}, {512 * kKiB, 12}}, 3, 64 * kMiB));
  ASSERT_EQ(plateaus.size(), 3u);
  ExpectKnee(plateaus[0].knee_bytes, 32 * kKiB);
  ExpectKnee(plateaus[1].knee_bytes, 512 * kKiB);
}

TEST(PlateauTest, SeesOnePlateauInAFlatCurve) {
  const std::vector<Plateau> plateaus = FindPlateaus(Curve({}, 20, 64 * kMiB));
  ASSERT_EQ(plateaus.size(), 1u);
  EXPECT_EQ(plateaus[0].knee_bytes, 0);
}

TEST(PlateauTest, TakesTheStartUpCostOfSmallSetsForNoLevel) {
  std::vector<CurvePoint> curve = Curve(kServer, 40, 128 * kMiB);
  curve[0].gbps *= 0.6;
  curve[1].gbps *= 0.8;
  const std::vector<Plateau> plateaus = FindPlateaus(curve);
  ASSERT_EQ(plateaus.size(), 4u);
  ExpectKnee(plateaus[0].knee_bytes, 48 * kKiB);
}

TEST(PlateauTest, SeesNoStepWhereALevelIsHardlyFasterThanTheNext) {
  const std::vector<Plateau> plateaus =
      FindPlateaus(Curve({{32 * kKiB, 400}, {1 * kMiB, 200}, {16 * kMiB, 44}}, 40, 128 * kMiB));
  EXPECT_EQ(plateaus.size(), 3u);
}

TEST(PlateauTest, AnEmptyCurveHasNone) { EXPECT_TRUE(FindPlateaus({}).empty()); }

std::vector<ReportedLevel> ServerReport() { return {{"L1", 48 * kKiB}, {"L2", 1.05 * kMiB}, {"L3", 33 * kMiB}}; }

TEST(LevelsTest, TakeTheReportedNamesAndTheLargerOfKneeAndReport) {
  const std::vector<Plateau> plateaus = FindPlateaus(Curve(kServer, 40, 128 * kMiB));
  const std::vector<Level> levels = NameLevels(plateaus, ServerReport());
  ASSERT_EQ(levels.size(), 4u);
  EXPECT_EQ(levels[0].name, "L1");
  EXPECT_EQ(levels[2].name, "L3");
  EXPECT_EQ(levels[3].name, "DRAM");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(levels[i].knee_bytes, plateaus[i].knee_bytes);
    EXPECT_EQ(levels[i].capacity_bytes, std::max(levels[i].knee_bytes, levels[i].reported_bytes));
    EXPECT_EQ(levels[i + 1].nearer_bytes, levels[i].capacity_bytes);
  }
  EXPECT_EQ(levels[3].capacity_bytes, 0);
}

TEST(LevelsTest, KeepAReportedLevelThatTheCurveDoesNotShow) {
  const std::vector<Plateau> plateaus =
      FindPlateaus(Curve({{48 * kKiB, 500}, {1 * kMiB, 250}, {32 * kMiB, 41}}, 40, 128 * kMiB));
  const std::vector<Level> levels = NameLevels(plateaus, ServerReport());
  ASSERT_EQ(levels.size(), 4u);
  EXPECT_EQ(levels[2].name, "L3");
  EXPECT_EQ(levels[2].knee_bytes, 0);
  EXPECT_EQ(levels[2].capacity_bytes, 33 * kMiB);
}

TEST(LevelsTest, GiveAKneeToTheNearestReport) {
  // L1 shows no knee; the one at L2's size is not L1's.
  const std::vector<Plateau> plateaus = {{4 * kKiB, 800 * kKiB, 200, 900 * kKiB}, {2 * kMiB, 64 * kMiB, 20, 0}};
  const std::vector<Level> levels = NameLevels(plateaus, std::vector<ReportedLevel>{{"L1", 512 * kKiB}, {"L2", kMiB}});
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[0].knee_bytes, 0);
  EXPECT_EQ(levels[1].knee_bytes, 900 * kKiB);
}

TEST(LevelsTest, ComeFromTheCurveAloneWhereTheSystemTellsNothing) {
  const std::vector<Level> levels = NameLevels(FindPlateaus(Curve(kServer, 40, 128 * kMiB)), {});
  ASSERT_EQ(levels.size(), 4u);
  EXPECT_EQ(levels[0].name, "L1");
  EXPECT_EQ(levels[1].name, "L2");
  EXPECT_EQ(levels[2].name, "L3");
  EXPECT_EQ(levels[3].name, "DRAM");
  ExpectKnee(levels[2].capacity_bytes, 32 * kMiB);
}

TEST(LevelsTest, OfMoreThanFivePlateausTheSmallestStepsAreNone) {
  const std::vector<Plateau> plateaus = {
      {4 * kKiB, 32 * kKiB, 800, 48 * kKiB}, {64 * kKiB, 128 * kKiB, 400, 256 * kKiB},
      {512 * kKiB, kMiB, 300, 2 * kMiB},     {4 * kMiB, 8 * kMiB, 150, 12 * kMiB},
      {16 * kMiB, 32 * kMiB, 75, 48 * kMiB}, {64 * kMiB, 512 * kMiB, 20, 0}};
  const std::vector<Level> levels = NameLevels(plateaus, {});
  ASSERT_EQ(levels.size(), 5u);
  const std::vector<std::pair<std::string, double>> expected = {
      {"L1", 48 * kKiB}, {"L2", 2 * kMiB}, {"L3", 12 * kMiB}, {"L4", 48 * kMiB}, {"DRAM", 0}};
  for (size_t i = 0; i < levels.size(); ++i) {
    EXPECT_EQ(levels[i].name, expected[i].first);
    EXPECT_EQ(levels[i].capacity_bytes, expected[i].second);
  }
}

TEST(WorkingSetsTest, WithoutAnyKneeDramIsAllThereIs) {
  const std::vector<Level> levels = NameLevels(FindPlateaus(Curve({}, 20, 64 * kMiB)), {});
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_EQ(levels[0].name, "DRAM");
  for (const int count : {1, 2, 3}) {
    EXPECT_EQ(WorkingSets(levels[0], count, 64 * kMiB), std::vector<double>{64 * kMiB});
  }
}

TEST(WorkingSetsTest, LieBetweenTheNearerCapacityAndTheirOwn) {
  for (const Level& level : NameLevels({}, ServerReport())) {
    for (const int count : {1, 2, 3, 5}) {
      const std::vector<double> sizes = WorkingSets(level, count, 1024 * kMiB);
      ASSERT_FALSE(sizes.empty());
      EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end()));
      EXPECT_GT(sizes.front(), level.nearer_bytes);
      if (level.capacity_bytes > 0) {
        EXPECT_LT(sizes.back(), level.capacity_bytes);
      } else {
        EXPECT_GE(sizes.front(), 4 * level.nearer_bytes);
      }
    }
  }
}

TEST(WorkingSetsTest, HalfOfALevelIsAlwaysAmongThem) {
  for (const int count : {1, 2, 3, 5}) {
    const std::vector<double> sizes =
        WorkingSets({"L2", 48 * kKiB, 1.3 * kMiB, 1.3 * kMiB, 1072 * kKiB}, count, 1024 * kMiB);
    EXPECT_EQ(std::ssize(sizes), count);
    EXPECT_TRUE(std::any_of(sizes.begin(), sizes.end(), [](double size) { return std::abs(size - kMiB / 2) < 1; }));
  }
}

TEST(WorkingSetsTest, LieBeyondANearerLevelThatIsNearlyAsLarge) {
  for (const int count : {1, 2, 3, 5}) {
    const std::vector<double> sizes = WorkingSets({"L2", 64 * kKiB, 96 * kKiB, 0, 96 * kKiB}, count, 1024 * kMiB);
    EXPECT_GT(sizes.front(), 64 * kKiB);
    EXPECT_LT(sizes.back(), 96 * kKiB);
    EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end()));
  }
}

TEST(WorkingSetsTest, StayWithinWhatMemoryAllows) {
  const Level dram{"DRAM", 32 * kMiB, 0, 0, 0};
  EXPECT_EQ(WorkingSets(dram, 3, 64 * kMiB), std::vector<double>{64 * kMiB});
}

}  // namespace
}  // namespace roofgap
