#include "harness/analysis/ratio_table.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

constexpr int kDecimals = 3;  // of a ratio: limits such as 0.95 have two

std::string KindName(const Ratio& ratio) { return ratio.dtype + ' ' + ratio.isa + ' ' + ratio.cache; }

bool SeveralKinds(std::span<const Ratio> ratios) {
  return std::any_of(ratios.begin(), ratios.end(), [&](const Ratio& r) { return KindName(r) != KindName(ratios[0]); });
}

std::string SettingName(const Ratio& ratio, bool with_kind) {
  return (with_kind ? KindName(ratio) + ", " : "") + std::to_string(ratio.threads) +
         (ratio.threads == 1 ? " thread" : " threads");
}

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Widths of the columns that adapt: the variant takes what it needs, the problem what is left.
struct Widths {
  size_t problem = 7, variant = 7;
};

constexpr size_t kNumbersWidth = 57;  // Line's other columns

Widths FindWidths(std::span<const Ratio> ratios) {
  Widths widths;
  for (const Ratio& ratio : ratios) {
    if (!ratio.ratio) continue;
    widths.problem = std::max(widths.problem, Width(ratio.problem));
    widths.variant = std::clamp(Width(ratio.variant), widths.variant, size_t{15});
  }
  widths.problem = std::min(widths.problem, kTableWidth - kNumbersWidth - widths.variant);
  return widths;
}

std::string Line(const Widths& widths, std::string_view problem, std::string_view threads, std::string_view variant,
                 std::string_view median, std::string_view ratio, std::string_view interval, std::string_view bound,
                 std::string_view reached, std::string_view roof, std::string_view mark) {
  return Trimmed(PadRight(Shorten(problem, widths.problem), widths.problem) + PadLeft(Shorten(threads, 6), 5) + ' ' +
                 PadRight(Shorten(variant, widths.variant), widths.variant) + PadLeft(median, 10) + PadLeft(ratio, 6) +
                 ' ' + PadRight(interval, 11) + PadLeft(bound, 6) + PadLeft(reached, 8) + PadLeft(roof, 7) + ' ' +
                 std::string(mark));
}

std::string Interval(const Ratio& ratio) {
  if (!ratio.ratio_low || !ratio.ratio_high) return "";
  return Short(ratio.ratio_low, kDecimals) + "-" + Short(ratio.ratio_high, kDecimals);
}

// "direct in 12, winograd_f43 in 30"; "" where there is no choice.
std::string Winners(const std::map<std::string, int64_t>& winners) {
  if (winners.size() < 2) return "";
  std::vector<std::string> texts;
  for (const auto& [variant, pairs] : winners) texts.push_back(variant + " in " + std::to_string(pairs));
  return Join(texts);
}

std::string Numbers(const RatioSummary& summary, double limit) {
  if (summary.pairs == 0) return "no pair.";
  std::string text = std::to_string(summary.pairs) + (summary.pairs == 1 ? " pair" : " pairs");
  if (summary.unstable > 0) text += " (" + std::to_string(summary.unstable) + " with an unstable row)";
  text += ", geometric mean " + Short(summary.mean_ratio, kDecimals) + ", least " +
          Short(summary.least->ratio, kDecimals) + " (" + summary.least->problem + "), largest " +
          Short(summary.largest->ratio, kDecimals) + " (" + summary.largest->problem + "); " +
          std::to_string(summary.under) + " under " + csv::Format(limit);
  if (summary.under > 0) text += ", " + std::to_string(summary.surely_under) + " of them with the whole interval";
  text += ".";
  if (summary.mean_ratio_bound && summary.mean_attainable_fraction && summary.mean_roof_fraction) {
    text += " Geometric means of bound " + Short(summary.mean_ratio_bound, kDecimals) + ", of reached " +
            Percent(summary.mean_attainable_fraction) + ", of roof " + Percent(summary.mean_roof_fraction) + ".";
  }
  const std::string ours = Winners(summary.variants);
  const std::string theirs = Winners(summary.over_variants);
  if (!ours.empty()) text += " Fastest of ours: " + ours + ".";
  if (!theirs.empty()) text += " Fastest rival: " + theirs + ".";
  return text;
}

// Cases by what is said of them, in the order of first mention.
class Remarks {
 public:
  void Add(const std::string& text, const Ratio* ratio) {
    if (text.empty()) return;
    auto found = std::find_if(remarks_.begin(), remarks_.end(), [&](const auto& known) { return known.first == text; });
    if (found == remarks_.end()) found = remarks_.insert(found, {text, {}});
    found->second.push_back(ratio);
  }
  const std::vector<std::pair<std::string, std::vector<const Ratio*>>>& list() const { return remarks_; }

 private:
  std::vector<std::pair<std::string, std::vector<const Ratio*>>> remarks_;
};

int64_t CountOp(std::span<const Ratio* const> ratios, const std::string& op) {
  return std::count_if(ratios.begin(), ratios.end(), [&](const Ratio* ratio) { return ratio->op == op; });
}

// "all 4 of conv2d, fc:ic8oc8": the problems, but ops of which these are all.
std::string Problems(std::span<const Ratio* const> these, std::span<const Ratio* const> all) {
  std::vector<std::string> names;
  for (const Ratio* ratio : these) {
    const int64_t count = CountOp(these, ratio->op);
    const bool whole = count > 1 && count == CountOp(all, ratio->op);
    const std::string name = whole ? "all " + std::to_string(count) + " of " + ratio->op : ratio->problem;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return Join(names);
}

std::string RenderSetting(std::span<const Ratio* const> ratios, double limit, bool with_kind) {
  Remarks missing, left_out;
  for (const Ratio* ratio : ratios) {
    if (!ratio->ratio) missing.Add(ratio->reason, ratio);
    left_out.Add(ratio->left_out, ratio);
  }
  std::string text =
      Wrap(SettingName(*ratios[0], with_kind) + ": " + Numbers(Summarise(ratios, limit), limit), kTableWidth, "");
  for (const auto& [reason, these] : missing.list()) {
    text += Wrap("no pair for " + Problems(these, ratios) + ": " + reason, kTableWidth, "  ");
  }
  for (const auto& [reason, these] : left_out.list()) {
    const std::string where = these.size() == 1 ? these[0]->problem : std::to_string(these.size()) + " problems";
    text += Wrap("left out for " + where + ": " + reason, kTableWidth, "  ");
  }
  return text;
}

std::string ClassLine(std::string_view label, size_t label_width, std::string_view setting, size_t setting_width,
                      std::string_view pairs, std::string_view ratio, std::string_view bound, std::string_view reached,
                      std::string_view roof, std::string_view least, std::string_view problem) {
  const std::string begin = PadRight(Shorten(label, label_width), label_width) + "  " +
                            PadRight(Shorten(setting, setting_width), setting_width) + PadLeft(pairs, 7) +
                            PadLeft(ratio, 7) + PadLeft(bound, 7) + PadLeft(reached, 8) + PadLeft(roof, 7) +
                            PadLeft(least, 7) + "  ";
  return Trimmed(begin + Shorten(problem, kTableWidth - Width(begin)));
}

std::string RenderClasses(std::span<const std::vector<const Ratio*>> settings, bool with_kind, double limit,
                          std::span<const ShapeClass> classes) {
  size_t label_width = 6, setting_width = 7;
  for (const ShapeClass& shapes : classes) label_width = std::clamp(Width(shapes.label), label_width, size_t{24});
  for (const auto& ratios : settings) {
    setting_width = std::clamp(Width(SettingName(*ratios[0], with_kind)), setting_width, size_t{24});
  }
  std::string text = ClassLine("class", label_width, "threads", setting_width, "pairs", "ratio", "bound", "reached",
                               "roof", "least", "of");
  for (const ShapeClass& shapes : classes) {
    for (const auto& ratios : settings) {
      const RatioSummary summary = Summarise(InClass(ratios, shapes), limit);
      text += ClassLine(shapes.label, label_width, SettingName(*ratios[0], with_kind), setting_width,
                        std::to_string(summary.pairs), Short(summary.mean_ratio, kDecimals),
                        Short(summary.mean_ratio_bound, kDecimals), Percent(summary.mean_attainable_fraction),
                        Percent(summary.mean_roof_fraction),
                        summary.least == nullptr ? "" : Short(summary.least->ratio, kDecimals),
                        summary.least == nullptr ? "" : summary.least->problem);
    }
  }
  return text;
}

}  // namespace

std::string RenderRatioTable(std::span<const Ratio> ratios, const Sides& sides) {
  const std::string ours = (sides.of.size() > 1 ? "the fastest of " : "") + Join(sides.of);
  const std::string theirs = (sides.over.size() > 1 ? "the fastest of " : "") + Join(sides.over);
  std::string table =
      Wrap("ratio = median of " + theirs + " / median of " + ours +
               "; bound: what it would be if the latter took its attainable time; reached: the part of the bound, "
               "attainable_fraction; roof: roof_fraction; * an unstable row",
           kTableWidth, "");
  const Widths widths = FindWidths(ratios);
  const bool several = SeveralKinds(ratios);
  std::vector<std::pair<std::string, std::string>> kinds;  // a name and its lines
  for (const Ratio& ratio : ratios) {
    if (!ratio.ratio) continue;
    const std::string kind = KindName(ratio);
    auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& known) { return known.first == kind; });
    if (found == kinds.end()) found = kinds.insert(found, {kind, ""});
    found->second +=
        Line(widths, ratio.problem, std::to_string(ratio.threads), ratio.variant, Duration(ratio.median_ns),
             Short(ratio.ratio, kDecimals), Interval(ratio), Short(ratio.ratio_bound, kDecimals),
             Percent(ratio.attainable_fraction), Percent(ratio.roof_fraction), ratio.status == kUnstable ? "*" : "");
  }
  std::sort(kinds.begin(), kinds.end());
  table += Line(widths, "problem", "thr", "variant", "median", "ratio", "interval", "bound", "reached", "roof", "");
  for (const auto& [kind, lines] : kinds) table += (several ? Wrap(kind, kTableWidth, "") : "") + lines;
  return table;
}

std::string RenderRatioSummary(std::span<const Ratio> ratios, double limit, std::span<const ShapeClass> classes) {
  const bool several = SeveralKinds(ratios);
  const std::vector<std::vector<const Ratio*>> settings = BySetting(ratios);
  std::string text;
  for (const auto& setting : settings) text += RenderSetting(setting, limit, several);
  if (!classes.empty()) text += "\n" + RenderClasses(settings, several, limit, classes);
  return text;
}

}  // namespace roofgap
