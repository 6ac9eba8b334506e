#include <benchmark/benchmark.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/measure/clock.h"
#include "harness/measure/host.h"
#include "harness/measure/measure.h"
#include "harness/measure/pinning.h"
#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

std::function<void(int)> Spin(double ns) {
  return [ns](int) {
    const int64_t start = NowNs();
    while (static_cast<double>(NowNs() - start) < ns) {
    }
  };
}

MeasureOptions Quick() {
  MeasureOptions options;
  options.budget_s = 0.1;
  return options;
}

TEST(Measure, TellsHowMuchSlowerTheMachineWasThanBesideTheOthers) {
  const std::vector<Contender> contenders{{.label = "a", .call = Spin(20e3)}, {.label = "b", .call = Spin(20e3)}};
  const std::vector<Measurement> results = Measure(contenders, Quick());
  const double least = std::min(results[0].canary_ns, results[1].canary_ns);
  ASSERT_GT(least, 0);
  for (const Measurement& result : results) EXPECT_DOUBLE_EQ(result.slower, result.canary_ns / least - 1);
}

TEST(Measure, OfNothingIsNothing) { EXPECT_TRUE(Measure({}, Quick()).empty()); }

TEST(Measure, ReturnsResultsInTheOrderOfTheContenders) {
  const std::vector<Contender> contenders{{.label = "long", .call = Spin(400e3)},
                                          {.label = "short", .call = Spin(20e3)},
                                          {.label = "mid", .call = Spin(90e3)}};
  const std::vector<Measurement> results = Measure(contenders, Quick());
  ASSERT_EQ(results.size(), 3u);
  EXPECT_GT(results[0].statistics.min, results[2].statistics.min);
  EXPECT_GT(results[2].statistics.min, results[1].statistics.min);
  for (const Measurement& result : results) {
    EXPECT_EQ(result.statistics.n, static_cast<int64_t>(result.samples_ns.size()));
    EXPECT_FALSE(result.interrupted);
    EXPECT_EQ(result.stable, result.note.empty());
    EXPECT_LE(result.statistics.min, result.statistics.median);
  }
}

TEST(Measure, HandsOnEachResultWhenItIsDoneWhileOthersGoOn) {
  MeasureOptions options = Quick();
  options.budget_s = 0.5;
  int64_t calls = 0, calls_when_long_was_done = -1;
  const auto spin = Spin(20e3);
  const auto counted = [&](int set) {
    ++calls;
    spin(set);
  };
  const std::vector<Contender> contenders{{.label = "counted", .call = counted},
                                          {.label = "long", .call = Spin(200e6)}};
  std::vector<int> times(2);
  options.finished = [&](size_t index, const Measurement& measurement) {
    ++times[index];
    EXPECT_GT(measurement.statistics.n, 0);
    if (index == 1) calls_when_long_was_done = calls;
  };
  Measure(contenders, options);
  EXPECT_EQ(times, (std::vector<int>{1, 1}));
  EXPECT_LT(calls_when_long_was_done, calls);
}

TEST(Measure, NeverReportsLessThanACallTakes) {
  const std::vector<Contender> contenders{{.label = "alone", .call = Spin(50e3)},
                                          {.label = "batched", .call = Spin(1e3)}};
  const std::vector<Measurement> results = Measure(contenders, Quick());
  EXPECT_GE(results[0].statistics.min, 50e3);
  EXPECT_GE(results[1].statistics.min, 1e3);
}

TEST(Measure, BatchesOnlyShortCalls) {
  const std::vector<Contender> contenders{{.label = "short", .call = [](int) {}},
                                          {.label = "long", .call = Spin(50e3)}};
  const std::vector<Measurement> results = Measure(contenders, Quick());
  EXPECT_GT(results[0].batch, 100);
  EXPECT_EQ(results[1].batch, 1);
}

TEST(Measure, RotatesThroughAllSetsInTurn) {
  std::vector<int> sets;
  const std::vector<Contender> contenders{{.label = "sets",
                                           .call =
                                               [&](int set) {
                                                 sets.push_back(set);
                                                 Spin(20e3)(set);
                                               },
                                           .sets = 5}};
  Measure(contenders, Quick());
  ASSERT_GT(sets.size(), 10u);
  for (size_t i = 0; i < sets.size(); ++i) ASSERT_EQ(sets[i], static_cast<int>(i % 5));
}

TEST(Measure, TakesTurnsInAnOrderThatTheSeedDecides) {
  const auto turns = [](uint64_t seed) {
    std::string order;
    std::vector<Contender> contenders;
    for (const char name : {'a', 'b', 'c'}) {
      contenders.push_back({.label = {name}, .call = [&order, name](int) {
                              if (order.empty() || order.back() != name) order += name;
                              Spin(300e3)(0);
                            }});
    }
    MeasureOptions options;
    options.budget_s = 0.3;
    options.seed = seed;
    Measure(contenders, options);
    return order.substr(0, 8);  // the warm-ups and the first rounds, before any contender is done
  };
  const std::string first = turns(1);
  EXPECT_EQ(first, turns(1));
  EXPECT_EQ(first.substr(0, 3), "abc");
  bool differs = false;
  for (uint64_t seed = 2; seed < 6 && !differs; ++seed) differs = turns(seed) != first;
  EXPECT_TRUE(differs);
}

TEST(Measure, ACallLongerThanItsBudgetGetsThreeSamplesAndSaysSo) {
  MeasureOptions options;
  options.budget_s = 0.01;
  const std::vector<Contender> contenders{{.label = "long", .call = Spin(30e6)}};
  const Measurement result = Measure(contenders, options)[0];
  EXPECT_GE(result.statistics.n, 3);
  EXPECT_LT(result.statistics.n, 6);
  EXPECT_FALSE(result.statistics.ci_low);
  EXPECT_FALSE(result.stable);
  EXPECT_NE(result.note.find("interval needs 6"), std::string::npos) << result.note;
}

TEST(Measure, InterruptedKeepsWhatItHas) {
  std::atomic<int> polls = 0;
  double last = -1;
  MeasureOptions options;
  options.budget_s = 60;
  options.interrupted = [&](double fraction) {
    EXPECT_GE(fraction, last);
    EXPECT_LE(fraction, 1);
    last = fraction;
    return ++polls > 6;  // two warm-ups and four blocks
  };
  const std::vector<Contender> contenders{{.label = "a", .call = Spin(50e3)}, {.label = "b", .call = Spin(50e3)}};
  const std::vector<Measurement> results = Measure(contenders, options);
  for (const Measurement& result : results) {
    EXPECT_TRUE(result.interrupted);
    EXPECT_FALSE(result.stable);
    EXPECT_NE(result.note.find("interrupted"), std::string::npos);
    EXPECT_GT(result.statistics.n, 0);
  }
}

TEST(Measure, InterruptedBeforeTheFirstBlockHasNoSamples) {
  MeasureOptions options;
  options.interrupted = [](double) { return true; };
  const std::vector<Contender> contenders{{.label = "a", .call = Spin(1e3)}};
  const Measurement result = Measure(contenders, options)[0];
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.statistics.n, 0);
}

TEST(Measure, RunsEachContenderWithItsTeamPinnedAndGivesTheAffinityBack) {
  const std::vector<int> before = AllowedCpus();
  const std::vector<int> cores = ReadHost().cores;
  std::atomic<int> most = 0;
  std::atomic<bool> one_cpu_each = true;
  const auto call = [&](int) {
    most = std::max<int>(most, omp_get_max_threads());
    Parallel(omp_get_max_threads(), [&](int thread) {
      if (AllowedCpus() != std::vector<int>{cores[static_cast<size_t>(thread)]}) one_cpu_each = false;
    });
  };
  std::vector<Contender> contenders{{.label = "one", .threads = 1, .call = call}};
  if (cores.size() > 1) contenders.push_back({.label = "two", .threads = 2, .call = call});
  const std::vector<Measurement> results = Measure(contenders, Quick());
  if (!results[0].pinned) GTEST_SKIP() << "this system refuses to pin";
  EXPECT_EQ(most, static_cast<int>(contenders.size()));
  EXPECT_TRUE(one_cpu_each);
  EXPECT_EQ(AllowedCpus(), before);
}

TEST(Measure, MoreThreadsThanCoresRunUnpinnedAndAreReportedSo) {
  MeasureOptions options = Quick();
  options.cpus = {ReadHost().cores[0]};
  const std::vector<Contender> contenders{{.label = "two", .threads = 2, .call = Spin(20e3)}};
  EXPECT_FALSE(Measure(contenders, options)[0].pinned);
}

TEST(Measure, CanBeCalledAgainAndAgain) {
  MeasureOptions options;
  options.budget_s = 0.005;
  int calls = 0;
  const std::vector<Contender> contenders{{.label = "count", .call = [&](int) {
                                             ++calls;
                                             Spin(6e3)(0);
                                           }}};
  for (int i = 0; i < 20; ++i) {
    const int before = calls;
    EXPECT_GE(Measure(contenders, options)[0].statistics.n, 1);
    EXPECT_GT(calls, before);
  }
}

TEST(MeasureDeathTest, AContenderThatThrowsEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<Contender> contenders{{.label = "thrower", .call = [](int) { throw std::runtime_error("no"); }}};
  EXPECT_DEATH(Measure(contenders, Quick()), "");
}

TEST(Pinning, FlushesDenormalsOnEveryThreadUntilUnpinned) {
  const std::vector<int> cores = ReadHost().cores;
  const int threads = cores.size() > 1 ? 2 : 1;
  const auto half_of_least = [] {
    volatile float least = 1.17549435e-38f;
    return least * 0.5f;
  };
  PinTeam(threads, cores);
  std::atomic<int> flushed = 0;
  Parallel(threads, [&](int) { flushed += half_of_least() == 0; });
  EXPECT_EQ(flushed, threads);
  UnpinTeam(threads, cores);
  Parallel(threads, [&](int) { flushed += half_of_least() == 0; });
  EXPECT_EQ(flushed, threads);
}

TEST(Measure, LeavesTheProcessWhereItRanAtItsStartWhateverTheCallerHadPinned) {
  const Host host = ReadHost();
  PinTeam(1, host.cores);
  EXPECT_EQ(ReadHost().affinity, host.affinity);
  Measure(std::vector<Contender>{{.label = "one", .call = Spin(20e3)}}, Quick());
  EXPECT_EQ(AllowedCpus(), ProcessCpus());
  EXPECT_EQ(ProcessCpus(), host.affinity);
}

// As OMP_THREAD_LIMIT and OMP_MAX_ACTIVE_LEVELS do it.
TEST(Measure, RefusesTeamsThatOpenMpMakesSmaller) {
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);
  EXPECT_NO_THROW(CheckTeam(1));
  EXPECT_THROW(CheckTeam(2), Error);
  EXPECT_THROW(PinTeam(2, {0, 1}), Error);
  bool called = false;
  const std::vector<Contender> contenders{{.label = "two", .threads = 2, .call = [&](int) { called = true; }}};
  EXPECT_THROW(Measure(contenders, Quick()), Error);
  EXPECT_FALSE(called);
  omp_set_max_active_levels(levels);
  UnpinTeam(1, ProcessCpus());
  EXPECT_NO_THROW(CheckTeam(2));
}

// As BENCHMARK_LIST_TESTS and others do it.
TEST(Measure, RunsOnceWhateverGoogleBenchmarkWasToldBefore) {
  const char* words[] = {"test", "--benchmark_list_tests=true", "--benchmark_min_warmup_time=1"};
  int count = 3;
  benchmark::Initialize(&count, const_cast<char**>(words));
  double begun = 0;
  MeasureOptions options = Quick();
  double last = 0;
  options.interrupted = [&](double fraction) {
    begun += fraction < last;
    last = fraction;
    return false;
  };
  const std::vector<Measurement> results =
      Measure(std::vector<Contender>{{.label = "one", .call = Spin(20e3)}}, options);
  EXPECT_GT(results.at(0).statistics.n, 0);
  EXPECT_EQ(begun, 0) << "the group was measured again";
}

}  // namespace
}  // namespace roofgap
