#include "harness/analysis/comparison_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/analysis/two_samples.h"

namespace roofgap {
namespace {

constexpr int kDecimals = 3;  // of a ratio

bool TwoIsas(const Compared& row) { return row.isa_a != row.isa_b && !row.isa_a.empty() && !row.isa_b.empty(); }

std::string IsaOf(const Compared& row) {
  return TwoIsas(row) ? row.isa_a + " / " + row.isa_b : row.isa_a.empty() ? row.isa_b : row.isa_a;
}

std::array<std::string, 3> KindOf(const Compared& row) { return {row.dtype, IsaOf(row), row.cache}; }

std::string Heading(const Compared& row) {
  std::string kind;
  for (const std::string& word : KindOf(row)) kind += (kind.empty() || word.empty() ? "" : " ") + word;
  return kind;
}

// Widths of the columns that adapt: the variant takes what it needs, the problem what is left.
struct Widths {
  size_t problem = 7, variant = 7;
};

constexpr size_t kNumbersWidth = 58;  // Line's other columns, the last with "slower machine"

Widths FindWidths(std::span<const Compared> rows) {
  Widths widths;
  for (const Compared& row : rows) {
    if (!row.p_value) continue;
    widths.problem = std::max(widths.problem, Width(row.problem));
    widths.variant = std::clamp(Width(row.variant), widths.variant, size_t{14});
  }
  widths.problem = std::min(widths.problem, kTableWidth - kNumbersWidth - widths.variant);
  return widths;
}

std::string Line(const Widths& widths, std::string_view problem, std::string_view threads, std::string_view variant,
                 std::string_view time, std::string_view ratio, std::string_view interval, std::string_view machine,
                 std::string_view verdict) {
  return Trimmed(PadRight(Shorten(problem, widths.problem), widths.problem) + PadLeft(Shorten(threads, 6), 5) + ' ' +
                 PadRight(Shorten(variant, widths.variant), widths.variant) + PadLeft(time, 10) + PadLeft(ratio, 6) +
                 ' ' + PadRight(interval, 11) + PadLeft(machine, 8) + "  " + std::string(verdict));
}

std::string PairLine(const Widths& widths, const Compared& row) {
  const std::string interval = Short(row.ratio_low, kDecimals) + "-" + Short(row.ratio_high, kDecimals);
  return Line(widths, row.problem, std::to_string(row.threads), row.variant, Duration(row.median_a_ns),
              Short(row.ratio, kDecimals), interval, Short(row.machine_ratio, kDecimals),
              row.verdict + (Unstable(row) ? "*" : "") + (row.cause.empty() ? "" : " " + row.cause));
}

// Calls rows by names: problem, variant, threads, and of data type, ISA and cache state what not all rows share.
class Names {
 public:
  explicit Names(std::span<const Compared> rows) {
    for (const Compared& row : rows) {
      for (size_t i = 0; i < tell_.size(); ++i) tell_[i] = tell_[i] || KindOf(row)[i] != KindOf(rows[0])[i];
    }
  }

  std::string operator()(const Compared& row) const {
    std::string name = row.problem;
    if (!row.variant.empty()) name += ' ' + row.variant;
    name += row.threads == 1 ? ", 1 thread" : ", " + std::to_string(row.threads) + " threads";
    for (size_t i = 0; i < tell_.size(); ++i) {
      if (tell_[i] && !KindOf(row)[i].empty()) name += ", " + KindOf(row)[i];
    }
    return name;
  }

 private:
  std::array<bool, 3> tell_ = {};
};

std::string RenderNotComparable(std::span<const Compared> rows) {
  constexpr size_t kNamed = 3;
  const Names name(rows);
  std::vector<std::pair<std::string, std::vector<const Compared*>>> reasons;
  for (const Compared& row : rows) {
    if (row.p_value) continue;
    auto found = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == row.reason; });
    if (found == reasons.end()) found = reasons.insert(found, {row.reason, {}});
    found->second.push_back(&row);
  }
  std::string text;
  for (const auto& [reason, these] : reasons) {
    std::string names;
    for (size_t i = 0; i < std::min(these.size(), kNamed); ++i) names += (i == 0 ? "" : "; ") + name(*these[i]);
    if (these.size() > kNamed) names += "; and " + std::to_string(these.size() - kNamed) + " more";
    text += Wrap("not comparable, " + reason + ": " + names + ".", kTableWidth, "");
  }
  return text;
}

std::string SummaryLine(size_t width, std::string_view op, std::string_view pairs, std::string_view slower,
                        std::string_view same, std::string_view faster, std::string_view other, std::string_view ratio,
                        std::string_view kernel, std::string_view range) {
  return Trimmed(PadRight(Shorten(op, width), width) + PadLeft(pairs, 7) + PadLeft(slower, 8) + PadLeft(same, 6) +
                 PadLeft(faster, 8) + PadLeft(other, 7) + PadLeft(ratio, 8) + PadLeft(kernel, 8) + "  " +
                 std::string(range));
}

struct Word {
  std::string_view word, meaning;
};

// "3 by the ranks of their turns, 1 by ...": how many rows have each word.
std::string CountWords(std::span<const Compared> rows, std::string Compared::*field, std::span<const Word> words) {
  std::string text;
  for (const Word& word : words) {
    const auto count =
        std::count_if(rows.begin(), rows.end(), [&](const Compared& row) { return row.*field == word.word; });
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + std::string(word.meaning);
  }
  return text;
}

// What is known of how runs of one build differ.
std::string NoiseWords(std::span<const Compared> rows) {
  std::vector<double> spreads;
  for (const Compared& row : rows) {
    if (row.run_spread) spreads.push_back(*row.run_spread);
  }
  if (!spreads.empty()) {
    return "Tested is whether the builds differ: runs of one build do, by " + Percent(Median(spreads)) +
           " (standard deviation, of the median pair).";
  }
  const Number floor = rows.empty() ? Number() : NoiseFloor(rows, rows[0].run_b);
  const std::string nearly =
      floor ? " If most kernels are unchanged, that is up to " + Percent(floor) + " here, and no cause is told of less."
            : "";
  return "Tested is whether these two runs differ. By how much two runs of one build do, one run of each cannot tell; "
         "it may be more than a difference found here." +
         nearly + " Several runs a side, or --unchanged, tell it.";
}

// "p gemm, 1 thread, takes 25.0% longer (by the code 10.0%)".
std::string RenderRegression(const Names& name, const Compared& row) {
  std::string text = name(row) + ", takes " + Percent(1 / *row.ratio - 1) + " longer";
  if (row.cause == "both") text += " (by the code " + Percent(1 / *row.kernel_ratio - 1) + ")";
  return text;
}

constexpr std::array<Word, 4> kTests = {Word{"ranks", "by the ranks of their turns"},
                                        Word{"welch", "by Welch's test of their turns, too few for ranks"},
                                        Word{"intervals", "by their medians' intervals, for want of turns"},
                                        Word{"runs", "by how runs of one build differ"}};
constexpr std::array<Word, 2> kMachineFrom = {Word{"canary", "by the fixed work beside their samples"},
                                              Word{"roofs", "by the roofs"}};

}  // namespace

std::string RenderComparison(std::span<const Compared> rows) {
  std::vector<std::pair<std::string, std::vector<const Compared*>>> kinds;
  for (const Compared& row : rows) {
    if (!row.p_value) continue;
    const std::string kind = Heading(row);
    auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == kind; });
    if (found == kinds.end()) found = kinds.insert(found, {kind, {}});
    found->second.push_back(&row);
  }
  const Widths widths = FindWidths(rows);
  std::string text;
  if (!kinds.empty()) {
    text = Line(widths, "problem", "thr", "variant", "time of a", "ratio", "95 % of it", "machine", "b is");
  }
  for (const auto& [kind, pairs] : kinds) {
    if (kinds.size() > 1 || TwoIsas(*pairs[0])) text += kind + '\n';
    for (const Compared* row : pairs) text += PairLine(widths, *row);
  }
  return text + RenderNotComparable(rows);
}

std::string RenderComparisonSummary(std::span<const ComparisonSummary> summaries, std::span<const Compared> rows,
                                    double same_within) {
  size_t width = 3;
  for (const ComparisonSummary& s : summaries) width = std::clamp(Width(s.op), width, size_t{28});
  std::string text =
      SummaryLine(width, "op", "pairs", "slower", "same", "faster", "other", "ratio", "kernel", "least-largest");
  for (const ComparisonSummary& s : summaries) {
    const std::string range =
        s.pairs == 0 ? "" : Short(s.least_ratio, kDecimals) + "-" + Short(s.largest_ratio, kDecimals);
    text += SummaryLine(width, s.op.empty() ? "all" : s.op, std::to_string(s.pairs), std::to_string(s.slower),
                        std::to_string(s.same), std::to_string(s.faster), std::to_string(s.not_comparable),
                        Short(s.mean_ratio, kDecimals), Short(s.mean_kernel_ratio, kDecimals), range);
  }
  const std::string tests = CountWords(rows, &Compared::test, kTests);
  if (tests.empty()) return text;
  const std::string machine = CountWords(rows, &Compared::machine_from, kMachineFrom);
  const auto stable =
      std::count_if(rows.begin(), rows.end(), [](const Compared& row) { return row.p_value && !Unstable(row); });
  const bool unstable = std::any_of(summaries.begin(), summaries.end(), [](const auto& s) { return s.unstable > 0; });
  return text +
         Wrap("ratio: time of a over time of b; machine: how much faster the machine of b was, " +
                  (machine.empty() ? "known of no pair" : "known of " + machine) +
                  "; kernel: the ratio without it, where the row follows it; geometric means of the " +
                  std::to_string(stable) +
                  " stable pairs. "
                  "Pairs tested: " +
                  tests + "; corrected for their number (Benjamini-Hochberg). Same: not shown to differ, or by up to " +
                  Percent(same_within) + ".",
              kTableWidth, "") +
         (unstable ? "*: a row of the pair is unstable, so no cause is told.\n" : "") +
         Wrap(NoiseWords(rows), kTableWidth, "");
}

std::string RenderRegressions(std::span<const Compared> rows, double limit) {
  const Names name(rows);
  std::string names;
  int64_t count = 0, unstable = 0, lost = 0, absent = 0;
  for (const Compared& row : rows) {
    unstable += row.verdict == "slower" && Unstable(row) && *row.ratio < 1 / (1 + limit);
    lost += Lost(row);
    absent += row.median_a_ns.value_or(0) > 0 && row.status_b.empty();
    if (!Regressed(row, limit)) continue;
    ++count;
    names += (names.empty() ? ": " : "; ") + RenderRegression(name, row);
  }
  std::string text =
      std::to_string(count) + (count == 1 ? " regression" : " regressions") + " beyond " + Percent(limit) + names + ".";
  if (unstable > 0) text += " Slower by as much, but unstable (measure again): " + std::to_string(unstable) + ".";
  if (lost > 0) text += " Measured in a and skipped in b, which fails too: " + std::to_string(lost) + ".";
  if (absent > 0) text += " Measured in a and not in b at all: " + std::to_string(absent) + ".";
  return Wrap(text, kTableWidth, "");
}

}  // namespace roofgap
