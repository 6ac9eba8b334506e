#ifndef ROOFGAP_HWPROBE_LATENCY_H_
#define ROOFGAP_HWPROBE_LATENCY_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hwprobe/arena.h"
#include "hwprobe/bench.h"
#include "hwprobe/plateau.h"

namespace roofgap {

inline constexpr int64_t kLineBytes = 64;

// Links the first `lines` cache lines at `memory`, in random order, into one cycle that visits each of them once
// (Sattolo's algorithm): the first 8 bytes of each line are the address of the next.
void LinkCycle(std::byte* memory, int64_t lines, uint64_t seed);

// Follows `steps` links from `from` on, each load waiting for the one before; returns where it ends.
const std::byte* Chase(const std::byte* from, int64_t steps);

// Nanoseconds of a load from each level on one core: a chase through a set that lives in the level and not in one
// nearer, after walking it until it does. Best is the least, and like all of them the mean over the links of a call.
// Writes over the arena's first slice.
std::vector<Ceiling> Latencies(Bench& bench, const Arena& arena, std::span<const Level> levels, double budget_s);

// A note for each of `rows` (nearest level first) that is within 20 % of the next: what lived in that cache is unclear.
std::vector<std::string> NearlyEqualLatencies(std::span<const Ceiling> rows);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_LATENCY_H_
