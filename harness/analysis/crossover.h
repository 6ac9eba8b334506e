#ifndef ROOFGAP_HARNESS_ANALYSIS_CROSSOVER_H_
#define ROOFGAP_HARNESS_ANALYSIS_CROSSOVER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/attention.h"

// At which length one way to compute (or approximate) attention overtakes another.

namespace roofgap {

// The ratio of two times at n, with its interval: that of the two medians at their opposite ends; none where a row has
// none. Above 1 the second one is the faster; it is decided where the interval leaves out 1.
struct RatioPoint {
  double n = 0, ratio = 1;
  Number low, high;

  bool has_interval() const { return low && high; }
  // 1, -1, or 0: undecided.
  int side() const { return !has_interval() ? 0 : *low > 1 ? 1 : *high < 1 ? -1 : 0; }
};

// Where the ratio passes 1, from a length at which the one is decidedly the faster to the next at which the other is:
// the (first) place where straight lines in log(ratio) over log(n) do. [low, high]: from the first to the last place
// where the lines through the ends of the intervals do. Points without an interval are left out.
struct Crossing {
  double n = 0, low = 0, high = 0;
};

// In the order of n, which is that of the points.
std::vector<Crossing> FindCrossings(std::span<const RatioPoint> points);

// The vocabulary of `verdict`.
inline constexpr std::string_view kCrossing = "crossing";
inline constexpr std::string_view kAlways = "always";
inline constexpr std::string_view kUndecided = "undecided";

// One row of crossovers.csv: two methods of one family and setting, and one length at which the second overtakes the
// first; or that the first is the faster one wherever that is decided; or that it is nowhere. Nothing is said of
// lengths outside of those that both were measured at.
struct Crossover {
  int schema_version = kSchemaVersion;
  AttentionFamily family;
  AttentionMethod faster, rival;
  std::string verdict, status, reason;
  Number n, n_low, n_high;
  Number n_from, n_to;
  int64_t lengths = 0, decided = 0;
};

template <MaybeConst<Crossover> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  VisitFamily(row.family, visit);
  visit(Field{"faster_op", "", "of the method that is faster below n, or wherever that is decided"}, row.faster.op);
  visit(Field{"faster_variant", "", "its variant"}, row.faster.variant);
  visit(Field{"faster_k", "", "its projected length, of linformer"}, row.faster.k);
  visit(Field{"faster_m", "", "its features, of performer"}, row.faster.m);
  visit(Field{"rival_op", "", "of the method that is faster above n, or nowhere"}, row.rival.op);
  visit(Field{"rival_variant", "", "its variant"}, row.rival.variant);
  visit(Field{"rival_k", "", "its projected length, of linformer"}, row.rival.k);
  visit(Field{"rival_m", "", "its features, of performer"}, row.rival.m);
  visit(
      Field{
          "verdict", "",
          "whether the rival overtakes; always: the first is faster at each length that is decided; undecided: none is",
          "crossing always undecided"},
      row.verdict);
  visit(Field{"status", "", "unstable: one of the compared rows is", "measured unstable"}, row.status);
  visit(Field{"reason", "", "why it is not `measured`"}, row.reason);
  visit(Field{"n", "", "where the rival overtakes: between decided lengths by lines in logarithms"}, row.n);
  visit(Field{"n_low", "", "least n that the intervals allow"}, row.n_low);
  visit(Field{"n_high", "", "largest n that they allow"}, row.n_high);
  visit(Field{"n_from", "", "least length that both have a time at"}, row.n_from);
  visit(Field{"n_to", "", "largest length that both have a time at"}, row.n_to);
  visit(Field{"lengths", "", "how many both have a time at"}, row.lengths);
  visit(Field{"decided", "",
              "at how many of these their intervals have nothing in common; a row without one decides nothing"},
        row.decided);
}

// Every two methods of a family that have times at two lengths or more in common, once each: series in their order, the
// crossings of a pair in the order of n.
std::vector<Crossover> FindCrossovers(std::span<const AttentionSeries> series);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_CROSSOVER_H_
