#include "harness/measure/guards.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace roofgap {

namespace {

int64_t InvoluntarySwitches() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

// The second number of each thread's schedstat: nanoseconds spent waiting in a run queue.
std::optional<int64_t> WaitedNs() {
  std::optional<int64_t> sum;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream in(task.path() / "schedstat");
    int64_t ran = 0, waited = 0;
    if (in >> ran >> waited) sum = sum.value_or(0) + waited;
  }
  return sum;
}

}  // namespace

bool Matters(double lost_ns, double ns) { return lost_ns > 0.01 * ns; }

PreemptionWatch::PreemptionWatch() : switches_(InvoluntarySwitches()), waited_(WaitedNs()) {}

double PreemptionWatch::LostNs() {
  const int64_t before = std::exchange(switches_, InvoluntarySwitches());
  if (switches_ == before) return 0;
  const std::optional<int64_t> waited_before = std::exchange(waited_, WaitedNs());
  if (!waited_ || !waited_before) return kSwitchNs * static_cast<double>(switches_ - before);
  // A thread that ended took its time with it.
  return static_cast<double>(std::max<int64_t>(0, *waited_ - *waited_before));
}

int64_t StolenNs(const std::vector<int>& cpus) {
  static const int64_t ticks_per_second = sysconf(_SC_CLK_TCK);
  std::ifstream in("/proc/stat");
  // The lines of the processors come first; what follows is long and of no interest.
  std::string text;
  for (std::string line; std::getline(in, line) && line.starts_with("cpu");) text += line + '\n';
  return StolenNs(text, cpus, ticks_per_second);
}

int64_t StolenNs(std::string_view proc_stat, const std::vector<int>& cpus, int64_t ticks_per_second) {
  constexpr int kStealColumn = 7;  // user nice system idle iowait irq softirq steal
  int64_t ticks = 0;
  std::istringstream in{std::string(proc_stat)};
  for (std::string line; std::getline(in, line);) {
    std::istringstream columns(line);
    std::string name;
    int64_t value = 0;
    columns >> name;
    if (name.size() <= 3 || !name.starts_with("cpu")) continue;
    if (std::find(cpus.begin(), cpus.end(), std::stoi(name.substr(3))) == cpus.end()) continue;
    for (int column = 0; column <= kStealColumn && columns >> value; ++column) {
      if (column == kStealColumn) ticks += value;
    }
  }
  return ticks_per_second > 0 ? ticks * (1'000'000'000 / ticks_per_second) : 0;
}

}  // namespace roofgap
