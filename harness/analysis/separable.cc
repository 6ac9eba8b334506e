#include "harness/analysis/separable.h"

#include <tuple>
#include <vector>

#include "harness/analysis/fastest.h"
#include "harness/analysis/gap.h"
#include "harness/analysis/roof.h"

namespace roofgap {
namespace {

using Half = SeparablePair::Half;

struct Row {
  const Record* record;
  const Gap* gap;
};

// All rows of one shape under the same conditions.
struct Case {
  LayerShape shape;
  std::vector<Row> standard, separable;
};

bool Competes(const Record& row, std::string_view comparison) {
  if (comparison == kOnednnOnly && !row.variant.starts_with("onednn")) return false;
  if (comparison == kAgainstFastest || row.op != "conv2d" || !row.median_ns) return true;
  return row.executed_flops && row.flops && *row.executed_flops >= *row.flops;
}

struct Competitors {
  Fastest fastest;
  bool any = false;
};

Competitors Choose(const std::vector<Row>& rows, std::string_view comparison) {
  Competitors chosen;
  for (const Row& row : rows) {
    if (!Competes(*row.record, comparison)) continue;
    chosen.fastest.Add(*row.record, *row.gap);
    chosen.any = true;
  }
  return chosen;
}

// A variant that chooses among others names its choice at the end of `impl`, in brackets.
std::string Algorithm(const Record& row) {
  const size_t begin = row.impl.rfind('[');
  if (begin == std::string::npos || !row.impl.ends_with(']')) return row.variant;
  return row.impl.substr(begin + 1, row.impl.size() - begin - 2);
}

Half DescribeHalf(const Record& any_row, const Fastest& fastest, const Ceilings& ceilings) {
  Half half;
  half.problem = any_row.problem;
  half.label = any_row.label;
  half.flops_nominal = any_row.flops_nominal;
  half.flops = any_row.flops;
  half.intensity = any_row.intensity;
  if (fastest.record == nullptr) return half;
  half.variant = fastest.record->variant;
  half.algorithm = Algorithm(*fastest.record);
  half.impl = fastest.record->impl;
  half.median_ns = fastest.record->median_ns;
  half.gflops = fastest.record->gflops;
  half.workspace_bytes = fastest.record->workspace_bytes;
  half.attainable_ns = fastest.gap->t_attainable_ns;
  half.roof_ns = fastest.gap->t_roof_ns;
  half.warnings = fastest.gap->warnings;
  const Roof roof = FindRoof(*fastest.record, ceilings);
  half.bound = roof.attainable_bound;
  half.level = roof.attainable_level;
  return half;
}

// What is said of a side: why it has no time, or that its row is unstable and which others have none.
void Judge(const Fastest& side, SeparablePair* pair) {
  if (side.record == nullptr) {
    if (pair->status != kWrong) pair->status = side.wrong ? kWrong : kSkipped;
    AppendClause(pair->reason, side.untimed);
    return;
  }
  AppendClause(pair->left_out, side.untimed);
  if (side.record->status != kUnstable) return;
  if (pair->status == kMeasured) pair->status = kUnstable;
  AppendClause(pair->reason, Explain(*side.record));
}

void Compare(const Fastest& standard, const Fastest& separable, SeparablePair* pair) {
  const Record& one = *standard.record;
  const Record& two = *separable.record;
  pair->latency_ratio = Quotient(one.median_ns, two.median_ns);
  pair->latency_low = Quotient(one.ci_low_ns, two.ci_high_ns);
  pair->latency_high = Quotient(one.ci_high_ns, two.ci_low_ns);
  pair->arrives = Quotient(pair->latency_ratio, pair->promised);
  pair->part_algorithm = Quotient(standard.gap->gap_algorithm, separable.gap->gap_algorithm);
  pair->part_memory = Quotient(standard.gap->gap_memory, separable.gap->gap_memory);
  pair->part_standard = standard.gap->gap_implementation;
  pair->part_separable = separable.gap->attainable_fraction;
  pair->attainable_ratio = Quotient(standard.gap->t_attainable_ns, separable.gap->t_attainable_ns);
  pair->roof_ratio = Quotient(standard.gap->t_roof_ns, separable.gap->t_roof_ns);
}

SeparablePair MakePair(const Case& both, std::string_view comparison, const Fastest& standard, const Fastest& separable,
                       const Ceilings& ceilings) {
  const Record& first = *both.separable[0].record;
  SeparablePair pair;
  pair.run_id = first.run_id;
  pair.machine_id = first.machine_id;
  pair.comparison = comparison;
  pair.shape = both.shape;
  pair.dtype = first.dtype;
  pair.isa = first.isa;
  pair.threads = first.threads;
  pair.core_kind = first.core_kind;
  pair.cache = first.cache;
  pair.status = kMeasured;
  pair.standard = DescribeHalf(*both.standard[0].record, standard, ceilings);
  pair.separable = DescribeHalf(first, separable, ceilings);
  pair.promised = Quotient(pair.standard.flops_nominal, pair.separable.flops_nominal);
  pair.part_padding = Quotient(Quotient(pair.standard.flops, pair.separable.flops), pair.promised);
  Judge(standard, &pair);
  Judge(separable, &pair);
  if (standard.record != nullptr && separable.record != nullptr) Compare(standard, separable, &pair);
  return pair;
}

std::vector<Case> FindCases(std::span<const Record> records, std::span<const Gap> gaps,
                            const std::map<std::string, LayerShape>& shapes) {
  using Key = std::tuple<LayerShape, std::string_view, std::string_view, int, std::string_view>;
  std::vector<Case> cases;
  std::map<Key, size_t> case_of;
  const auto visit = [&](std::string_view op, std::vector<Row> Case::*side) {
    for (size_t i = 0; i < records.size(); ++i) {
      const Record& row = records[i];
      const auto shape = shapes.find(row.problem);
      if (row.op != op || shape == shapes.end()) continue;
      const Key key = {shape->second, row.dtype, row.isa, row.threads, row.cache};
      const auto [found, is_new] = case_of.try_emplace(key, cases.size());
      if (is_new) cases.push_back({.shape = shape->second, .standard = {}, .separable = {}});
      (cases[found->second].*side).push_back({&row, &gaps[i]});
    }
  };
  visit("dwsep", &Case::separable);
  visit("conv2d", &Case::standard);
  return cases;
}

}  // namespace

std::vector<SeparablePair> PairSeparable(std::span<const Record> records, const Ceilings& ceilings,
                                         const std::map<std::string, LayerShape>& shapes) {
  const std::vector<Gap> gaps = JoinRoofs(records, ceilings);
  std::vector<SeparablePair> pairs;
  for (const Case& both : FindCases(records, gaps, shapes)) {
    for (std::string_view comparison : {kAgainstDirect, kAgainstFastest, kOnednnOnly}) {
      const Competitors standard = Choose(both.standard, comparison);
      const Competitors separable = Choose(both.separable, comparison);
      if (!standard.any || !separable.any) continue;
      pairs.push_back(MakePair(both, comparison, standard.fastest, separable.fastest, ceilings));
    }
  }
  return pairs;
}

}  // namespace roofgap
