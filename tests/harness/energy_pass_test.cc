#include "harness/run/energy_pass.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/harness/made_up_tree.h"

namespace roofgap {
namespace {

// One package whose counter the test advances.
class EnergyPassOfAPackage : public testing::Test {
 protected:
  EnergyPassOfAPackage() {
    tree_.Set(kDir + "name", "package-0").Set(kDir + "max_energy_range_uj", "262143328850");
    Count(0);
  }

  void Count(int64_t microjoules) { tree_.Set(kDir + "energy_uj", std::to_string(counted_ += microjoules)); }

  // A pass that knows the idle power of a machine that takes so much between two polls.
  EnergyPass Ready(int64_t idle_microjoules) {
    EnergyPass pass(kWindowS, tree_.root());
    EXPECT_TRUE(pass.able()) << pass.status();
    pass.MeasureIdle([&] {
      Count(idle_microjoules);
      return false;
    });
    return pass;
  }

  static constexpr double kWindowS = 0.05;
  const std::string kDir = "sys/class/powercap/intel-rapl:0/";
  MadeUpTree tree_;
  int64_t counted_ = 5000;
};

const auto kGoOn = [] { return false; };

TEST_F(EnergyPassOfAPackage, DividesWhatIsBeyondIdleByTheCalls) {
  const EnergyPass pass = Ready(1);  // some microwatts
  Record record;
  int64_t calls = 0;
  const auto call = [&](int64_t number) {
    EXPECT_EQ(number, calls++);
    Count(1000);
  };
  pass.Measure(call, 1e6, kGoOn, &record);
  ASSERT_TRUE(record.energy_j) << record.energy_status;
  EXPECT_GT(calls, 0);
  EXPECT_NEAR(*record.energy_j, 1e-3, 1e-5);
  EXPECT_TRUE(record.energy_status.starts_with("rapl package-0, idle ")) << record.energy_status;
  EXPECT_TRUE(record.energy_status.find(" W subtracted, ") != std::string::npos) << record.energy_status;
}

TEST_F(EnergyPassOfAPackage, WhatIsNotBeyondIdleIsEmptyAndSaysSo) {
  const EnergyPass pass = Ready(1000000);
  Record record;
  pass.Measure([](int64_t) {}, 1e6, kGoOn, &record);
  EXPECT_FALSE(record.energy_j);
  EXPECT_TRUE(record.energy_status.starts_with("rapl package-0: 0 J in ")) << record.energy_status;
  EXPECT_TRUE(record.energy_status.find("are not more than idle") != std::string::npos) << record.energy_status;
}

TEST_F(EnergyPassOfAPackage, CounterThatStandsStillWhileIdlingMeasuresNothing) {
  const EnergyPass pass = Ready(0);
  EXPECT_FALSE(pass.able());
  EXPECT_TRUE(pass.status().starts_with("rapl package-0 counted nothing in ")) << pass.status();
}

TEST_F(EnergyPassOfAPackage, InterruptedRowHasNoEnergyAndSaysWhy) {
  const EnergyPass pass = Ready(1);
  Record record;
  int64_t calls = 0;
  pass.Measure([&](int64_t) { ++calls; }, 10e6, [&] { return calls == 1; }, &record);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(record.energy_j);
  EXPECT_EQ(record.energy_status, "interrupted");
}

TEST_F(EnergyPassOfAPackage, InterruptedIdlingLeavesNothingToSubtract) {
  EnergyPass pass(60, tree_.root());
  pass.MeasureIdle([] { return true; });
  EXPECT_FALSE(pass.able());
  EXPECT_EQ(pass.status(), "interrupted");
}

TEST_F(EnergyPassOfAPackage, ThreadsThatSpinInsteadOfIdlingLeaveItEmpty) {
  EnergyPass pass(60, tree_.root(), WhyAwake("active", ""));
  pass.MeasureIdle([]() -> bool { throw "nothing to wait for"; });
  EXPECT_FALSE(pass.able());
  Record record;
  pass.Measure([](int64_t) { FAIL() << "nothing to call"; }, 1e6, kGoOn, &record);
  EXPECT_FALSE(record.energy_j);
  EXPECT_EQ(record.energy_status, "threads never idle: OMP_WAIT_POLICY=active keeps them spinning");
}

TEST_F(EnergyPassOfAPackage, IsOffWhenTheWindowIsNothing) {
  const EnergyPass pass(0, tree_.root());
  EXPECT_FALSE(pass.able());
  EXPECT_EQ(pass.status(), "switched off");
}

TEST(EnergyPass, ThreadsIdleUnlessTheyAreToldToSpinForLong) {
  EXPECT_EQ(WhyAwake("", ""), "");
  EXPECT_EQ(WhyAwake("passive", ""), "");
  EXPECT_NE(WhyAwake("ACTIVE", ""), "");
  for (const char* count : {"0", "300000", "300k", "1M"}) {
    EXPECT_EQ(WhyAwake("", count), "") << count;
    EXPECT_EQ(WhyAwake("active", count), "") << count << " overrides the policy";
  }
  for (const char* count : {"30000000000", "30g", "2m", "1T", "INFINITE", "infinity"}) {
    EXPECT_NE(WhyAwake("passive", count), "") << count;
  }
  EXPECT_EQ(WhyAwake("", "many"), "") << "libgomp takes its default";
  EXPECT_NE(WhyAwake("active", "12x"), "");
}

TEST(EnergyPass, WithoutSensorsSaysWhy) {
  MadeUpTree tree;
  EnergyPass pass(60, tree.root());
  pass.MeasureIdle([]() -> bool { throw "nothing to wait for"; });
  EXPECT_FALSE(pass.able());
  EXPECT_EQ(pass.status(), "no sensor: no /sys/class/powercap and no /sys/class/hwmon");
}

}  // namespace
}  // namespace roofgap
