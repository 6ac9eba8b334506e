#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/analysis/predictors.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

std::string Name(const Gap& gap) {
  return gap.problem + ' ' + gap.variant + " (" + gap.isa + ", " + std::to_string(gap.threads) +
         (gap.threads == 1 ? " thread, " : " threads, ") + gap.cache + ")";
}

std::string Sentence(const std::string& text) { return Wrap(text, kTableWidth, ""); }

std::string CountRows(std::span<const Gap> gaps) {
  std::string text = std::to_string(gaps.size()) + " rows:";
  for (std::string_view status : {kMeasured, kUnstable, kSkipped, kWrong}) {
    const auto count = std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) { return gap.status == status; });
    text += ' ' + std::to_string(count) + ' ' + std::string(status) + (status == kWrong ? "." : ",");
  }
  return Sentence(text);
}

std::string Judgement(const std::string& name, const Predictor& predictor) {
  const Number wrong = static_cast<double>(predictor.wrong_pairs) / static_cast<double>(predictor.ordered_pairs);
  return "  " + name + std::to_string(predictor.wrong_pairs) + " of " + std::to_string(predictor.ordered_pairs) +
         " pairs in the wrong order (" + Percent(wrong) + "), Kendall's tau " + Short(predictor.tau) + ",\n" +
         std::string(2 + name.size(), ' ') + "median error " + Percent(predictor.median_error) +
         ", with the best factor (" + Short(predictor.scale) + ") " + Percent(predictor.scaled_error) + ",\n" +
         Wrap("worst error " + Percent(predictor.worst_error) + ": " + Name(*predictor.worst), kTableWidth,
              std::string(2 + name.size(), ' '));
}

std::string Prediction(const std::string& rows, std::span<const Gap> gaps) {
  const Predictors predictors = JudgePredictors(gaps);
  if (predictors.flops.ordered_pairs == 0 || predictors.attainable.ordered_pairs == 0) return "";
  return Sentence("How well FLOPs and roofs predict the median of " + rows + " (" +
                  std::to_string(predictors.flops.rows) + "):") +
         Judgement("FLOPs            ", predictors.flops) + Judgement("attainable time  ", predictors.attainable);
}

constexpr size_t kMisordersShown = 3;

std::string FlopsAndTime(const Gap& gap) {
  return "  " + PadLeft(Short(*gap.flops / 1e6) + " MFLOP in ", 16) + PadRight(Duration(gap.median_ns), 10) +
         Shorten(Name(gap), kTableWidth - 28) + "\n";
}

std::string Misordering(std::span<const Gap> fastest) {
  const std::vector<Misorder> worst = WorstMisorders(fastest, kMisordersShown);
  if (worst.empty()) return "";
  std::string text = Sentence("Fewer FLOPs, more time: the pairs that FLOPs order wrongly by most, each row once:");
  for (const Misorder& pair : worst) {
    text += FlopsAndTime(*pair.fewer) + FlopsAndTime(*pair.more);
  }
  return text;
}

std::string LargestGap(std::span<const Gap> fastest) {
  const Gap* largest = nullptr;
  for (const Gap& gap : fastest) {
    if (!gap.flops_gap || !gap.gap_implementation) continue;
    if (largest == nullptr || *gap.flops_gap > *largest->flops_gap) largest = &gap;
  }
  if (largest == nullptr) return "";
  return Sentence("Largest gap of a fastest variant: " + Name(*largest) + " takes " + Short(largest->flops_gap) +
                  " times what its FLOPs promise = " + Short(largest->gap_algorithm) + " algorithm x " +
                  Short(largest->gap_memory) + " memory x " + Short(largest->gap_implementation) + " implementation.");
}

std::string NearestRoof(std::span<const Gap> gaps) {
  const Gap* nearest = nullptr;
  for (const Gap& gap : gaps) {
    if (!gap.roof_fraction || AboveRoof(gap)) continue;
    if (nearest == nullptr || *gap.roof_fraction > *nearest->roof_fraction) nearest = &gap;
  }
  if (nearest == nullptr) return "";
  const std::string roof = nearest->bound == "compute" ? "compute" : nearest->roof_level;
  return Sentence("Nearest to its roof: " + Name(*nearest) + ", " + Percent(nearest->roof_fraction) + " of the " +
                  roof + " roof.");
}

std::string Priced(const Gap& gap) {
  return Usd(gap.usd_per_1k) + " for " + Name(gap) + ", " + Duration(gap.median_ns) + ", batch " + Short(gap.batch, 0);
}

std::string Prices(std::span<const Gap> gaps) {
  const auto less = [](const Gap* a, const Gap* b) { return *a->usd_per_1k < *b->usd_per_1k; };
  std::vector<const Gap*> priced;
  for (const Gap& gap : gaps) {
    if (gap.usd_per_1k) priced.push_back(&gap);
  }
  if (priced.empty()) return "";
  const auto [least, most] = std::minmax_element(priced.begin(), priced.end(), less);
  return Sentence("Price of 1000 inferences at " + Usd((*least)->usd_per_hour) + " per hour and utilisation " +
                  Short((*least)->utilisation) + ", a machine to each call: from " + Priced(**least) + ", to " +
                  Priced(**most) + ".");
}

std::string AboveRoofs(std::span<const Gap> gaps) {
  const auto above = std::count_if(gaps.begin(), gaps.end(), AboveRoof);
  if (above == 0) return "";
  return Sentence(
      std::to_string(above) + (above == 1 ? " row is" : " rows are") +
      " more than 2 % above the hard roof: " + "the model is broken there (marked ! in the table, causes below it).");
}

}  // namespace

std::string RenderFindings(std::span<const Gap> gaps) {
  const std::vector<Gap> fastest = FastestRows(gaps);
  std::vector<Gap> stable = fastest;  // what a claim about a single row may rest on
  std::erase_if(stable, [](const Gap& gap) { return gap.status != kMeasured || InSlowPhase(gap); });
  return CountRows(gaps) + Prediction("all timed rows", gaps) +
         Prediction("the fastest variant of each problem", fastest) + Misordering(stable) + LargestGap(stable) +
         NearestRoof(stable) + Prices(gaps) + AboveRoofs(gaps);
}

}  // namespace roofgap
