#ifndef ROOFGAP_HARNESS_RUN_ENERGY_PASS_H_
#define ROOFGAP_HARNESS_RUN_ENERGY_PASS_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "harness/measure/energy.h"
#include "harness/record/record.h"

namespace roofgap {

// Why the team of GNU's OpenMP library spins through a window of idling instead of sleeping, as it is told to by these
// variables of the environment (empty: not set); empty: it falls asleep in time. A spin is a pause instruction.
std::string WhyAwake(std::string_view omp_wait_policy, std::string_view gomp_spincount);

// Measures what calls cost in energy, after and apart from their times: back to back for a window of seconds, because
// sensors count in steps of a millisecond or more, and what the machine takes while idle is subtracted.
class EnergyPass {
 public:
  static constexpr double kWindowS = 2;

  // `window_s` 0: nothing is measured. `root`: where the sensors are looked for. `awake`: why threads of this process
  // do not sleep while they wait (WhyAwake()); then nothing is measured either.
  explicit EnergyPass(double window_s, const std::filesystem::path& root = "/", const std::string& awake = "");

  // Whether rows can be measured; if not, status() says why, for all of them.
  bool able() const { return status_.empty(); }
  const std::string& status() const { return status_; }

  // Once, before the first row: the power of the machine while every thread of this process sleeps, for a window.
  // Without it, or when it fails or is interrupted, no row can be measured.
  void MeasureIdle(const std::function<bool()>& interrupted);

  // Calls until the window is over and fills energy_j and energy_status. `call` gets the number of the call; the team
  // that it runs on is pinned already. `call_ns`: about what it takes. Interrupted: energy_j stays empty.
  void Measure(const std::function<void(int64_t)>& call, double call_ns, const std::function<bool()>& interrupted,
               Record* record) const;

 private:
  double window_s_;
  EnergyMeter meter_;
  std::optional<double> idle_w_;
  std::string status_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_ENERGY_PASS_H_
