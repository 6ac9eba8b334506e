#ifndef ROOFGAP_HARNESS_ANALYSIS_COMPLEXITY_H_
#define ROOFGAP_HARNESS_ANALYSIS_COMPLEXITY_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/attention.h"

// How time and memory of attention and its approximations grow with the sequence length: fitted exponents beside those
// of the textbook.

namespace roofgap {

// The vocabularies of `quantity` and `range`.
inline constexpr std::string_view kTime = "time";
inline constexpr std::string_view kWorkspace = "workspace";
inline constexpr std::string_view kAllLengths = "all";
inline constexpr std::string_view kLongLengths = "from_1024";
inline constexpr double kLong = 1024;

// What the textbook says of a method for self-attention, and which exponent of n that is.
struct Complexity {
  std::string_view name;     // standard, flash, linformer, performer
  std::string_view formula;  // O(n^2 d)
  double exponent = 0;       // of n; over t with s = 1 the same formula has another
  bool at_most = false;      // an upper bound: memory that grows more slowly, or not at all, is as expected
};

Complexity ExpectedOf(const AttentionMethod& method, std::string_view sweep, std::string_view quantity);

// How far a fitted exponent may be from the expected one.
inline constexpr double kExponentTolerance = 0.1;

// One row of complexity.csv: a series, what of it, and from which n on. `agreement` is empty without an exponent but
// for a workspace of 0 bytes, which is under every bound.
struct GrowthFit {
  int schema_version = kSchemaVersion;
  AttentionFamily family;
  AttentionMethod method;
  std::string quantity, range;
  std::string status, reason, left_out;
  Number n_from, n_to;
  int64_t lengths = 0, unstable = 0;
  Number exponent, half_width;
  std::string formula;
  Number expected;
  std::string agreement;
};

template <MaybeConst<GrowthFit> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  VisitFamily(row.family, visit);
  visit(Field{"op", "", "as in measurements.csv"}, row.method.op);
  visit(Field{"variant", "", "as in measurements.csv"}, row.method.variant);
  visit(Field{"k", "", "projected length, of linformer"}, row.method.k);
  visit(Field{"m", "", "features, of performer"}, row.method.m);
  visit(Field{"quantity", "", "what grows: median_ns or workspace_bytes", "time workspace"}, row.quantity);
  visit(Field{"range", "", "which lengths are fitted", "all from_1024"}, row.range);
  visit(Field{"status", "", "unstable: a fitted row is; skipped: there is no exponent", "measured unstable skipped"},
        row.status);
  visit(Field{"reason", "", "why the fit is not `measured`"}, row.reason);
  visit(Field{"left_out", "", "lengths that are not fitted, and why"}, row.left_out);
  visit(Field{"n_from", "", "least n that is fitted"}, row.n_from);
  visit(Field{"n_to", "", "largest n that is fitted"}, row.n_to);
  visit(Field{"lengths", "", "different n that are fitted; an exponent needs 3"}, row.lengths);
  visit(Field{"unstable", "", "unstable rows among them"}, row.unstable);
  visit(Field{"exponent", "", "of n, by least squares of logarithms"}, row.exponent);
  visit(Field{"half_width", "",
              "exponent -+ this is its 95 % interval: the larger of Student's t and of what the points' own intervals "
              "give"},
        row.half_width);
  visit(Field{"formula", "", "the textbook's, for self-attention"}, row.formula);
  visit(Field{"expected", "", "exponent of n that the formula has in this sweep"}, row.expected);
  visit(Field{"agreement", "",
              "exponent against `expected` +- 0.1; memory is as_expected too when it grows more slowly, and when there "
              "is none, but for that of standard attention with n = s = t",
              "as_expected below above"},
        row.agreement);
}

// Four rows for each series: time and workspace, over all its lengths and over those from 1024 on.
std::vector<GrowthFit> FitGrowth(std::span<const AttentionSeries> series);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COMPLEXITY_H_
