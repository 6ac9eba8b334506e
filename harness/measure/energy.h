#ifndef ROOFGAP_HARNESS_MEASURE_ENERGY_H_
#define ROOFGAP_HARNESS_MEASURE_ENERGY_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/system_files.h"

namespace roofgap {

// Energy that sensors of the machine count, in joules over a window. Two kinds are known, the first that reads is used:
//
//   rapl   /sys/class/powercap/intel-rapl:N named package-*, and their subzone dram, which a package does not include.
//          The same tree on AMD. core and uncore are parts of a package, psys and intel-rapl-mmio see it again: never
//          added.
//   hwmon  /sys/class/hwmon/hwmonN: energyM_input (uJ), or where no chip has one, powerM_input or powerM_average (uW),
//          integrated. Chips of other devices (graphics, disks, batteries) are left out; Ecore is part of Esocket.
//
// A source counts only when each of its sensors reads: the sum of some of them would pass for the whole.

// What a counter that runs from 0 to `range` and starts again counted between two readings; `range` 0: it never starts
// again. Right when it did so at most once. nullopt: no such counter gives these readings.
std::optional<int64_t> CounterDifference(int64_t before, int64_t now, int64_t range);

// Joules of a power that was sampled: the trapezoids under its samples.
class PowerIntegral {
 public:
  void Add(double at_s, double watts);
  double joules() const { return joules_; }

 private:
  std::optional<double> at_s_;
  double watts_ = 0;
  double joules_ = 0;
};

// What a window cost beyond idling, in joules; nullopt when that is nothing, for then it was not measured.
std::optional<double> BeyondIdle(double joules, double seconds, double idle_w);

class EnergyMeter {
 public:
  // Finds the sensors below `root` ("/" but for tests on made-up trees).
  explicit EnergyMeter(const std::filesystem::path& root = "/");

  bool reads() const { return !sensors_.empty(); }
  // "rapl package-0+dram", "hwmon amd_energy Esocket0"; empty without sensors.
  const std::string& source() const { return source_; }
  // "no sensor: ..." and which files say so; empty where there is one.
  const std::string& why_not() const { return why_not_; }

  struct Window {
    double seconds = 0;
    std::optional<double> joules;
    std::string why;  // there are no joules
  };
  // Joules counted while `work` runs. A thread reads the sensors every `period` meanwhile, so that counters may start
  // again and powers may vary within one long call: 10 readings a second.
  Window Measure(const std::function<void()>& work,
                 std::chrono::milliseconds period = std::chrono::milliseconds(100)) const;

 private:
  struct Sensor {
    std::string name;
    std::string path;    // below the root
    bool power = false;  // uW instead of a counter of uJ
    int64_t range = 0;   // of the counter
  };
  class Total;

  // The sensors of one kind, if all of them read; else why not.
  std::string TryRapl();
  std::string TryHwmon();
  // Takes the sensors, or says which does not read.
  std::string Take(const std::string& source, std::vector<Sensor> sensors);

  SystemFiles files_;
  std::vector<Sensor> sensors_;
  std::string source_, why_not_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_ENERGY_H_
