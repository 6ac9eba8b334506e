#include "hwprobe/latency.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

namespace roofgap {
namespace {

constexpr int64_t kSteps = 8192;
constexpr int64_t kWarmUpSteps = int64_t{1} << 20;  // once around any set that fits into a cache of 64 MiB

}  // namespace

void LinkCycle(std::byte* memory, int64_t lines, uint64_t seed) {
  std::vector<uint32_t> order(static_cast<size_t>(lines));
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937_64 random(seed);
  for (size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[random() % i]);  // never with itself: that makes it one cycle
  }
  for (size_t i = 0; i < order.size(); ++i) {
    const std::byte* const next = memory + int64_t{order[i]} * kLineBytes;
    std::memcpy(memory + static_cast<int64_t>(i) * kLineBytes, &next, sizeof(next));
  }
}

const std::byte* Chase(const std::byte* from, int64_t steps) {
  const void* place = from;
  for (int64_t i = 0; i < steps; ++i) place = *static_cast<const void* const*>(place);
  return static_cast<const std::byte*>(place);
}

std::vector<Ceiling> Latencies(Bench& bench, const Arena& arena, std::span<const Level> levels, double budget_s) {
  std::vector<Ceiling> rows;
  auto* const memory = reinterpret_cast<std::byte*>(arena.slice(0));
  for (const Level& level : levels) {
    // The smallest set of the level: a chase is slow, and lines that wait long for their turn are evicted by whoever
    // else uses a shared cache (of a 32 MiB L3, 4 MiB took 12 ns, 16 MiB 97, memory 149).
    const double bytes = WorkingSets(level, 2, static_cast<double>(arena.slice_bytes())).front();
    const int64_t lines = std::max<int64_t>(2, static_cast<int64_t>(bytes) / kLineBytes);
    LinkCycle(memory, lines, 1);
    const std::byte* place = Chase(memory, std::min(lines, kWarmUpSteps));
    // Goes on where the last call ended, so that a large set is walked through, not its first links again and again.
    const Contender contender{.label = "chase " + level.name,
                              .threads = 1,
                              .call = [&](int) { place = Chase(place, kSteps); },
                              .memory_bound = true};
    const Measurement measured = bench.Run("latency", {&contender, 1}, budget_s).front();
    const Statistics& s = measured.statistics;
    Ceiling row;
    row.kind = "latency";
    row.level = level.name;
    row.pages = arena.pages() == Buffer::Pages::kHuge ? "huge" : "small";
    row.threads = 1;
    row.working_set_bytes = static_cast<double>(lines * kLineBytes);
    SetCapacity(row, level);
    row.best = s.min / kSteps;
    row.median = s.median / kSteps;
    if (s.ci_low) row.ci_low = *s.ci_low / kSteps;
    if (s.ci_high) row.ci_high = *s.ci_high / kSteps;
    row.n = s.n;
    row.unit = "ns";
    if (measured.clock_ghz > 0) row.clock_ghz = measured.clock_ghz;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace roofgap
