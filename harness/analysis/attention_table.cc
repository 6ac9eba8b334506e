#include "harness/analysis/attention_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/analysis/fastest.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

constexpr size_t kMethodWidth = 28, kCellWidth = 19;

constexpr const char* kGrowthLegend =
    "How attention grows with its length n: exponents of n with their 95 % intervals (lengths fitted), of time and of "
    "workspace bytes, the latter from 1024 on where there are enough lengths; expected: of time / of bytes, <= an "
    "upper bound; ! more than 0.1 away from it; * with an unstable row. Below them, of the fastest of each kind at "
    "long lengths, which is faster than which and up to which n (in brackets what the intervals allow) [lengths at "
    "which they tell the two apart, where not all]; crossovers.csv has all pairs";

std::string Length(const Number& n) { return n ? csv::Format(std::round(*n)) : ""; }

std::string Decimals(const Number& value) { return value && std::abs(*value) < 0.005 ? "0.00" : Short(value); }

// The four fits of one series.
struct Fits {
  const GrowthFit* time_all = nullptr;
  const GrowthFit* time_long = nullptr;
  const GrowthFit* workspace_all = nullptr;
  const GrowthFit* workspace_long = nullptr;

  const GrowthFit& any() const { return *time_all; }
  const GrowthFit* time() const { return time_long->exponent ? time_long : time_all; }
  // No row of it has a time.
  bool untimed() const { return time_all->lengths == 0; }
  const GrowthFit* workspace() const { return workspace_long->lengths >= 3 ? workspace_long : workspace_all; }
};

std::vector<Fits> BySeries(std::span<const GrowthFit> fits) {
  std::vector<Fits> all;
  const GrowthFit* last = nullptr;
  for (const GrowthFit& fit : fits) {
    if (last == nullptr || last->family != fit.family || last->method != fit.method) all.emplace_back();
    last = &fit;
    const bool long_lengths = fit.range == kLongLengths;
    if (fit.quantity == kTime) {
      (long_lengths ? all.back().time_long : all.back().time_all) = &fit;
    } else {
      (long_lengths ? all.back().workspace_long : all.back().workspace_all) = &fit;
    }
  }
  return all;
}

std::string Cell(const GrowthFit& fit) {
  if (fit.exponent) {
    return Decimals(fit.exponent) + " +-" + Decimals(fit.half_width) + " (" + std::to_string(fit.lengths) + ")" +
           (fit.status == kUnstable ? "*" : "") + (fit.agreement == "as_expected" ? "" : "!");
  }
  if (!fit.agreement.empty()) return std::string("0 bytes") + (fit.agreement == "as_expected" ? "" : "!");
  return fit.lengths == 0 ? "" : "- (" + std::to_string(fit.lengths) + ")";
}

std::string Expected(const Fits& fits) {
  const Complexity memory = ExpectedOf(fits.any().method, fits.any().family.sweep, kWorkspace);
  return Short(fits.time_all->expected, 0) + " / " + (memory.at_most ? "<=" : "") + Short(memory.exponent, 0);
}

std::string GrowthLine(std::string_view method, std::string_view time_long, std::string_view time_all,
                       std::string_view workspace, std::string_view expected) {
  return Trimmed("  " + PadRight(Shorten(method, kMethodWidth - 2), kMethodWidth) + PadRight(time_long, kCellWidth) +
                 PadRight(time_all, kCellWidth) + PadRight(workspace, kCellWidth) + std::string(expected));
}

std::string LeftOut(const Fits& fits) {
  const std::string method = MethodName(fits.any().method);
  const std::string& of_time = fits.time_all->left_out;
  if (fits.untimed()) {
    // One reason is that of all lengths.
    const bool one_reason = of_time.find("; ") == std::string::npos;
    return Wrap(method + " has no time: " + (one_reason ? of_time.substr(0, of_time.find(" (n = ")) : of_time),
                kTableWidth, "    ");
  }
  std::string text;
  const std::string& of_workspace = fits.workspace_all->left_out;
  AppendClause(text, of_time);
  if (fits.workspace_all->exponent && of_workspace != of_time) AppendClause(text, "workspace: " + of_workspace);
  if (text.empty()) return "";
  return Wrap("left out of " + method + ": " + text, kTableWidth, "    ");
}

std::string Marked(const Crossover& pair) { return MethodName(pair.rival) + (pair.status == kUnstable ? "*" : ""); }

// "onednn* [5 of 7]".
std::string Rival(const Crossover& pair) {
  const std::string doubt = " [" + std::to_string(pair.decided) + " of " + std::to_string(pair.lengths) + "]";
  return Marked(pair) + (pair.decided == pair.lengths ? "" : doubt);
}

std::string At(const Crossover& crossing) {
  const std::string n = Length(crossing.n), low = Length(crossing.n_low), high = Length(crossing.n_high);
  return low == high ? n : n + " (" + low + " to " + high + ")";
}

// The rows of each pair of methods, in their order.
using Pair = std::vector<const Crossover*>;

std::vector<Pair> Pairs(const AttentionFamily& family, std::span<const Crossover> crossovers) {
  const auto same = [](const Crossover& a, const Crossover& b) {
    return (a.faster == b.faster && a.rival == b.rival) || (a.faster == b.rival && a.rival == b.faster);
  };
  std::vector<Pair> pairs;
  for (const Crossover& row : crossovers) {
    if (row.family != family) continue;
    if (pairs.empty() || !same(*pairs.back()[0], row)) pairs.emplace_back();
    pairs.back().push_back(&row);
  }
  return pairs;
}

std::string_view KindOf(const AttentionMethod& method) { return ExpectedOf(method, kSelf, kTime).name; }

// Of each kind (and k or m) the method that in the end is faster than the most others of it.
bool Leads(const AttentionMethod& method, const std::vector<Pair>& pairs) {
  const auto wins = [&](const AttentionMethod& of) {
    return std::count_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
      const Crossover& last = *pair.back();
      if (last.verdict == kUndecided) return false;
      const bool overtaken = last.verdict == kCrossing;
      const AttentionMethod& winner = overtaken ? last.rival : last.faster;
      const AttentionMethod& loser = overtaken ? last.faster : last.rival;
      return winner == of && KindOf(loser) == KindOf(of) && loser.k == of.k && loser.m == of.m;
    });
  };
  for (const Pair& pair : pairs) {
    for (const AttentionMethod* other : {&pair[0]->faster, &pair[0]->rival}) {
      if (KindOf(*other) != KindOf(method) || other->k != method.k || other->m != method.m) continue;
      const auto difference = wins(*other) - wins(method);
      if (difference > 0 || (difference == 0 && *other < method)) return false;
    }
  }
  return true;
}

// What is said of a method that is the first to be faster.
std::string FasterThan(const AttentionMethod& method, const std::vector<Pair>& pairs) {
  std::string always, until, undecided;
  for (const Pair& pair : pairs) {
    const Crossover& first = *pair[0];
    if (first.faster != method || !Leads(first.rival, pairs)) continue;
    if (first.verdict == kUndecided) {
      undecided += (undecided.empty() ? "" : ", ") + Marked(first);
    } else if (first.verdict == kAlways) {
      always += (always.empty() ? "than " : ", ") + Rival(first);
    } else {
      std::string text = "than " + Rival(first) + " up to " + At(first);
      for (size_t i = 1; i < pair.size(); ++i) {
        text += (pair[i]->faster == method ? " up to " : ", again from ") + At(*pair[i]);
      }
      AppendClause(until, text);
    }
  }
  if (!always.empty()) always += " at all lengths";
  AppendClause(always, until);
  std::string text;
  if (!always.empty()) text = Wrap(MethodName(method) + " is faster " + always, kTableWidth, "  ");
  if (undecided.empty()) return text;
  return text + Wrap(MethodName(method) + " is not told apart from " + undecided, kTableWidth, "  ");
}

std::string Faster(const AttentionFamily& family, std::span<const Crossover> crossovers) {
  const std::vector<Pair> pairs = Pairs(family, crossovers);
  std::vector<AttentionMethod> methods;
  for (const Pair& pair : pairs) {
    const AttentionMethod& method = pair[0]->faster;
    if (std::find(methods.begin(), methods.end(), method) == methods.end()) methods.push_back(method);
  }
  std::string text;
  for (const AttentionMethod& method : methods) {
    if (Leads(method, pairs)) text += FasterThan(method, pairs);
  }
  return text;
}

// The exponents of one method over its families.
struct Found {
  int64_t fits = 0, expected = 0, empty = 0, unstable = 0;
  Number least, largest;

  void Add(const GrowthFit& fit) {
    if (fit.agreement.empty()) return;
    ++fits;
    expected += fit.agreement == "as_expected" ? 1 : 0;
    empty += fit.exponent ? 0 : 1;
    if (!fit.exponent) return;
    unstable += fit.status == kUnstable ? 1 : 0;
    least = least ? std::min(least, fit.exponent) : fit.exponent;
    largest = std::max(largest, fit.exponent);
  }
  std::string range() const {
    if (!least) return empty > 0 ? "0 bytes" : "";
    const std::string low = Decimals(least), high = Decimals(largest);
    return (low == high ? low : low + ".." + high) + (unstable > 0 ? "*" : "") + (empty > 0 ? ", 0" : "");
  }
  std::string agreement() const { return fits == 0 ? "" : std::to_string(expected) + " of " + std::to_string(fits); }
};

std::string ComplexityLine(std::string_view name, std::string_view method, std::string_view time,
                           std::string_view exponents, std::string_view agreement, std::string_view memory,
                           std::string_view bytes, std::string_view agreement_of_bytes) {
  return Trimmed("  " + PadRight(name, 10) + PadRight(Shorten(method, 16), 17) + PadRight(time, 10) +
                 PadRight(exponents, 13) + PadRight(agreement, 13) + PadRight(memory, 8) + PadRight(bytes, 14) +
                 std::string(agreement_of_bytes));
}

std::string RenderFamily(std::span<const Fits> all, std::span<const Crossover> crossovers) {
  const AttentionFamily& family = all[0].any().family;
  std::string text = Wrap(SweepName(family), kTableWidth, ""), notes;
  for (const Fits& series : all) {
    notes += LeftOut(series);
    if (series.untimed()) continue;
    text += GrowthLine(MethodName(series.any().method), Cell(*series.time_long), Cell(*series.time_all),
                       Cell(*series.workspace()), Expected(series));
  }
  return text + notes + Faster(family, crossovers);
}

}  // namespace

std::string RenderGrowth(std::span<const GrowthFit> fits, std::span<const Crossover> crossovers) {
  std::string text;
  int left_out = 0;
  const std::vector<Fits> all = BySeries(fits);
  for (auto begin = all.begin(); begin != all.end();) {
    const AttentionFamily& family = begin->any().family;
    const auto end = std::find_if(begin, all.end(), [&](const Fits& series) { return series.any().family != family; });
    if (std::any_of(begin, end, [](const Fits& series) { return series.time_all->exponent.has_value(); })) {
      text += RenderFamily({begin, end}, crossovers);
    } else {
      ++left_out;
    }
    begin = end;
  }
  if (!text.empty()) {
    text = Wrap(kGrowthLegend, kTableWidth, "") +
           GrowthLine("method", "time from 1024 on", "time, all n", "workspace", "expected") + text;
  }
  if (left_out == 0) return text;
  return text + Wrap("No exponents of " + std::to_string(left_out) +
                         (left_out == 1 ? " shape and setting" : " shapes and settings") +
                         " with fewer than three lengths timed; see attention.csv.",
                     kTableWidth, "");
}

std::string RenderComplexityTable(std::span<const GrowthFit> fits) {
  // By sweep, the textbook's name and the variant.
  std::map<std::tuple<bool, std::string_view, std::string_view>, std::pair<Found, Found>> methods;
  std::vector<decltype(methods)::key_type> order;
  std::map<std::string_view, AttentionMethod> any_of;
  for (const Fits& series : BySeries(fits)) {
    if (series.untimed()) continue;
    const AttentionMethod& method = series.any().method;
    const std::string_view sweep = series.any().family.sweep;
    const std::string_view name = ExpectedOf(method, sweep, kTime).name;
    any_of.try_emplace(name, method);
    const auto [found, is_new] = methods.try_emplace({sweep == kDecode, name, method.variant});
    if (is_new) order.push_back(found->first);
    found->second.first.Add(*series.time());
    found->second.second.Add(*series.workspace());
  }
  if (order.empty()) return "";
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
  std::string text = Wrap(
      "Expected and measured complexity: the textbook's time and memory of self-attention, the exponents of n that "
      "were found (least..largest over the families and settings above, from 1024 on where there are enough lengths; "
      "* with an unstable row), and how many are within 0.1 of the expected one, or under an upper bound",
      kTableWidth, "");
  text += ComplexityLine("", "", "time", "exponents", "as expected", "memory", "of workspace", "as expected");
  bool decode = false;
  for (const auto& key : order) {
    const auto& [of_decode, name, variant] = key;
    if (of_decode && !decode) text += "one query over n keys: the same formulas with n for n^2\n";
    decode = of_decode;
    const AttentionMethod& method = any_of.at(name);
    const auto& [time, workspace] = methods.at(key);
    text += ComplexityLine(name, variant, ExpectedOf(method, kSelf, kTime).formula, time.range(), time.agreement(),
                           ExpectedOf(method, kSelf, kWorkspace).formula, workspace.range(), workspace.agreement());
  }
  return text;
}

}  // namespace roofgap
