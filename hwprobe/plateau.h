#ifndef ROOFGAP_HWPROBE_PLATEAU_H_
#define ROOFGAP_HWPROBE_PLATEAU_H_

#include <span>
#include <string>
#include <vector>

#include "harness/record/record.h"

// Where the caches end, read off the curve of bandwidth over working set. Pure: numbers in, numbers out.

namespace roofgap {

struct CurvePoint {
  double bytes = 0;  // working set of all threads together
  double gbps = 0;
};

// A stretch of the curve on which bandwidth hardly falls.
struct Plateau {
  double begin_bytes = 0;  // its first and last point
  double end_bytes = 0;
  double gbps = 0;        // median of its points
  double knee_bytes = 0;  // where the curve falls through the geometric mean of this and the next plateau; 0: the last
};

// Finds the plateaus of a curve given in ascending, geometric steps of at least two points per octave. A step is one
// when bandwidth falls by a quarter or more for an octave or more; slopes between plateaus belong to neither.
std::vector<Plateau> FindPlateaus(std::span<const CurvePoint> curve);

// A level of the memory hierarchy, for a number of threads.
struct Level {
  std::string name;           // L1, L2, ..., DRAM
  double nearer_bytes = 0;    // the capacity of the levels before it
  double capacity_bytes = 0;  // up to and with this level; of DRAM: 0, no limit
  double knee_bytes = 0;      // as found in the curve; 0: no knee there
  double reported_bytes = 0;  // as the system says; 0: it does not
};

// The columns of a row that tell what the level holds; of DRAM none.
void SetCapacity(Ceiling& row, const Level& level);

// What the system says the caches hold, all together up to a level.
struct ReportedLevel {
  std::string level;
  double capacity_bytes = 0;
};

// "L1" for 1.
std::string CacheLevelName(int level);

// Names the plateaus. With reported levels: these, each with the nearest knee within a factor of 2.5, and DRAM; its
// capacity is the larger of knee and report, so that what is claimed to lie beyond it really does. Without: the
// plateaus in order, the last being DRAM; of more than five the smallest steps are none.
std::vector<Level> NameLevels(std::span<const Plateau> plateaus, std::span<const ReportedLevel> reported);

// Working sets, ascending, that live in `level` and not in one nearer: half of it; from two on geometric from four
// times the nearer capacity (at most half of the level) to half, and from three on 0.8 of it. Half, because caches that
// adapt to streaming are at their best there (Zen 5's L2 gives 184 GB/s up to 0.4 of its size, 240 around half). For
// DRAM from four times the nearer capacity to six (no cache known: `most_bytes`), none above `most_bytes` but at least
// one.
std::vector<double> WorkingSets(const Level& level, int count, double most_bytes);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_PLATEAU_H_
