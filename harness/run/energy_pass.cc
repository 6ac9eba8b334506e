#include "harness/run/energy_pass.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <thread>

#include "harness/measure/clock.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

constexpr const char* kInterrupted = "interrupted";
// OpenMP's threads spin before they sleep: some ms by default.
constexpr std::chrono::milliseconds kFallAsleep(200);
constexpr std::chrono::milliseconds kLook(20);  // between two looks for an interrupt
constexpr double kChunkNs = 10e6;               // the same, between calls

constexpr double kMostSpins = 1e6;  // of 50 ns each where a pause is longest: well within kFallAsleep

std::string Lower(std::string_view text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// A spin count as libgomp reads it: a number with k, m, g or t, or infinite; nullopt where it would take the default.
std::optional<double> Spins(std::string_view text) {
  const std::string lower = Lower(text);
  if (lower == "infinite" || lower == "infinity") return std::numeric_limits<double>::infinity();
  uint64_t count = 0;
  const auto [rest, error] = std::from_chars(lower.data(), lower.data() + lower.size(), count);
  if (error != std::errc()) return std::nullopt;
  const std::map<std::string, double> factors{{"", 1}, {"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}};
  const auto factor = factors.find(std::string(rest, lower.data() + lower.size()));
  if (factor == factors.end()) return std::nullopt;
  return static_cast<double>(count) * factor->second;
}

}  // namespace

std::string WhyAwake(std::string_view omp_wait_policy, std::string_view gomp_spincount) {
  const std::optional<double> spins = Spins(gomp_spincount);
  if (spins && *spins > kMostSpins) {
    return "threads never idle: GOMP_SPINCOUNT=" + std::string(gomp_spincount) + " keeps them spinning";
  }
  if (!spins && Lower(omp_wait_policy) == "active") {
    return "threads never idle: OMP_WAIT_POLICY=" + std::string(omp_wait_policy) + " keeps them spinning";
  }
  return "";
}

EnergyPass::EnergyPass(double window_s, const std::filesystem::path& root, const std::string& awake)
    : window_s_(window_s), meter_(root) {
  if (window_s_ <= 0) {
    status_ = "switched off";
  } else if (!meter_.reads()) {
    status_ = meter_.why_not();
  } else {
    status_ = awake;
  }
}

void EnergyPass::MeasureIdle(const std::function<bool()>& interrupted) {
  if (!able()) return;
  bool stopped = false;
  const auto sleep = [&](double seconds) {
    const int64_t end = NowNs() + static_cast<int64_t>(seconds * 1e9);
    while (NowNs() < end && !(stopped = interrupted())) std::this_thread::sleep_for(kLook);
  };
  sleep(std::chrono::duration<double>(kFallAsleep).count());
  const EnergyMeter::Window window = meter_.Measure([&] { sleep(window_s_); });
  if (stopped) {
    status_ = kInterrupted;
  } else if (!window.joules) {
    status_ = window.why;
  } else if (*window.joules == 0) {
    // Virtual machines show a counter that stands still.
    status_ = meter_.source() + " counted nothing in " + Format("%.1f s", window.seconds);
  } else {
    idle_w_ = *window.joules / window.seconds;
  }
}

void EnergyPass::Measure(const std::function<void(int64_t)>& call, double call_ns,
                         const std::function<bool()>& interrupted, Record* record) const {
  record->energy_j.reset();
  if (!able() || !idle_w_) {
    record->energy_status = able() ? "idle power is not known" : status_;
    return;
  }
  const auto chunk = static_cast<int64_t>(std::clamp(kChunkNs / std::max(call_ns, 1.0), 1.0, kChunkNs));
  int64_t calls = 0;
  bool stopped = false;
  const EnergyMeter::Window window = meter_.Measure([&] {
    const int64_t end = NowNs() + static_cast<int64_t>(window_s_ * 1e9);
    while (NowNs() < end && !(stopped = interrupted())) {
      for (const int64_t last = calls + chunk; calls < last; ++calls) call(calls);
    }
  });
  if (stopped || calls == 0) {
    record->energy_status = kInterrupted;
    return;
  }
  if (!window.joules) {
    record->energy_status = window.why;
    return;
  }
  const std::optional<double> beyond = BeyondIdle(*window.joules, window.seconds, *idle_w_);
  if (!beyond) {
    record->energy_status = meter_.source() + Format(": %.3g J in %.1f s are not more than idle %.3g W", *window.joules,
                                                     window.seconds, *idle_w_);
    return;
  }
  record->energy_j = *beyond / static_cast<double>(calls);
  record->energy_status = meter_.source() + Format(", idle %.3g W subtracted, %.1f s", *idle_w_, window.seconds);
}

}  // namespace roofgap
