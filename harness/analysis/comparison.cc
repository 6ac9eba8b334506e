#include "harness/analysis/comparison.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "harness/analysis/comparison_pair.h"
#include "harness/analysis/fastest.h"
#include "harness/analysis/two_samples.h"

namespace roofgap {
namespace {

bool OneIsa(const ComparedRun& run) {
  return std::all_of(run.rows.begin(), run.rows.end(), [&](const Record& r) { return r.isa == run.rows[0].isa; });
}

// What has to be equal for two rows to be of one thing at all.
using Thing = std::tuple<std::string_view, std::string_view, std::string_view>;
Thing ThingOf(const Record& r) { return {r.problem, r.variant, r.dtype}; }

bool SameConditions(const Record& a, const Record& b, bool isa_counts) {
  return a.threads == b.threads && a.cache == b.cache && (!isa_counts || a.isa == b.isa);
}

// Partners first by all fields; then, of what is left of one thing, in file order: what differs there is the reason.
std::vector<RowPair> PairRows(const ComparedRun& a, const ComparedRun& b) {
  const bool isa_counts = !(OneIsa(a) && OneIsa(b));
  std::map<Thing, std::vector<const Record*>> of_b;
  for (const Record& row : b.rows) of_b[ThingOf(row)].push_back(&row);
  std::vector<RowPair> pairs;
  for (const Record& row : a.rows) {
    std::vector<const Record*>& partners = of_b[ThingOf(row)];
    const auto found = std::find_if(partners.begin(), partners.end(),
                                    [&](const Record* other) { return SameConditions(row, *other, isa_counts); });
    pairs.push_back({.a = &row, .b = found == partners.end() ? nullptr : *found, .isa_counts = isa_counts});
    if (found != partners.end()) partners.erase(found);
  }
  for (RowPair& pair : pairs) {
    std::vector<const Record*>& left = of_b[ThingOf(*pair.a)];
    if (pair.b != nullptr || left.empty()) continue;
    pair.b = left.front();
    left.erase(left.begin());
  }
  for (const Record& row : b.rows) {
    const std::vector<const Record*>& left = of_b[ThingOf(row)];
    if (std::find(left.begin(), left.end(), &row) != left.end()) {
      pairs.push_back({.a = nullptr, .b = &row, .isa_counts = isa_counts});
    }
  }
  return pairs;
}

void Judge(double same_within, const Number& floor, Compared* row) {
  const bool differs = *row->p_adjusted <= kFalseDiscoveries && Beyond(*row->ratio, same_within);
  row->verdict = !differs ? "same" : *row->ratio > 1 ? "faster" : "slower";
  if (differs && !Unstable(*row) && Beyond(*row->ratio, floor.value_or(0))) row->cause = FindCause(*row, same_within);
}

double TurnCorrelation(std::span<const ComparedRun> runs) {
  std::vector<const std::vector<double>*> turns;
  for (const ComparedRun& run : runs) {
    for (const Record& row : run.rows) turns.push_back(&row.turns_ns);
  }
  return SerialCorrelation(turns);
}

// The logarithms of a row's medians in the runs of its side.
std::vector<double> LogsOf(const ComparedRun& run, const Record& row) {
  if (run.logs.empty()) return {std::log(*row.median_ns)};
  return run.logs[static_cast<size_t>(&row - run.rows.data())];
}

// Of each pair, by how much its ratio varies from run to run: of those of one run_b together.
std::vector<Spread> RunSpreads(const ComparedRun& a, std::span<const ComparedRun* const> run_of,
                               std::span<const RowPair> pairs, std::span<const std::string> unchanged,
                               std::vector<Compared>& rows) {
  std::vector<Spread> spreads(rows.size());
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::vector<RunGroups> groups;
    for (; end < rows.size() && run_of[end] == run_of[begin]; ++end) {
      RunGroups& of_row = groups.emplace_back();
      if (!rows[end].reason.empty()) continue;
      std::vector<double> of_a = LogsOf(a, *pairs[end].a);
      const std::vector<double> of_b = LogsOf(*run_of[end], *pairs[end].b);
      rows[end].runs_a = std::ssize(of_a);
      rows[end].runs_b = std::ssize(of_b);
      if (Unstable(rows[end]) && rows[end].runs_a + rows[end].runs_b == 2) continue;  // what it shows is its own unrest
      if (std::find(unchanged.begin(), unchanged.end(), rows[end].variant) != unchanged.end()) {
        of_a.insert(of_a.end(), of_b.begin(), of_b.end());
        of_row = {of_a};
      } else {
        of_row = {of_a, of_b};
      }
    }
    const RunSpread spread = FindRunSpread(groups);
    for (size_t i = begin; i < end; ++i) {
      if (!rows[i].reason.empty()) continue;
      const auto runs_a = static_cast<double>(rows[i].runs_a), runs_b = static_cast<double>(rows[i].runs_b);
      spreads[i] = DifferenceSpread(spread, i - begin, runs_a, runs_b);
      if (spreads[i].freedom > 0) rows[i].run_spread = std::sqrt(spreads[i].variance / (1 / runs_a + 1 / runs_b));
    }
  }
  return spreads;
}

}  // namespace

std::vector<Compared> CompareRuns(std::span<const ComparedRun> runs, double same_within,
                                  std::span<const std::string> unchanged) {
  std::vector<RowPair> pairs;
  std::vector<const ComparedRun*> run_of;  // b of each pair
  std::vector<Compared> rows;
  for (const ComparedRun& run : runs.subspan(1)) {
    for (const RowPair& pair : PairRows(runs[0], run)) {
      pairs.push_back(pair);
      run_of.push_back(&run);
      rows.push_back(DescribePair(pair, runs[0], run));
    }
  }
  const auto comparable = std::count_if(rows.begin(), rows.end(), [](const Compared& r) { return r.reason.empty(); });
  TestContext context = {.pairs = comparable, .correlation = TurnCorrelation(runs)};
  const std::vector<Spread> spreads = RunSpreads(runs[0], run_of, pairs, unchanged, rows);
  std::vector<double> p_values;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].reason.empty()) continue;
    context.runs = spreads[i];
    TestPair(pairs[i], context, &rows[i]);
    if (!rows[i].p_value) continue;
    p_values.push_back(*rows[i].p_value);
    TellMachine(pairs[i], runs[0], *run_of[i], &rows[i]);
  }
  const std::vector<double> rates = FalseDiscoveryRates(p_values);
  auto rate = rates.begin();
  std::map<std::string, Number> floors;
  for (const ComparedRun& run : runs.subspan(1)) floors[run.name] = NoiseFloor(rows, run.name);
  for (Compared& row : rows) {
    row.same_within = same_within;
    if (!row.p_value) {
      row.verdict = "not_comparable";
      continue;
    }
    row.p_adjusted = *rate++;
    Judge(same_within, floors[row.run_b], &row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Compared& a, const Compared& b) {
    const bool of_a = a.p_value.has_value(), of_b = b.p_value.has_value();
    return of_a != of_b ? of_a : of_a && *a.ratio < *b.ratio;
  });
  for (const ComparisonSummary& summary : SummariseComparison(rows)) {
    for (Compared& row : rows) {
      if (row.run_b != summary.run_b || row.op != summary.op) continue;
      row.op_mean_ratio = summary.mean_ratio;
      row.op_mean_kernel_ratio = summary.mean_kernel_ratio;
    }
  }
  return rows;
}

Number NoiseFloor(std::span<const Compared> rows, const std::string& run_b) {
  std::vector<double> logs;
  for (const Compared& row : rows) {
    if (row.run_b != run_b || !row.p_value || Unstable(row)) continue;
    if (row.run_spread) return {};
    logs.push_back(std::log(*row.ratio));
  }
  if (logs.size() < 8) return {};
  const double middle = Median(logs);
  for (double& log : logs) log = std::abs(log - middle);
  return std::expm1(1.96 * 1.4826 * Median(logs));
}

bool Regressed(const Compared& row, double limit) {
  if (row.verdict != "slower" || Unstable(row)) return false;
  const double least = 1 / (1 + limit);
  return *row.ratio < least && row.kernel_low.value_or(0) < least;
}

bool Unstable(const Compared& row) { return row.status_a == kUnstable || row.status_b == kUnstable; }

bool Lost(const Compared& row) { return row.median_a_ns.value_or(0) > 0 && row.status_b == kSkipped; }

std::vector<ComparisonSummary> SummariseComparison(std::span<const Compared> rows) {
  std::vector<std::string> runs;
  std::map<std::string, std::set<std::string>> ops;
  for (const Compared& row : rows) {
    if (std::find(runs.begin(), runs.end(), row.run_b) == runs.end()) runs.push_back(row.run_b);
    ops[row.run_b].insert(row.op);
  }
  std::vector<ComparisonSummary> list;
  const auto summarise = [&](const std::string& run, const std::string& op) {
    ComparisonSummary summary{.run_b = run, .op = op};
    GeometricMean ratio, kernel;
    for (const Compared& row : rows) {
      if (row.run_b != run || (!op.empty() && row.op != op)) continue;
      summary.faster += row.verdict == "faster";
      summary.slower += row.verdict == "slower";
      summary.same += row.verdict == "same";
      summary.not_comparable += row.verdict == "not_comparable";
      if (!row.p_value) continue;
      ++summary.pairs;
      summary.unstable += Unstable(row);
      if (!Unstable(row)) {
        ratio.Add(row.ratio);
        kernel.Add(row.kernel_ratio);
      }
      summary.least_ratio = std::min(summary.least_ratio.value_or(*row.ratio), *row.ratio);
      summary.largest_ratio = std::max(summary.largest_ratio.value_or(*row.ratio), *row.ratio);
    }
    summary.mean_ratio = ratio.value();
    summary.mean_kernel_ratio = kernel.value();
    list.push_back(summary);
  };
  for (const std::string& run : runs) {
    for (const std::string& op : ops[run]) summarise(run, op);
    if (ops[run].size() > 1) summarise(run, "");
  }
  return list;
}

}  // namespace roofgap
