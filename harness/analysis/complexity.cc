#include "harness/analysis/complexity.h"

#include <algorithm>
#include <utility>

#include "harness/analysis/fastest.h"
#include "harness/analysis/power_fit.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

// Rows that tell their value, and in words those that do not.
struct Fitted {
  std::vector<PowerPoint> points;
  Number n_from, n_to;
  int64_t unstable = 0;
  bool has_zeros = false;
  std::string left_out;
};

// Lengths by why they are not fitted, in the order of first mention.
class LeftOut {
 public:
  void Add(const std::string& reason, const Number& n) {
    auto found = std::find_if(lists_.begin(), lists_.end(), [&](const auto& known) { return known.first == reason; });
    if (found == lists_.end()) found = lists_.insert(found, {reason, ""});
    found->second += (found->second.empty() ? " (n = " : ", ") + csv::Format(n);
  }
  std::string text() const {
    std::string text;
    for (const auto& [reason, lengths] : lists_) AppendClause(text, reason + lengths + ")");
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> lists_;
};

Fitted Collect(const AttentionSeries& series, std::string_view quantity, std::string_view range) {
  Fitted fitted;
  LeftOut left_out;
  const bool of_time = quantity == kTime;
  for (const AttentionPoint* point : series.points) {
    if (range == kLongLengths && *point->n < kLong) continue;
    // A wrong row's workspace counts as little as its speed.
    if (!(point->median_ns.value_or(0) > 0) || (!of_time && !point->workspace_bytes)) {
      left_out.Add(point->status + (point->reason.empty() ? "" : ": " + point->reason), point->n);
      continue;
    }
    const double value = of_time ? *point->median_ns : *point->workspace_bytes;
    if (!(value > 0)) {
      fitted.has_zeros = true;
      left_out.Add("no bytes", point->n);
      continue;
    }
    fitted.points.push_back({.n = *point->n, .value = value, .low = {}, .high = {}});
    if (of_time) {
      fitted.points.back().low = point->ci_low_ns;
      fitted.points.back().high = point->ci_high_ns;
    }
    if (!fitted.n_from) fitted.n_from = point->n;
    fitted.n_to = point->n;
    // Bytes are counted, not measured.
    fitted.unstable += of_time && point->status == kUnstable ? 1 : 0;
  }
  fitted.left_out = left_out.text();
  return fitted;
}

std::string Agreement(double exponent, const Complexity& expected) {
  if (exponent > expected.exponent + kExponentTolerance) return "above";
  return exponent < expected.exponent - kExponentTolerance && !expected.at_most ? "below" : "as_expected";
}

GrowthFit FitOne(const AttentionSeries& series, std::string_view quantity, std::string_view range) {
  const Fitted fitted = Collect(series, quantity, range);
  const PowerFit power = FitPower(fitted.points);
  const Complexity expected = ExpectedOf(*series.method, series.family->sweep, quantity);
  GrowthFit fit;
  fit.family = *series.family;
  fit.method = *series.method;
  fit.quantity = quantity;
  fit.range = range;
  fit.left_out = fitted.left_out;
  fit.n_from = fitted.n_from;
  fit.n_to = fitted.n_to;
  fit.lengths = power.lengths;
  fit.unstable = fitted.unstable;
  fit.formula = expected.formula;
  fit.expected = expected.exponent;
  if (power.exponent) {
    fit.status = fitted.unstable > 0 ? kUnstable : kMeasured;
    if (fitted.unstable > 0) fit.reason = std::to_string(fitted.unstable) + " unstable rows";
    fit.exponent = power.exponent;
    fit.half_width = power.half_width;
    fit.agreement = Agreement(*power.exponent, expected);
    return fit;
  }
  fit.status = kSkipped;
  if (fitted.has_zeros && fitted.points.empty()) {
    fit.reason = "no bytes at any length";
    fit.agreement = expected.at_most ? "as_expected" : "below";
  } else {
    fit.reason = std::to_string(power.lengths) + (power.lengths == 1 ? " length" : " lengths") + ", " +
                 std::to_string(kFewestLengths) + " are needed";
  }
  return fit;
}

}  // namespace

Complexity ExpectedOf(const AttentionMethod& method, std::string_view sweep, std::string_view quantity) {
  const bool time = quantity == kTime;
  if (method.op == "linformer") return {"linformer", time ? "O(n k d)" : "O(n k)", 1, !time};
  if (method.op == "performer") return {"performer", time ? "O(n d^2)" : "O(n d)", 1, !time};
  const bool flash = method.variant.find("flash") != std::string::npos;
  const std::string_view name = flash ? "flash" : "standard";
  // n^2 is s t: with one query t alone, beside which what does not grow weighs more.
  const bool decode = sweep == kDecode;
  const double square = decode ? 1 : 2;
  if (time) return {name, "O(n^2 d)", square, false};
  return flash ? Complexity{name, "O(n)", 1, true} : Complexity{name, "O(n^2)", square, decode};
}

std::vector<GrowthFit> FitGrowth(std::span<const AttentionSeries> series) {
  std::vector<GrowthFit> fits;
  for (const AttentionSeries& one : series) {
    for (std::string_view quantity : {kTime, kWorkspace}) {
      for (std::string_view range : {kAllLengths, kLongLengths}) fits.push_back(FitOne(one, quantity, range));
    }
  }
  return fits;
}

}  // namespace roofgap
