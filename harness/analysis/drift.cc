#include "harness/analysis/drift.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "harness/analysis/text.h"

namespace roofgap {
namespace {

constexpr double kWorthTelling = 0.05;
constexpr size_t kTextWidth = 100;

bool SameRoof(const Ceiling& a, const Ceiling& b) {
  return a.kind == b.kind && a.isa == b.isa && a.dtype == b.dtype && a.op_mix == b.op_mix && a.level == b.level &&
         a.pattern == b.pattern && a.pages == b.pages && a.core_kind == b.core_kind && a.threads == b.threads;
}

std::string NameOf(const Ceiling& row) {
  const std::string type = row.dtype == "f32" ? "" : row.dtype + " ";
  const std::string what = row.kind == "compute" ? row.isa + " " + type + row.op_mix : row.level + " " + row.pattern;
  const bool alike = row.core_kind.empty() || row.core_kind == "uniform" || row.core_kind == "unknown";
  return what + ", " + std::to_string(row.threads) + (alike ? "" : " " + row.core_kind) +
         (row.threads == 1 ? " thread" : " threads");
}

// Adds what differs to the names that are alike.
void TellApart(std::vector<Drift>& drifts, std::span<const Ceiling* const> rows, std::string Ceiling::*what,
               const std::string& noun) {
  std::vector<bool> alike(drifts.size());
  for (size_t i = 0; i < drifts.size(); ++i) {
    for (size_t k = 0; k < drifts.size(); ++k) {
      if (drifts[i].roof == drifts[k].roof && rows[i]->*what != rows[k]->*what) alike[i] = true;
    }
  }
  for (size_t i = 0; i < drifts.size(); ++i) {
    if (alike[i]) drifts[i].roof += ", " + rows[i]->*what + noun;
  }
}

}  // namespace

std::vector<Drift> FindDrift(const Ceilings& begin, const Ceilings& end) {
  std::vector<Drift> drifts;
  std::vector<const Ceiling*> rows;
  for (const Ceiling& after : end.rows) {
    for (const Ceiling& before : begin.rows) {
      if (!SameRoof(before, after) || !before.median || !after.median) continue;
      drifts.push_back({NameOf(after), after.unit, *before.median, *after.median});
      rows.push_back(&after);
    }
  }
  TellApart(drifts, rows, &Ceiling::isa, "");
  TellApart(drifts, rows, &Ceiling::pages, " pages");
  return drifts;
}

Ceilings BothVisits(const Ceilings& begin, const Ceilings& end) {
  const auto join = [](Number& value, const Number& after, const auto& of) {
    if (value && after) value = of(*value, *after);
  };
  const auto better = [](double a, double b) { return std::max(a, b); };
  const auto mean = [](double a, double b) { return (a + b) / 2; };
  Ceilings merged = begin;
  for (Ceiling& row : merged.rows) {
    for (const Ceiling& after : end.rows) {
      if (!SameRoof(row, after)) continue;
      join(row.best, after.best, better);
      join(row.median, after.median, mean);
      join(row.clock_ghz, after.clock_ghz, mean);
    }
  }
  return merged;
}

std::string RenderDrift(std::span<const Drift> drifts) {
  if (drifts.empty()) return "";
  std::vector<Drift> moved;
  for (const Drift& drift : drifts) {
    if (std::abs(drift.change()) > kWorthTelling) moved.push_back(drift);
  }
  std::stable_sort(moved.begin(), moved.end(),
                   [](const Drift& a, const Drift& b) { return std::abs(a.change()) > std::abs(b.change()); });
  std::string text = "Roofs measured again after the run: " + std::to_string(moved.size()) + " of " +
                     std::to_string(drifts.size()) + " medians moved by more than 5 %";
  for (size_t i = 0; i < moved.size(); ++i) {
    char change[96];
    std::snprintf(change, sizeof change, "%+.1f %% (%s to %s %s)", 100 * moved[i].change(),
                  Short(moved[i].before).c_str(), Short(moved[i].after).c_str(), moved[i].unit.c_str());
    text += (i == 0 ? ": " : "; ") + moved[i].roof + " " + change;
  }
  return Wrap(text + ".", kTextWidth, "");
}

}  // namespace roofgap
