#include <gtest/gtest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "harness/measure/canary.h"
#include "harness/measure/clock.h"
#include "harness/measure/cold.h"
#include "harness/measure/guards.h"
#include "harness/measure/pinning.h"
#include "harness/measure/turns.h"
#include "harness/measure/warm_up.h"

namespace roofgap {
namespace {

TEST(Guards, LostTimeMattersFromOnePercentOn) {
  EXPECT_FALSE(Matters(0, 0));
  EXPECT_FALSE(Matters(9.9e3, 1e6));
  EXPECT_TRUE(Matters(10.1e3, 1e6));
}

TEST(Guards, StolenTimeIsSummedOverTheProcessorsAskedFor) {
  constexpr std::string_view kStat =
      "cpu  10 0 0 0 0 0 0 17 0 0\n"
      "cpu0 1 2 3 4 5 6 7 8 0 0\n"
      "cpu1 1 2 3 4 5 6 7 9 0 0\n"
      "cpu10 1 2 3 4 5 6 7 1000 0 0\n"
      "intr 5 6 7 8 9\n";
  EXPECT_EQ(StolenNs(kStat, {0}, 100), 80'000'000);
  EXPECT_EQ(StolenNs(kStat, {0, 1}, 100), 170'000'000);
  EXPECT_EQ(StolenNs(kStat, {7}, 100), 0);
}

TEST(Guards, KernelsThatDoNotCountStolenTimeHaveNone) {
  EXPECT_EQ(StolenNs("cpu0 1 2 3 4\n", {0}, 100), 0);
  EXPECT_EQ(StolenNs("", {0}, 100), 0);
}

TEST(Guards, StolenTimeOfThisMachineNeverFalls) {
  const int64_t stolen = StolenNs({0});
  EXPECT_GE(stolen, 0);
  EXPECT_GE(StolenNs({0}), stolen);
}

// Two threads that must share one processor push each other aside.
TEST(Guards, PreemptionIsSeenWhereTwoThreadsShareOneProcessor) {
  const std::vector<int> before = AllowedCpus();
  if (!PinTeam(1, before)) GTEST_SKIP() << "this system refuses to pin";
  const int64_t start = NowNs();
  const auto busy = [start] {
    while (NowNs() - start < 200'000'000) {
    }
  };
  PreemptionWatch watch;
  std::thread other(busy);  // inherits the pin
  busy();
  // Kernels without schedstat only count the switches.
  EXPECT_GT(watch.LostNs(), std::filesystem::exists("/proc/self/schedstat") ? 10e6 : 1e6);
  other.join();
  UnpinTeam(1, before);
}

TEST(Turns, CanaryIsOffOnlyBeyondItsToleranceAboveTheMedianTurn) {
  Turns turns(0.03);
  for (int round = 0; round < 50; ++round)
    turns.Add({.round = round, .canary_ns = 100.0 + round % 3, .samples_ns = {9}});
  turns.Add({.round = 50, .canary_ns = 103.9, .samples_ns = {9}});
  turns.Add({.round = 51, .canary_ns = 50, .samples_ns = {9}});
  EXPECT_EQ(turns.Judge().off, 0);
  turns.Add({.round = 52, .canary_ns = 104.1, .samples_ns = {9}});
  EXPECT_EQ(turns.Judge().off, 1);
}

TEST(Turns, WithoutAnyThereIsNothing) {
  const Turns::Verdict verdict = Turns(0.03).Judge();
  EXPECT_EQ(verdict.statistics.n, 0);
  EXPECT_EQ(verdict.discarded, 0);
  EXPECT_FALSE(verdict.disturbed_counted);
}

// The first ten turns were taken while the machine was slow, which only the later ones tell.
TEST(Turns, ASlowPhaseIsPutAsideThoughItCameFirst) {
  Turns turns(0.03);
  for (int round = 0; round < 50; ++round) {
    const bool slow = round < 10;
    turns.Add({.round = round, .canary_ns = slow ? 115.0 : 100.0, .samples_ns = {slow ? 23.0 : 20.0, 21.0}});
  }
  const Turns::Verdict verdict = turns.Judge();
  EXPECT_EQ(verdict.off, 10);
  EXPECT_EQ(verdict.statistics.n, 80);
  EXPECT_EQ(verdict.discarded, 0.2);
  EXPECT_EQ(verdict.canary_ns, 100);
  ASSERT_EQ(verdict.turns.size(), 40u);
  EXPECT_EQ(verdict.turns.front().round, 10);
  EXPECT_EQ(verdict.turns.front().median_ns, 20.5);
}

TEST(Turns, StolenTurnsAndPreemptedSamplesAreDiscarded) {
  Turns turns(0.03);
  for (int round = 0; round < 4; ++round) {
    turns.Add({.round = round, .canary_ns = 100, .stolen = round == 3, .samples_ns = {20, 20, 20}});
  }
  for (int i = 0; i < 3; ++i) turns.PutAside(50);
  const Turns::Verdict verdict = turns.Judge();
  EXPECT_EQ(verdict.stolen, 1);
  EXPECT_EQ(verdict.statistics.n, 9);
  EXPECT_EQ(verdict.discarded, 0.4);
}

TEST(Turns, DisturbedSamplesAreCountedOnlyForWantOfOthers) {
  Turns turns(0.03);
  turns.Add({.canary_ns = 100, .stolen = true, .samples_ns = {20, 22}});
  turns.Add({.canary_ns = 100, .samples_ns = {10, 12}});
  Turns::Verdict verdict = turns.Judge();
  EXPECT_TRUE(verdict.disturbed_counted);
  EXPECT_FALSE(verdict.statistics.ci_low);
  EXPECT_EQ(verdict.statistics.n, 4);
  turns.Add({.canary_ns = 100, .samples_ns = {11}});
  verdict = turns.Judge();
  EXPECT_FALSE(verdict.disturbed_counted);
  EXPECT_EQ(verdict.statistics.n, 3);
}

TEST(Canary, RunsOnOneAndOnTwoThreads) {
  for (const Canary canary : {Canary::kFma, Canary::kLoad}) {
    EXPECT_GT(RunCanary(canary, 1), 0);
    EXPECT_GT(RunCanary(canary, 2), 0);
  }
}

TEST(Canary, TellsWhatItReadsOnAllThreads) {
  EXPECT_EQ(CanaryBytes(Canary::kFma, 2), 0);
  const double one = CanaryBytes(Canary::kLoad, 1);
  EXPECT_TRUE(one == 0 || one == 1 << 20);  // 0 where the caches are too large for its memory
  EXPECT_EQ(CanaryBytes(Canary::kLoad, 2), 2 * one);
}

TEST(Clock, NeverRunsBackwards) {
  int64_t last = NowNs();
  for (int i = 0; i < 1000; ++i) {
    const int64_t now = NowNs();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(WarmUp, EndsWhenTwoWindowsAgreeButNotBeforeTheFloor) {
  WarmUp warm_up(50, 1000);  // windows of 10
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(warm_up.Add(10, 10)) << i;
  EXPECT_TRUE(warm_up.Add(10, 10));
  EXPECT_TRUE(warm_up.settled());
  EXPECT_EQ(warm_up.call_ns(), 10);
}

TEST(WarmUp, GoesOnWhileTimesStillFall) {
  WarmUp warm_up(50, 1000);
  double call = 20;
  for (int i = 0; i < 12; ++i, call *= 0.95) EXPECT_FALSE(warm_up.Add(10, call)) << i;
  EXPECT_FALSE(warm_up.Add(10, call));
  EXPECT_TRUE(warm_up.Add(10, call));
  EXPECT_TRUE(warm_up.settled());
}

TEST(WarmUp, EndsAtTheCapWithoutHavingSettled) {
  WarmUp warm_up(50, 100);
  double call = 20;
  int samples = 1;
  for (; !warm_up.Add(10, call); call *= 1.1) ++samples;
  EXPECT_EQ(samples, 10);
  EXPECT_FALSE(warm_up.settled());
}

TEST(WarmUp, OneCallBeyondTheCapIsEnough) {
  WarmUp warm_up(50, 100);
  EXPECT_TRUE(warm_up.Add(5000, 5000));
  EXPECT_EQ(warm_up.call_ns(), 5000);
}

TEST(ColdSets, TogetherExceedTheCacheEightTimesAndNoMoreThanNeeded) {
  for (const int64_t bytes : {2 << 20, 10'000'000, 64 << 20, 200 << 20, 300 << 20}) {
    const ColdSets sets = ChooseColdSets(bytes, 32 << 20);
    EXPECT_TRUE(sets.cold) << bytes;
    EXPECT_GT(sets.sets * bytes, 256 << 20) << bytes;
    EXPECT_TRUE(sets.sets == 2 || (sets.sets - 1) * bytes <= 256 << 20) << bytes;
  }
}

TEST(ColdSets, OfSmallOperandsTheMostAreColdFromTwiceTheCacheOn) {
  EXPECT_TRUE(ChooseColdSets(80'000, 32 << 20).cold);
  EXPECT_EQ(ChooseColdSets(80'000, 32 << 20).sets, kMostColdSets);
}

TEST(ColdSets, AreAtMost1024AndThenSayThatTheyFit) {
  const ColdSets sets = ChooseColdSets(4096, 32 << 20);
  EXPECT_EQ(sets.sets, kMostColdSets);
  EXPECT_FALSE(sets.cold);
}

TEST(ColdSets, AnUnknownCacheCountsAs32MiB) {
  EXPECT_EQ(ChooseColdSets(1 << 20, 0).sets, ChooseColdSets(1 << 20, 32 << 20).sets);
  EXPECT_FALSE(ChooseColdSets(0, 0).cold);
}

}  // namespace
}  // namespace roofgap
