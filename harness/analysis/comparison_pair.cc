#include "harness/analysis/comparison_pair.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "harness/analysis/fastest.h"
#include "harness/analysis/two_samples.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

constexpr int64_t kFewestTurns = 6;  // of which bootstrap and Welch's test hold what they promise
// Of the variance that a row's own interval stands for: samples follow each other, too. Of 325 rows in results/ that
// have turns, the spread of these gives half of the medians an error over 1.36 times as large.
constexpr double kIntervalInflation = 2;

void Differ(std::string& reason, std::string_view field, const std::string& a, const std::string& b) {
  if (a == b) return;
  AppendClause(reason, std::string(field) + ' ' + (a.empty() ? "none" : a) + " / " + (b.empty() ? "none" : b));
}

void CountsDiffer(std::string& reason, std::string_view field, const Number& a, const Number& b) {
  if (a && b && std::abs(*a - *b) <= 1e-9 * std::abs(*a)) return;
  Differ(reason, field, csv::Format(a), csv::Format(b));
}

// The fields that differ where they must not; executed_flops may, for that is the algorithm's.
std::string WhatDiffers(const RowPair& pair) {
  const Record &a = *pair.a, &b = *pair.b;
  std::string reason;
  Differ(reason, "schema_version", std::to_string(a.schema_version), std::to_string(b.schema_version));
  Differ(reason, "threads", std::to_string(a.threads), std::to_string(b.threads));
  Differ(reason, "cache", a.cache, b.cache);
  if (pair.isa_counts) Differ(reason, "isa", a.isa, b.isa);
  CountsDiffer(reason, "flops", a.flops, b.flops);
  CountsDiffer(reason, "bytes_read", a.bytes_read, b.bytes_read);
  CountsDiffer(reason, "bytes_written", a.bytes_written, b.bytes_written);
  return reason;
}

void NoTime(std::string& reason, const Record& row, std::string_view side) {
  AppendClause(reason, row.status + " in " + std::string(side) + (row.reason.empty() ? "" : ": " + row.reason));
}

void NoTimes(std::string& reason, const Record& a, const Record& b) {
  const bool of_a = a.median_ns.value_or(0) > 0, of_b = b.median_ns.value_or(0) > 0;
  if (!of_a && !of_b && a.status == b.status && a.reason == b.reason) return NoTime(reason, a, "both");
  if (!of_a) NoTime(reason, a, "a");
  if (!of_b) NoTime(reason, b, "b");
}

// The standard error of log(median) that the row's 95 % interval stands for.
Number LogError(const Record& row) {
  if (!row.ci_low_ns || !row.ci_high_ns || !(*row.ci_low_ns > 0)) return {};
  return std::log(*row.ci_high_ns / *row.ci_low_ns) / (2 * 1.959964);
}

void TestByIntervals(const RowPair& pair, Compared* row) {
  const Number a = LogError(*pair.a), b = LogError(*pair.b);
  if (!a || !b) {
    const auto turns = [](const Record& r) { return std::to_string(r.turns_ns.size()); };
    row->reason = "too few samples to test: " + turns(*pair.a) + " and " + turns(*pair.b) + " turns, no intervals";
    return;
  }
  const double error = std::sqrt(kIntervalInflation) * std::hypot(*a, *b), log_ratio = std::log(*row->ratio);
  row->test = "intervals";
  row->p_value = error > 0 ? NormalTail(log_ratio / error) : log_ratio == 0 ? 1.0 : 0.0;
  row->ratio_low = std::exp(log_ratio - 1.959964 * error);
  row->ratio_high = std::exp(log_ratio + 1.959964 * error);
}

// Of the variance of the difference of two means of so many turns each.
double Inflation(size_t a, size_t b, double correlation) {
  const auto n = static_cast<double>(a), m = static_cast<double>(b);
  return (SerialInflation(correlation, n) / n + SerialInflation(correlation, m) / m) / (1 / n + 1 / m);
}

void TestTurns(const RowPair& pair, const TestContext& context, Compared* row) {
  const std::vector<double>&a = pair.a->turns_ns, &b = pair.b->turns_ns;
  if (std::min(std::ssize(a), std::ssize(b)) < kFewestTurns) return TestByIntervals(pair, row);
  const double inflation = Inflation(a.size(), b.size(), context.correlation);
  const double least = Deflated(LeastRankP(std::ssize(a), std::ssize(b)), inflation);
  const bool ranks = least <= kFalseDiscoveries / static_cast<double>(context.pairs);
  row->test = ranks ? "ranks" : "welch";
  row->p_value = ranks ? Deflated(RankTest(a, b), inflation) : WelchTest(a, b, context.correlation);
  const RatioInterval interval = BootstrapRatio(a, b);
  const auto widened = [&](double end) { return *row->ratio * std::pow(end / *row->ratio, std::sqrt(inflation)); };
  row->ratio_low = widened(std::min(interval.low, *row->ratio));
  row->ratio_high = widened(std::max(interval.high, *row->ratio));
}

// Beside a test of turns, where there is one.
void TestRuns(const Spread& runs, Compared* row) {
  const double error = std::sqrt(runs.variance), log_ratio = std::log(*row->ratio);
  const double p = error > 0 ? StudentTail(std::abs(log_ratio) / error, runs.freedom) : log_ratio == 0 ? 1 : 0;
  if (p >= row->p_value.value_or(0)) {
    row->p_value = p;
    row->test = "runs";
  }
  const double half = StudentQuantile(runs.freedom) * error;
  row->ratio_low = std::min(row->ratio_low.value_or(*row->ratio), *row->ratio * std::exp(-half));
  row->ratio_high = std::max(row->ratio_high.value_or(*row->ratio), *row->ratio * std::exp(half));
}

}  // namespace

Compared DescribePair(const RowPair& pair, const ComparedRun& a, const ComparedRun& b) {
  const Record& any = pair.a != nullptr ? *pair.a : *pair.b;
  Compared row;
  row.run_a = a.name;
  row.run_b = b.name;
  row.machine_a = a.rows.empty() ? "" : a.rows[0].machine_id;
  row.machine_b = b.rows.empty() ? "" : b.rows[0].machine_id;
  row.op = any.op;
  row.problem = any.problem;
  row.label = any.label;
  row.variant = any.variant;
  row.dtype = any.dtype;
  row.threads = any.threads;
  row.cache = any.cache;
  if (pair.a != nullptr) {
    row.isa_a = pair.a->isa;
    row.status_a = pair.a->status;
    row.median_a_ns = pair.a->median_ns;
  }
  if (pair.b != nullptr) {
    row.isa_b = pair.b->isa;
    row.status_b = pair.b->status;
    row.median_b_ns = pair.b->median_ns;
    row.warnings = pair.b->warnings;
  }
  if (pair.a == nullptr || pair.b == nullptr) {
    row.reason = pair.a == nullptr ? "only in b" : "only in a";
    return row;
  }
  row.reason = WhatDiffers(pair);
  NoTimes(row.reason, *pair.a, *pair.b);
  if (!row.reason.empty()) return row;
  row.ratio = Quotient(pair.a->median_ns, pair.b->median_ns);
  return row;
}

void TestPair(const RowPair& pair, const TestContext& context, Compared* row) {
  if (row->runs_a == 1 && row->runs_b == 1) {
    TestTurns(pair, context, row);
    if (!row->reason.empty()) return;
  }
  if (context.runs.freedom > 0) return TestRuns(context.runs, row);
  if (!row->p_value) row->reason = "no row has two runs of one side";
}

}  // namespace roofgap
