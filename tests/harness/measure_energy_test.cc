#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "harness/measure/energy.h"
#include "tests/harness/made_up_tree.h"

namespace roofgap {
namespace {

using std::chrono::milliseconds;

const std::string kRapl = "sys/class/powercap/intel-rapl:";
const std::string kHwmon = "sys/class/hwmon/hwmon";

void AddZone(MadeUpTree* tree, const std::string& zone, const std::string& name, const std::string& energy_uj) {
  tree->Set(kRapl + zone + "/name", name);
  tree->Set(kRapl + zone + "/energy_uj", energy_uj);
  tree->Set(kRapl + zone + "/max_energy_range_uj", "1000000");
}

TEST(EnergyCounter, CountsForwardsAndOverItsEnd) {
  EXPECT_EQ(CounterDifference(100, 350, 1000), 250);
  EXPECT_EQ(CounterDifference(100, 100, 1000), 0);
  EXPECT_EQ(CounterDifference(900, 50, 1000), 150);
  EXPECT_EQ(CounterDifference(262143328850 - 10, 5, 262143328850), 15);
  EXPECT_EQ(CounterDifference(0, int64_t{1} << 62, 0), int64_t{1} << 62);
}

TEST(EnergyCounter, ReadingsThatNoSuchCounterGivesAreRefused) {
  EXPECT_EQ(CounterDifference(900, 50, 0), std::nullopt) << "never starts again, and went back";
  EXPECT_EQ(CounterDifference(2000, 50, 1000), std::nullopt) << "was beyond its range";
  EXPECT_EQ(CounterDifference(-1, 50, 1000), std::nullopt);
}

TEST(PowerIntegral, IsTheAreaUnderItsSamples) {
  PowerIntegral constant;
  EXPECT_EQ(constant.joules(), 0);
  for (double at_s : {100.0, 100.5, 102.0}) constant.Add(at_s, 5);
  EXPECT_DOUBLE_EQ(constant.joules(), 10);
  PowerIntegral ramp;
  ramp.Add(1, 0);
  ramp.Add(2, 10);
  ramp.Add(4, 10);
  ramp.Add(5, 0);
  EXPECT_DOUBLE_EQ(ramp.joules(), 5 + 20 + 5);
}

TEST(BeyondIdle, IsWhatIdlingDoesNotExplainAndNeverNothing) {
  EXPECT_DOUBLE_EQ(BeyondIdle(50, 2, 10).value(), 30);
  EXPECT_EQ(BeyondIdle(20, 2, 10), std::nullopt);
  EXPECT_EQ(BeyondIdle(19, 2, 10), std::nullopt);
}

TEST(EnergyMeter, WithoutSensorsSaysWhatIsNotThere) {
  MadeUpTree tree;
  const EnergyMeter meter(tree.root());
  EXPECT_FALSE(meter.reads());
  EXPECT_EQ(meter.why_not(), "no sensor: no /sys/class/powercap and no /sys/class/hwmon");
  const EnergyMeter::Window window = meter.Measure([] { FAIL() << "nothing to measure with"; });
  EXPECT_FALSE(window.joules);
  EXPECT_EQ(window.why, meter.why_not());
}

TEST(EnergyMeter, AddsPackagesAndTheirDramAndNothingThatIsPartOfThem) {
  MadeUpTree tree;
  tree.Set("sys/class/powercap/intel-rapl/enabled", "1");
  AddZone(&tree, "0", "package-0", "100");
  AddZone(&tree, "0:0", "core", "100");
  AddZone(&tree, "0:1", "uncore", "100");
  AddZone(&tree, "0:2", "dram", "100");
  AddZone(&tree, "1", "package-1", "100");
  AddZone(&tree, "1:0", "dram", "100");
  AddZone(&tree, "2", "psys", "100");
  tree.Set("sys/class/powercap/intel-rapl-mmio:0/name", "package-0");
  tree.Set("sys/class/powercap/intel-rapl-mmio:0/energy_uj", "100");
  const EnergyMeter meter(tree.root());
  EXPECT_EQ(meter.source(), "rapl package-0+dram+package-1+dram");
  EXPECT_EQ(meter.why_not(), "");
  const EnergyMeter::Window window = meter.Measure([&] {
    tree.Set(kRapl + "0/energy_uj", "1100");
    tree.Set(kRapl + "0:0/energy_uj", "500000");
    tree.Set(kRapl + "0:1/energy_uj", "500000");
    tree.Set(kRapl + "0:2/energy_uj", "20100");
    tree.Set(kRapl + "1/energy_uj", "300100");
    tree.Set(kRapl + "1:0/energy_uj", "4100");
    tree.Set(kRapl + "2/energy_uj", "900000");
    tree.Set("sys/class/powercap/intel-rapl-mmio:0/energy_uj", "900000");
  });
  ASSERT_TRUE(window.joules) << window.why;
  EXPECT_DOUBLE_EQ(*window.joules, 0.001 + 0.020 + 0.300 + 0.004);
  EXPECT_GT(window.seconds, 0);
}

TEST(EnergyMeter, CountsOnWhenACounterStartsAgainSeveralTimes) {
  MadeUpTree tree;
  AddZone(&tree, "0", "package-0", "900000");
  const EnergyMeter::Window window =
      EnergyMeter(tree.root())
          .Measure(
              [&] {
                for (const char* energy_uj : {"700000", "400000", "100000"}) {  // 0.8 + 0.7 + 0.7 J
                  tree.Set(kRapl + "0/energy_uj", energy_uj);
                  std::this_thread::sleep_for(milliseconds(300));
                }
              },
              milliseconds(1));
  ASSERT_TRUE(window.joules) << window.why;
  EXPECT_DOUBLE_EQ(*window.joules, 2.2);
}

TEST(EnergyMeter, CounterThatGoesBackWithoutARangeIsNoEnergy) {
  MadeUpTree tree;
  tree.Set(kHwmon + "0/name", "amd_energy").Set(kHwmon + "0/energy1_input", "500");
  const EnergyMeter::Window window =
      EnergyMeter(tree.root()).Measure([&] { tree.Set(kHwmon + "0/energy1_input", "20"); });
  EXPECT_FALSE(window.joules);
  EXPECT_EQ(window.why, "/sys/class/hwmon/hwmon0/energy1_input: the counter went back from 500 to 20");
}

TEST(EnergyMeter, FileThatMayNotBeReadIsNamed) {
  MadeUpTree tree;
  AddZone(&tree, "0", "package-0", "100");
  const std::filesystem::path energy = tree.root() / (kRapl + "0/energy_uj");
  ASSERT_EQ(chmod(energy.c_str(), geteuid() == 0 ? 0400 : 0), 0);
  const uid_t user = geteuid();
  if (user == 0 && seteuid(65534) != 0) GTEST_SKIP() << "no other user to be";
  const EnergyMeter meter(tree.root());
  ASSERT_EQ(seteuid(user), 0);
  EXPECT_FALSE(meter.reads());
  EXPECT_EQ(meter.why_not(),
            "no sensor: /sys/class/powercap/intel-rapl:0/energy_uj: permission denied and no /sys/class/hwmon");
}

TEST(EnergyMeter, GarbageAndHalfOfTheSensorsAreNoSource) {
  MadeUpTree tree;
  AddZone(&tree, "0", "package-0", "100");
  AddZone(&tree, "1", "package-1", "12 joules");
  const EnergyMeter meter(tree.root());
  EXPECT_FALSE(meter.reads());
  EXPECT_NE(meter.why_not().find("intel-rapl:1/energy_uj: '12 joules' is no number"), std::string::npos)
      << meter.why_not();
}

TEST(EnergyMeter, SensorThatFailsInTheMiddleLeavesNoEnergy) {
  MadeUpTree tree;
  AddZone(&tree, "0", "package-0", "100");
  const EnergyMeter::Window window = EnergyMeter(tree.root()).Measure([&] { tree.Set(kRapl + "0/energy_uj", ""); });
  EXPECT_FALSE(window.joules);
  EXPECT_EQ(window.why, "/sys/class/powercap/intel-rapl:0/energy_uj: '' is no number");
}

TEST(EnergyMeter, HwmonEnergyIsTakenWhereRaplDoesNotRead) {
  MadeUpTree tree;
  AddZone(&tree, "0", "package-0", "garbage");
  tree.Set(kHwmon + "0/name", "k10temp").Set(kHwmon + "0/temp1_input", "40000");
  tree.Set(kHwmon + "1/name", "amd_energy");
  for (int n = 1; n <= 3; ++n) {
    const std::string channel = kHwmon + "1/energy" + std::to_string(n);
    tree.Set(channel + "_label", n == 3 ? "Esocket0" : "Ecore00" + std::to_string(n));
    tree.Set(channel + "_input", "1000");
  }
  tree.Set(kHwmon + "2/name", "ina226").Set(kHwmon + "2/power1_input", "1000000");
  const EnergyMeter meter(tree.root());
  EXPECT_EQ(meter.source(), "hwmon amd_energy Esocket0");
  const EnergyMeter::Window window = meter.Measure([&] {
    tree.Set(kHwmon + "1/energy1_input", "1000000");
    tree.Set(kHwmon + "1/energy3_input", "2501000");
  });
  ASSERT_TRUE(window.joules) << window.why;
  EXPECT_DOUBLE_EQ(*window.joules, 2.5);
}

TEST(EnergyMeter, HwmonPowerIsIntegrated) {
  MadeUpTree tree;
  tree.Set(kHwmon + "0/name", "ina226").Set(kHwmon + "0/power1_input", "3000000");
  tree.Set(kHwmon + "0/power1_label", "VDD_CPU").Set(kHwmon + "0/power1_average", "7000000");
  tree.Set(kHwmon + "1/name", "ina226").Set(kHwmon + "1/power1_average", "2000000");
  tree.Set(kHwmon + "2/name", "amdgpu").Set(kHwmon + "2/power1_average", "90000000");
  tree.Set(kHwmon + "3/name", "BAT0").Set(kHwmon + "3/power1_input", "20000000");
  const EnergyMeter meter(tree.root());
  EXPECT_EQ(meter.source(), "hwmon ina226 VDD_CPU+ina226 power1");
  const EnergyMeter::Window window =
      meter.Measure([] { std::this_thread::sleep_for(milliseconds(50)); }, milliseconds(5));
  ASSERT_TRUE(window.joules) << window.why;
  EXPECT_GE(*window.joules, 5 * 0.050);
  EXPECT_GE(*window.joules, 5 * window.seconds * 0.999);
}

}  // namespace
}  // namespace roofgap
