#include "harness/analysis/findings.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/predictors.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/json_text.h"

namespace roofgap {
namespace {

// Of a Gap, or of a RowKey.
template <class Row>
std::string Name(const Row& row) {
  return row.problem + ' ' + row.variant + " (" + row.isa + ", " + std::to_string(row.threads) +
         (row.threads == 1 ? " thread, " : " threads, ") + row.cache + (row.status == kUnstable ? ", unstable)" : ")");
}

Finding CountRows(std::span<const Gap> gaps) {
  Finding finding{.kind = "rows", .text = std::to_string(gaps.size()) + " rows:", .numbers = {}, .rows = {}};
  for (std::string_view status : {kMeasured, kUnstable, kSkipped, kWrong}) {
    const auto count = std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) { return gap.status == status; });
    finding.text += ' ' + std::to_string(count) + ' ' + std::string(status) + (status == kWrong ? "." : ",");
    finding.numbers.emplace_back(status, static_cast<double>(count));
  }
  return finding;
}

Finding Judgement(const std::string& kind, const std::string& what, const Predictor& judged) {
  const auto rows = static_cast<double>(judged.rows), unstable = static_cast<double>(judged.unstable_rows);
  const auto wrong = static_cast<double>(judged.wrong_pairs), ordered = static_cast<double>(judged.ordered_pairs);
  return {.kind = kind,
          .text = "How well " + what + " (" + std::to_string(judged.rows) +
                  (unstable > 0 ? ", " + std::to_string(judged.unstable_rows) + " of them unstable" : "") +
                  "): " + std::to_string(judged.wrong_pairs) + " of " + std::to_string(judged.ordered_pairs) +
                  " pairs in the wrong order (" + Percent(wrong / ordered) + "), Kendall's tau " + Short(judged.tau) +
                  "; error " + Percent(judged.median_error) + " in the median, " + Percent(judged.worst_error) +
                  (judged.worst == judged.farthest ? " at worst" : " at worst: " + Name(*judged.worst)) +
                  "; off by a factor of " + Short(judged.median_factor) + " in the median, " +
                  Short(judged.worst_factor) + " at worst: " + Name(*judged.farthest) + "; of " +
                  Short(judged.scaled_factor) + " in the median when multiplied by " + Short(judged.median_ratio) + ".",
          .numbers = {{"rows", rows},
                      {"unstable_rows", unstable},
                      {"wrong_pairs", wrong},
                      {"ordered_pairs", ordered},
                      {"tau", judged.tau},
                      {"median_error", judged.median_error},
                      {"worst_error", judged.worst_error},
                      {"median_factor", judged.median_factor},
                      {"worst_factor", judged.worst_factor},
                      {"median_ratio", judged.median_ratio},
                      {"scaled_factor", judged.scaled_factor}},
          .rows = {CopyColumns<RowKey>(*judged.worst), CopyColumns<RowKey>(*judged.farthest)}};
}

void AddPredictions(const std::string& of, const std::string& rows, std::span<const Gap> gaps,
                    std::vector<Finding>& findings) {
  const Predictors predictors = JudgePredictors(gaps);
  if (predictors.flops.ordered_pairs == 0 || predictors.attainable.ordered_pairs == 0) return;
  findings.push_back(Judgement("flops_" + of, "FLOPs predict the median of " + rows, predictors.flops));
  findings.push_back(
      Judgement("attainable_" + of, "the attainable time predicts the median of " + rows, predictors.attainable));
}

std::string FlopsAndTime(const Gap& gap) {
  return Name(gap) + " takes " + Duration(gap.median_ns) + " for " + Short(*gap.flops / 1e6) + " MFLOP";
}

void AddMisorders(std::span<const Gap> fastest, std::vector<Finding>& findings) {
  constexpr size_t kMisordersShown = 3;
  for (const Misorder& pair : WorstMisorders(fastest, kMisordersShown)) {
    findings.push_back(
        {.kind = "misordered",
         .text = "Fewer FLOPs, more time: " + FlopsAndTime(*pair.fewer) + "; " + FlopsAndTime(*pair.more) + ".",
         .numbers = {{"fewer_flops", pair.fewer->flops},
                     {"fewer_median_ns", pair.fewer->median_ns},
                     {"more_flops", pair.more->flops},
                     {"more_median_ns", pair.more->median_ns}},
         .rows = {CopyColumns<RowKey>(*pair.fewer), CopyColumns<RowKey>(*pair.more)}});
  }
}

void AddLargestGap(std::span<const Gap> fastest, std::vector<Finding>& findings) {
  const Gap* largest = nullptr;
  for (const Gap& gap : fastest) {
    if (!gap.flops_gap || !gap.gap_implementation) continue;
    if (largest == nullptr || *gap.flops_gap > *largest->flops_gap) largest = &gap;
  }
  if (largest == nullptr) return;
  findings.push_back({.kind = "largest_gap",
                      .text = "Largest gap of a fastest variant: " + Name(*largest) + " takes " +
                              Short(largest->flops_gap) +
                              " times what its FLOPs promise = " + Short(largest->gap_algorithm) + " algorithm x " +
                              Short(largest->gap_memory) + " memory x " + Short(largest->gap_implementation) +
                              " implementation" + (largest->advice.empty() ? "." : "; " + largest->advice + "."),
                      .numbers = {{"flops_gap", largest->flops_gap},
                                  {"gap_algorithm", largest->gap_algorithm},
                                  {"gap_memory", largest->gap_memory},
                                  {"gap_implementation", largest->gap_implementation}},
                      .rows = {CopyColumns<RowKey>(*largest)}});
}

void AddNearestRoof(std::span<const Gap> gaps, std::vector<Finding>& findings) {
  const Gap* nearest = nullptr;
  for (const Gap& gap : gaps) {
    if (!gap.roof_fraction || AboveRoof(gap)) continue;
    if (nearest == nullptr || *gap.roof_fraction > *nearest->roof_fraction) nearest = &gap;
  }
  if (nearest == nullptr) return;
  const std::string roof = nearest->bound == "compute" ? "compute" : nearest->roof_level;
  findings.push_back({.kind = "nearest_roof",
                      .text = "Nearest to its roof: " + Name(*nearest) + ", " + Percent(nearest->roof_fraction) +
                              " of the " + roof + " roof.",
                      .numbers = {{"roof_fraction", nearest->roof_fraction}},
                      .rows = {CopyColumns<RowKey>(*nearest)}});
}

std::string Priced(const Gap& gap) {
  return Usd(gap.usd_per_1k) + " for " + Name(gap) + ", " + Duration(gap.median_ns) + ", batch " + Short(gap.batch, 0);
}

void AddPrices(std::span<const Gap> gaps, std::vector<Finding>& findings) {
  const auto less = [](const Gap* a, const Gap* b) { return *a->usd_per_1k < *b->usd_per_1k; };
  std::vector<const Gap*> priced;
  for (const Gap& gap : gaps) {
    if (gap.usd_per_1k) priced.push_back(&gap);
  }
  if (priced.empty()) return;
  const auto [least, most] = std::minmax_element(priced.begin(), priced.end(), less);
  findings.push_back({.kind = "price",
                      .text = "Price of 1000 inferences at " + Usd((*least)->usd_per_hour) +
                              " per hour and utilisation " + Short((*least)->utilisation) +
                              ", a machine to each call: from " + Priced(**least) + ", to " + Priced(**most) + ".",
                      .numbers = {{"usd_per_hour", (*least)->usd_per_hour},
                                  {"utilisation", (*least)->utilisation},
                                  {"least_usd_per_1k", (*least)->usd_per_1k},
                                  {"most_usd_per_1k", (*most)->usd_per_1k}},
                      .rows = {CopyColumns<RowKey>(**least), CopyColumns<RowKey>(**most)}});
}

void AddAboveRoofs(std::span<const Gap> gaps, std::vector<Finding>& findings) {
  Finding finding{.kind = "above_roof", .text = "", .numbers = {}, .rows = {}};
  for (const Gap& gap : gaps) {
    if (AboveRoof(gap)) finding.rows.push_back(CopyColumns<RowKey>(gap));
  }
  const size_t above = finding.rows.size();
  if (above == 0) return;
  finding.text = std::to_string(above) + (above == 1 ? " row is" : " rows are") +
                 " more than 2 % above the hard roof: the model is broken there (marked ! in the table, causes below "
                 "it).";
  finding.numbers = {{"above", static_cast<double>(above)}};
  findings.push_back(std::move(finding));
}

// What predicts the medians, as a table: four sentences of the same numbers do not compare.
std::string PredictionCells(std::string_view what, std::string_view rows, std::string_view unstable,
                            std::string_view tau, std::string_view wrong, std::string_view median_error,
                            std::string_view worst_error, std::string_view median_factor, std::string_view worst_factor,
                            std::string_view scaled) {
  return Trimmed(PadRight(what, 27) + PadLeft(rows, 6) + PadLeft(unstable, 9) + PadLeft(tau, 6) + PadLeft(wrong, 8) +
                 PadLeft(median_error, 9) + PadLeft(worst_error, 8) + PadLeft(median_factor, 9) +
                 PadLeft(worst_factor, 7) + PadLeft(scaled, 8));
}

std::string PredictionHeads() {
  return Wrap(
             "How well FLOPs, and the attainable time, predict the medians: Kendall's tau, pairs in the wrong order, "
             "the error as a part of the median, and the factor by which it is off, at last with the best factor.",
             kTableWidth, "") +
         PredictionCells("", "rows", "unstable", "tau", "wrong", "error", "worst", "factor", "worst", "scaled");
}

std::string PredictionLine(const Finding& finding) {
  const auto number = [&](std::string_view name) {
    const auto found = std::find_if(finding.numbers.begin(), finding.numbers.end(),
                                    [&](const auto& named) { return named.first == name; });
    return found == finding.numbers.end() ? Number() : found->second;
  };
  const std::string what = std::string(finding.kind.starts_with("flops") ? "FLOPs" : "attainable time") +
                           (finding.kind.ends_with("_all") ? ", all rows" : ", fastest");
  const std::string line =
      PredictionCells(what, Short(number("rows"), 0), Short(number("unstable_rows"), 0), Short(number("tau")),
                      Percent(*number("wrong_pairs") / *number("ordered_pairs")), Percent(number("median_error")),
                      Percent(number("worst_error")), Short(number("median_factor")), Short(number("worst_factor")),
                      Short(number("scaled_factor")));
  return line + Wrap("factor at worst: " + Name(finding.rows.at(1)), kTableWidth, "    ");
}

}  // namespace

std::vector<Finding> FindFindings(std::span<const Gap> gaps) {
  const std::vector<Gap> fastest = FastestRows(gaps);
  std::vector<Gap> stable = fastest;  // what a claim about a single row may rest on
  std::erase_if(stable, [](const Gap& gap) { return gap.status != kMeasured || InSlowPhase(gap); });
  std::vector<Finding> findings = {CountRows(gaps)};
  AddPredictions("all", "all timed rows", gaps, findings);
  AddPredictions("fastest", "the fastest variant of each problem", fastest, findings);
  AddMisorders(stable, findings);
  AddLargestGap(stable, findings);
  AddNearestRoof(stable, findings);
  AddPrices(gaps, findings);
  AddAboveRoofs(gaps, findings);
  return findings;
}

std::string RenderFindings(std::span<const Gap> gaps) {
  constexpr std::string_view kIndent = "  ";  // of all lines of a paragraph but the first
  std::string text;
  bool table = false;
  for (const Finding& finding : FindFindings(gaps)) {
    const bool prediction = finding.kind.starts_with("flops_") || finding.kind.starts_with("attainable_");
    if (prediction) {
      text += (table ? "" : PredictionHeads()) + PredictionLine(finding);
      table = true;
    } else {
      text += Wrap(finding.text, kTableWidth, kIndent).substr(kIndent.size());
    }
  }
  return text;
}

std::string FindingsJson(std::span<const Finding> findings) {
  std::string text;
  for (const Finding& finding : findings) {
    std::string numbers;
    for (const auto& [name, value] : finding.numbers) {
      numbers += (numbers.empty() ? "" : ", ") + json::Quote(name) + ": " + json::Format(value);
    }
    text += (text.empty() ? "\n" : ",\n") + ("{\"kind\": " + json::Quote(finding.kind)) +
            ", \"text\": " + json::Quote(finding.text) + ", \"numbers\": {" + numbers +
            "}, \"rows\": " + JsonArray<RowKey>(finding.rows) + "}";
  }
  return "[" + text + "]";
}

}  // namespace roofgap
