#include "harness/analysis/predictors.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace roofgap {
namespace {

int64_t Pairs(int64_t n) { return n * (n - 1) / 2; }

// Pairs within runs of equal neighbours.
template <class Equal>
int64_t TiedPairs(size_t n, Equal equal) {
  int64_t tied = 0;
  int64_t run = 1;
  for (size_t i = 1; i <= n; ++i) {
    if (i < n && equal(i - 1, i)) {
      ++run;
    } else {
      tied += Pairs(run);
      run = 1;
    }
  }
  return tied;
}

// Sorts `values` and returns how many pairs stood in the wrong order.
int64_t SortCountingInversions(std::span<double> values) {
  if (values.size() < 2) return 0;
  const std::span<double> low = values.first(values.size() / 2);
  const std::span<double> high = values.subspan(low.size());
  int64_t inversions = SortCountingInversions(low) + SortCountingInversions(high);
  std::vector<double> merged;
  merged.reserve(values.size());
  size_t i = 0;
  for (double value : high) {
    while (i < low.size() && low[i] <= value) merged.push_back(low[i++]);
    inversions += static_cast<int64_t>(low.size() - i);
    merged.push_back(value);
  }
  merged.insert(merged.end(), low.begin() + static_cast<std::ptrdiff_t>(i), low.end());
  std::copy(merged.begin(), merged.end(), values.begin());
  return inversions;
}

// Not empty; the upper of two middle ones.
double UpperMedian(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Median over i of |scale * ratios[i] - 1|, ratios being predicted / measured. Not empty.
double MedianError(std::span<const double> ratios, double scale) {
  std::vector<double> errors;
  for (double ratio : ratios) errors.push_back(std::abs(scale * ratio - 1));
  return UpperMedian(std::move(errors));
}

double Factor(double ratio) { return std::max(ratio, 1 / ratio); }

double MedianFactor(std::span<const double> ratios, double scale) {
  std::vector<double> factors;
  for (double ratio : ratios) factors.push_back(Factor(scale * ratio));
  return UpperMedian(std::move(factors));
}

// The scale with the least MedianError. It brings some half of the sorted ratios, neighbours a <= ... <= b, to
// 1 - e ... 1 + e: scale = 2 / (a + b), e = (b - a) / (b + a), least where b / a is.
double BestScale(std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  const size_t half = ratios.size() / 2;
  size_t best = 0;
  for (size_t i = 0; i + half < ratios.size(); ++i) {
    if (ratios[i + half] * ratios[best] < ratios[best + half] * ratios[i]) best = i;
  }
  return 2 / (ratios[best] + ratios[best + half]);
}

Predictor Judge(std::span<const double> predicted, std::span<const double> measured, std::span<const Gap* const> rows) {
  const Kendall kendall = KendallTau(predicted, measured);
  Predictor result;
  result.rows = static_cast<int64_t>(measured.size());
  result.tau = kendall.tau;
  result.wrong_pairs = kendall.discordant;
  result.ordered_pairs = kendall.concordant + kendall.discordant;
  if (measured.empty()) return result;
  std::vector<double> ratios, inverse;
  for (size_t i = 0; i < measured.size(); ++i) {
    ratios.push_back(predicted[i] / measured[i]);
    inverse.push_back(measured[i] / predicted[i]);
    if (rows[i]->status == kUnstable) ++result.unstable_rows;
    const double error = std::abs(ratios.back() - 1);
    if (!result.worst_error || error > *result.worst_error) {
      result.worst_error = error;
      result.worst = rows[i];
    }
    const double factor = Factor(ratios.back());
    if (!result.worst_factor || factor > *result.worst_factor) {
      result.worst_factor = factor;
      result.farthest = rows[i];
    }
  }
  result.scale = BestScale(ratios);
  result.median_error = MedianError(ratios, 1);
  result.scaled_error = MedianError(ratios, *result.scale);
  result.median_factor = MedianFactor(ratios, 1);
  result.median_ratio = UpperMedian(std::move(inverse));
  result.scaled_factor = MedianFactor(ratios, *result.median_ratio);
  return result;
}

bool Positive(const Number& value) { return value && *value > 0 && std::isfinite(*value); }

auto Setting(const Gap& gap) { return std::tie(gap.machine_id, gap.dtype, gap.isa, gap.threads, gap.cache); }

// The worst misordered pair of rows that are sorted by setting, then FLOPs.
Misorder WorstOfSorted(std::span<const Gap* const> order) {
  Misorder worst;
  double worst_factor = 1;
  const Gap* slowest = nullptr;        // among those with strictly fewer FLOPs in the same setting
  const Gap* slowest_equal = nullptr;  // those with as many included
  for (size_t i = 0; i < order.size(); ++i) {
    const Gap* gap = order[i];
    if (i == 0 || Setting(*order[i - 1]) != Setting(*gap)) {
      slowest = slowest_equal = nullptr;
    } else if (*order[i - 1]->flops < *gap->flops) {
      slowest = slowest_equal;
    }
    if (slowest != nullptr && *slowest->median_ns > worst_factor * *gap->median_ns) {
      worst_factor = *slowest->median_ns / *gap->median_ns;
      worst = {.fewer = slowest, .more = gap};
    }
    if (slowest_equal == nullptr || *gap->median_ns > *slowest_equal->median_ns) slowest_equal = gap;
  }
  return worst;
}

}  // namespace

Kendall KendallTau(std::span<const double> x, std::span<const double> y) {
  const size_t n = x.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::tie(x[a], y[a]) < std::tie(x[b], y[b]); });
  const auto same_x = [&](size_t i, size_t j) { return x[order[i]] == x[order[j]]; };
  const auto same_both = [&](size_t i, size_t j) { return same_x(i, j) && y[order[i]] == y[order[j]]; };
  const int64_t tied_x = TiedPairs(n, same_x);
  const int64_t tied_both = TiedPairs(n, same_both);
  std::vector<double> by_x(n);
  for (size_t i = 0; i < n; ++i) by_x[i] = y[order[i]];
  Kendall result;
  result.discordant = SortCountingInversions(by_x);
  const int64_t tied_y = TiedPairs(n, [&](size_t i, size_t j) { return by_x[i] == by_x[j]; });
  const int64_t all = Pairs(static_cast<int64_t>(n));
  result.concordant = all - tied_x - tied_y + tied_both - result.discordant;
  if (all > tied_x && all > tied_y) {
    result.tau = static_cast<double>(result.concordant - result.discordant) /
                 std::sqrt(static_cast<double>(all - tied_x) * static_cast<double>(all - tied_y));
  }
  return result;
}

Predictors JudgePredictors(std::span<const Gap> gaps) {
  std::vector<double> flops, attainable, measured;
  std::vector<const Gap*> rows;
  for (const Gap& gap : gaps) {
    if (!Positive(gap.median_ns) || !Positive(gap.t_flops_ns) || !Positive(gap.t_attainable_ns)) continue;
    flops.push_back(*gap.t_flops_ns);
    attainable.push_back(*gap.t_attainable_ns);
    measured.push_back(*gap.median_ns);
    rows.push_back(&gap);
  }
  return {.flops = Judge(flops, measured, rows), .attainable = Judge(attainable, measured, rows)};
}

std::vector<Gap> FastestRows(std::span<const Gap> gaps) {
  const auto key = [](const Gap& gap) { return std::tuple_cat(std::tie(gap.problem), Setting(gap)); };
  std::map<decltype(key(gaps[0])), const Gap*> fastest;
  for (const Gap& gap : gaps) {
    if (!Positive(gap.median_ns)) continue;
    const auto [found, is_new] = fastest.try_emplace(key(gap), &gap);
    if (!is_new && *gap.median_ns < *found->second->median_ns) found->second = &gap;
  }
  std::vector<Gap> rows;
  for (const Gap& gap : gaps) {
    const auto found = fastest.find(key(gap));
    if (found != fastest.end() && found->second == &gap) rows.push_back(gap);
  }
  return rows;
}

std::vector<PredictorRow> JudgeSettings(std::span<const Gap> gaps) {
  std::vector<PredictorRow> rows;
  const auto judge = [&](std::string_view of, std::span<const Gap> some, bool whole_run) {
    const Predictors judged = JudgePredictors(some);
    if (judged.flops.rows == 0) return;
    for (const auto& [name, predictor] :
         {std::pair("flops", judged.flops), std::pair("attainable", judged.attainable)}) {
      PredictorRow row{.run_id = some[0].run_id,
                       .machine_id = some[0].machine_id,
                       .predictor = name,
                       .of = std::string(of),
                       .judged = predictor,
                       .worst_problem = predictor.worst->problem,
                       .worst_variant = predictor.worst->variant,
                       .farthest_problem = predictor.farthest->problem,
                       .farthest_variant = predictor.farthest->variant};
      row.judged.worst = row.judged.farthest = nullptr;  // some rows judged here are copies
      if (!whole_run) {
        row.dtype = some[0].dtype;
        row.isa = some[0].isa;
        row.threads = some[0].threads;
        row.cache = some[0].cache;
      }
      rows.push_back(std::move(row));
    }
  };
  const std::vector<Gap> fastest = FastestRows(gaps);
  judge("all", gaps, true);
  judge("fastest", fastest, true);
  std::vector<std::vector<Gap>> settings;
  for (const Gap& gap : gaps) {
    const auto same = [&](const std::vector<Gap>& some) { return Setting(some[0]) == Setting(gap); };
    const auto found = std::find_if(settings.begin(), settings.end(), same);
    (found == settings.end() ? settings.emplace_back() : *found).push_back(gap);
  }
  for (const std::vector<Gap>& some : settings) {
    judge("all", some, false);
    judge("fastest", FastestRows(some), false);
  }
  return rows;
}

std::vector<Misorder> WorstMisorders(std::span<const Gap> gaps, size_t most) {
  std::vector<const Gap*> order;
  for (const Gap& gap : gaps) {
    if (Positive(gap.median_ns) && Positive(gap.flops)) order.push_back(&gap);
  }
  std::sort(order.begin(), order.end(), [](const Gap* a, const Gap* b) {
    return std::tuple_cat(Setting(*a), std::tie(*a->flops)) < std::tuple_cat(Setting(*b), std::tie(*b->flops));
  });
  std::vector<Misorder> found;
  while (found.size() < most) {
    const Misorder worst = WorstOfSorted(order);
    if (worst.fewer == nullptr) break;
    found.push_back(worst);
    std::erase_if(order, [&](const Gap* gap) { return gap == worst.fewer || gap == worst.more; });
  }
  return found;
}

}  // namespace roofgap
