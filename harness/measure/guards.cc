#include "harness/measure/guards.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace roofgap {

int64_t InvoluntarySwitches() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
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

bool SwitchesMatter(int64_t switches, double ns) { return static_cast<double>(switches) * kSwitchNs > 0.01 * ns; }

bool StealMatters(int64_t stolen_ns, double ns, int cpus) { return static_cast<double>(stolen_ns) > 0.01 * ns * cpus; }

}  // namespace roofgap
