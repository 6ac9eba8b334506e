#include "harness/measure/energy.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/measure/clock.h"

namespace roofgap {
namespace {

constexpr const char* kPowercap = "sys/class/powercap";
constexpr const char* kHwmon = "sys/class/hwmon";

// Chips of hwmon that measure something else than processor and memory.
bool OtherDevice(const std::string& chip) {
  for (const char* name : {"amdgpu", "nouveau", "i915", "xe", "nvme", "BAT", "CMB", "hidpp_battery", "drivetemp"}) {
    if (chip.starts_with(name)) return true;
  }
  return false;
}

// How deep a zone lies: 1 for "intel-rapl:0", 2 for "intel-rapl:0:1"; 0 for any other name.
int Depth(const std::string& zone) {
  return zone.starts_with("intel-rapl:") ? static_cast<int>(std::count(zone.begin(), zone.end(), ':')) : 0;
}

// The number in "energy12_input" for stem "energy" and ending "_input"; empty for any other name.
std::string Channel(const std::string& name, std::string_view stem, std::string_view ending) {
  if (name.size() <= stem.size() + ending.size() || !name.starts_with(stem) || !name.ends_with(ending)) return "";
  const std::string number = name.substr(stem.size(), name.size() - stem.size() - ending.size());
  const bool digits = std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? number : "";
}

std::string Absolute(const std::string& path) { return "/" + path; }

}  // namespace

std::optional<int64_t> CounterDifference(int64_t before, int64_t now, int64_t range) {
  if (before < 0 || now < 0) return std::nullopt;
  if (now >= before) return now - before;
  if (range < before) return std::nullopt;
  return range - before + now;
}

void PowerIntegral::Add(double at_s, double watts) {
  if (at_s_) joules_ += (at_s - *at_s_) * (watts + watts_) / 2;
  at_s_ = at_s;
  watts_ = watts;
}

std::optional<double> BeyondIdle(double joules, double seconds, double idle_w) {
  const double beyond = joules - idle_w * seconds;
  if (!(beyond > 0)) return std::nullopt;
  return beyond;
}

// Adds up what the sensors of a meter count, reading by reading.
class EnergyMeter::Total {
 public:
  explicit Total(const EnergyMeter& meter) : meter_(meter), counters_(meter.sensors_.size()) {}

  // Reads all sensors. After one that fails there are no joules any more.
  void Read() {
    for (size_t i = 0; i < counters_.size() && why_.empty(); ++i) {
      const Sensor& sensor = meter_.sensors_[i];
      Counter& counter = counters_[i];
      const SystemFiles::Reading reading = meter_.files_.WholeNumber(sensor.path);
      if (!reading.value) {
        why_ = Absolute(sensor.path) + ": " + reading.why;
      } else if (sensor.power) {
        counter.power.Add(static_cast<double>(NowNs()) * 1e-9, static_cast<double>(*reading.value) * 1e-6);
      } else if (const auto counted =
                     CounterDifference(counter.last.value_or(*reading.value), *reading.value, sensor.range)) {
        counter.microjoules += *counted;
        counter.last = reading.value;
      } else {
        why_ = Absolute(sensor.path) + ": the counter went back from " + std::to_string(*counter.last) + " to " +
               std::to_string(*reading.value);
      }
    }
  }

  const std::string& why() const { return why_; }
  double joules() const {
    double sum = 0;
    for (const Counter& counter : counters_) {
      sum += static_cast<double>(counter.microjoules) * 1e-6 + counter.power.joules();
    }
    return sum;
  }

 private:
  struct Counter {
    std::optional<int64_t> last;
    int64_t microjoules = 0;
    PowerIntegral power;
  };

  const EnergyMeter& meter_;
  std::vector<Counter> counters_;
  std::string why_;
};

EnergyMeter::EnergyMeter(const std::filesystem::path& root) : files_(root) {
  const std::string no_rapl = TryRapl();
  if (reads()) return;
  const std::string no_hwmon = TryHwmon();
  if (reads()) return;
  why_not_ = "no sensor: " + no_rapl + " and " + no_hwmon;
}

std::string EnergyMeter::TryRapl() {
  const std::vector<std::string> zones = files_.List(kPowercap);
  if (zones.empty()) return "no /" + std::string(kPowercap);
  std::vector<Sensor> found;
  for (const std::string& zone : zones) {
    const std::string dir = std::string(kPowercap) + "/" + zone + "/";
    const std::string what = files_.Read(dir + "name");
    const int depth = Depth(zone);
    const bool counts = (depth == 1 && what.starts_with("package-")) || (depth == 2 && what == "dram");
    if (!counts) continue;
    found.push_back(
        {.name = what, .path = dir + "energy_uj", .range = files_.Number(dir + "max_energy_range_uj").value_or(0)});
  }
  return found.empty() ? "no package in /" + std::string(kPowercap) : Take("rapl", std::move(found));
}

std::string EnergyMeter::TryHwmon() {
  const std::vector<std::string> chips = files_.List(kHwmon);
  if (chips.empty()) return "no /" + std::string(kHwmon);
  std::vector<Sensor> energies, powers;
  for (const std::string& chip : chips) {
    const std::string dir = std::string(kHwmon) + "/" + chip + "/";
    const std::string what = files_.Read(dir + "name");
    if (OtherDevice(what)) continue;
    const std::vector<std::string> names = files_.List(dir);
    const auto add = [&](const std::string& file, const std::string& channel, std::vector<Sensor>* sensors) {
      const std::string label = files_.Read(dir + channel + "_label");
      sensors->push_back(
          {.name = what + " " + (label.empty() ? channel : label), .path = dir + file, .power = sensors == &powers});
    };
    const auto has = [&](const std::string& name) { return std::binary_search(names.begin(), names.end(), name); };
    for (const std::string& name : names) {
      if (const std::string n = Channel(name, "energy", "_input"); !n.empty()) add(name, "energy" + n, &energies);
      if (const std::string n = Channel(name, "power", "_input"); !n.empty()) add(name, "power" + n, &powers);
      const std::string n = Channel(name, "power", "_average");
      if (!n.empty() && !has("power" + n + "_input")) add(name, "power" + n, &powers);
    }
  }
  const auto holds = [](const char* label) {
    return [label](const Sensor& sensor) { return sensor.name.find(label) != std::string::npos; };
  };
  if (std::any_of(energies.begin(), energies.end(), holds(" Esocket"))) std::erase_if(energies, holds(" Ecore"));
  std::vector<Sensor>& found = energies.empty() ? powers : energies;
  return found.empty() ? "no energy or power in /" + std::string(kHwmon) : Take("hwmon", std::move(found));
}

std::string EnergyMeter::Take(const std::string& source, std::vector<Sensor> sensors) {
  std::string names;
  for (const Sensor& sensor : sensors) {
    const SystemFiles::Reading reading = files_.WholeNumber(sensor.path);
    if (!reading.value) return Absolute(sensor.path) + ": " + reading.why;
    names += (names.empty() ? " " : "+") + sensor.name;
  }
  sensors_ = std::move(sensors);
  source_ = source + names;
  return "";
}

EnergyMeter::Window EnergyMeter::Measure(const std::function<void()>& work, std::chrono::milliseconds period) const {
  if (!reads()) return {.why = why_not_};
  Total total(*this);
  std::mutex mutex;
  std::condition_variable wake;
  bool over = false;
  total.Read();
  const int64_t begin = NowNs();
  std::thread reader([&] {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, period, [&] { return over; })) total.Read();
  });
  const auto finish = [&] {
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    wake.notify_one();
    reader.join();
  };
  try {
    work();
  } catch (...) {
    finish();
    throw;
  }
  const int64_t end = NowNs();
  finish();
  total.Read();
  Window window{.seconds = static_cast<double>(end - begin) * 1e-9, .joules = {}, .why = total.why()};
  if (window.why.empty()) window.joules = total.joules();
  return window;
}

}  // namespace roofgap
