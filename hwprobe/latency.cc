#include "hwprobe/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "harness/measure/pinning.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

constexpr int64_t kSteps = 8192;
constexpr int64_t kDramWarmUpSteps = int64_t{1} << 20;

// Walks until the set lives in its cache: a cache that learns what is used again took up to 20 laps to keep 2 MiB of
// its 32 (150 to 290 ns a load until then, 13 afterwards).
const std::byte* Settle(const std::byte* place, int64_t lines) {
  constexpr int kLeastLaps = 32;
  constexpr double kMostSeconds = 0.4, kAgree = 0.1;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  double before_s = 0;
  for (int lap = 1;; ++lap) {
    const Clock::time_point start = Clock::now();
    place = Chase(place, lines);
    const Clock::time_point end = Clock::now();
    const double lap_s = std::chrono::duration<double>(end - start).count();
    const bool agree = std::abs(lap_s - before_s) <= kAgree * lap_s;
    before_s = lap_s;
    if ((lap >= kLeastLaps && agree) || std::chrono::duration<double>(end - begin).count() > kMostSeconds) break;
  }
  return place;
}

// A chase is slow, and lines that wait long for their turn are evicted by whoever else uses a shared cache (of a 32 MiB
// L3, 4 MiB took 12 ns, 16 MiB 97, memory 149): of a cache as little as the nearer ones cannot hold.
double ChasedBytes(const Level& level, double most_bytes) {
  const double smallest = WorkingSets(level, 2, most_bytes).front();
  return level.capacity_bytes > 0 && level.nearer_bytes > 0 ? std::min(smallest, 2 * level.nearer_bytes) : smallest;
}

std::string NearlyAs(const Ceiling& row, const Ceiling& next) {
  return Format("latency of %s (%.1f ns) is nearly that of %s (%.1f ns): others may hold the cache", row.level.c_str(),
                *row.best, next.level.c_str(), *next.best);
}

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
    const bool is_cache = level.capacity_bytes > 0;
    const double bytes = ChasedBytes(level, static_cast<double>(arena.slice_bytes()));
    const int64_t lines = std::max<int64_t>(2, static_cast<int64_t>(bytes) / kLineBytes);
    LinkCycle(memory, lines, 1);
    PinTeam(1, bench.cpus());
    const std::byte* place = is_cache ? Settle(memory, lines) : Chase(memory, std::min(lines, kDramWarmUpSteps));
    UnpinTeam(1, bench.cpus());
    // Goes on where the last call ended, so that a large set is walked through, not its first links again and again.
    const Contender contender{.label = "chase " + level.name,
                              .threads = 1,
                              .call = [&](int) { place = Chase(place, kSteps); },
                              .memory_bound = !is_cache};  // the load canary would evict the set
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

std::vector<std::string> NearlyEqualLatencies(std::span<const Ceiling> rows) {
  constexpr double kNearly = 0.8;
  std::vector<std::string> notes;
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    if (rows[i].best && rows[i + 1].best && *rows[i].best > kNearly * *rows[i + 1].best) {
      notes.push_back(NearlyAs(rows[i], rows[i + 1]));
    }
  }
  return notes;
}

}  // namespace roofgap
