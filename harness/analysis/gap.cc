#include "harness/analysis/gap.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "harness/analysis/advice.h"
#include "harness/analysis/roof.h"
#include "harness/analysis/text.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

// Empty unless both are there and the quotient is finite and means something.
Number Quotient(const Number& a, const Number& b) {
  if (!a || !b || !(*b > 0) || !(*a >= 0)) return {};
  return *a / *b;
}

void Warn(std::string& warnings, const std::string& text) {
  if (!warnings.empty()) warnings += "; ";
  warnings += text;
}

std::string WholePercent(double fraction) { return std::to_string(std::lround(100 * fraction)) + " %"; }

std::string RoofName(const Gap& gap) { return gap.bound == "compute" ? gap.bound : gap.roof_level; }

// Of variants whose rows pass several roofs that no row of another variant passes, although they stand under them too:
// these roofs, as a list. Ceilings measured too low would let others pass.
std::map<std::string_view, std::string> PassSeveralAlone(std::span<const Gap> gaps) {
  struct Passed {
    std::set<std::string_view> above, under;  // variants with rows there
  };
  std::map<std::string, Passed> roofs;
  for (const Gap& gap : gaps) {
    if (gap.roof_fraction)
      (AboveRoof(gap) ? roofs[RoofName(gap)].above : roofs[RoofName(gap)].under).insert(gap.variant);
  }
  std::map<std::string_view, std::set<std::string_view>> passed_alone;
  for (const auto& [name, variants] : roofs) {
    if (variants.above.size() != 1) continue;
    const std::string_view alone = *variants.above.begin();
    if (variants.under.size() > variants.under.count(alone)) passed_alone[alone].insert(name);
  }
  std::map<std::string_view, std::string> lists;
  for (const auto& [variant, names] : passed_alone) {
    if (names.size() < 2) continue;
    for (std::string_view name : names) lists[variant] += (lists[variant].empty() ? "" : ", ") + std::string(name);
  }
  return lists;
}

// Without numbers, which stand in columns: rows with the same cause are told as one.
std::string CauseAboveRoof(const Gap& gap, const Record& row, const Roof& roof) {
  if (gap.bound == "compute") {
    const std::string ceiling = gap.isa + " " + std::string(DenominatorMix(gap.dtype)) + " ceiling";
    const Number faster_clock = Quotient(row.clock_ghz, roof.peak_clock_ghz);
    if (faster_clock && *roof.t_roof_ns <= kRoofTolerance * *faster_clock * *row.min_ns) {
      return "the core's clock was above that of the " + ceiling;
    }
    return "the " + ceiling + " was measured too low, or executed_flops is counted too high";
  }
  if (*roof.t_next_ns > kRoofTolerance * *gap.min_ns) {
    return "more than one ceiling is passed, so the bytes are likely counted too high";
  }
  if (gap.cache == "cold") return "operands were still cached, or the DRAM ceiling was measured too low";
  if (gap.roof_level == "L1") return "the L1 ceiling was measured too low, or the bytes are counted too high";
  return "the caches nearer than " + gap.roof_level + " hold more than the knee found, or the " + gap.roof_level +
         " ceiling was measured too low";
}

std::string CauseAboveAttainable(const Record& row, const Roof& roof) {
  if (roof.attainable_bound == "compute") {
    const std::string mix(DenominatorMix(row.dtype));
    const Number faster_clock = Quotient(row.clock_ghz, roof.peak_clock_ghz);
    if (faster_clock && *roof.t_attainable_ns <= 1.01 * *faster_clock * *row.median_ns) {
      return "the core's clock was " + WholePercent(*faster_clock - 1) + " above that of the median " + mix +
             " ceiling";
    }
    return "above the median " + mix + " ceiling";
  }
  const double gbps = (*row.bytes_read + *row.bytes_written) / *row.median_ns;
  const Number canary_gbps = Quotient(row.canary_bytes, row.canary_ns);
  if (roof.attainable_level == "DRAM" && canary_gbps && *canary_gbps > gbps) {
    return "memory was faster than its median ceiling: so was the canary beside the row";
  }
  if (row.cache == "cold") return "above the median DRAM ceiling, or operands were still cached";
  return "part of the data stays nearer than " + roof.attainable_level;
}

Gap JoinRoof(const Record& record, const Roof& roof) {
  Gap gap = CopyColumns<Gap>(record);
  gap.bound = roof.bound;
  gap.roof_level = roof.level;
  gap.t_roof_ns = roof.t_roof_ns;
  gap.attainable_bound = roof.attainable_bound;
  gap.attainable_level = roof.attainable_level;
  gap.t_attainable_ns = roof.t_attainable_ns;
  gap.t_executed_ns = Quotient(record.executed_flops, roof.peak_median_gflops);
  gap.t_flops_ns = Quotient(record.flops, roof.peak_median_gflops);
  gap.roof_gflops = Quotient(record.flops, roof.t_roof_ns);
  gap.roof_fraction = Quotient(roof.t_roof_ns, record.min_ns);
  gap.attainable_fraction = Quotient(roof.t_attainable_ns, record.median_ns);
  gap.flops_gap = Quotient(record.median_ns, gap.t_flops_ns);
  gap.gap_algorithm = Quotient(record.executed_flops, record.flops);
  gap.gap_memory = Quotient(roof.t_attainable_ns, gap.t_executed_ns);
  gap.gap_implementation = Quotient(record.median_ns, roof.t_attainable_ns);
  return gap;
}

void AddWarnings(const Record& record, const Roof& roof, const std::string& passed_alone, Gap& gap) {
  if (InSlowPhase(gap)) {
    Warn(gap.warnings, "the machine was " + WholePercent(*gap.slowdown - 1) + " slower than at its best in the run");
  }
  for (const std::string& warning : roof.warnings) Warn(gap.warnings, warning);
  if (AboveRoof(gap)) {
    const std::string where =
        "above its hard roof" +
        std::string(*roof.t_roof_ns > *gap.median_ns ? ": " : " in its fastest calls, not its median: ");
    Warn(gap.warnings, where + (passed_alone.empty() ? CauseAboveRoof(gap, record, roof)
                                                     : "only rows of " + gap.variant + " pass the roofs " +
                                                           passed_alone + ", so its times or counts are wrong"));
  }
  if (gap.attainable_fraction && *gap.attainable_fraction > 1) {
    Warn(gap.warnings, "faster than attainable: " + CauseAboveAttainable(record, roof));
  }
}

}  // namespace

std::vector<Gap> JoinRoofs(std::span<const Record> records, const Ceilings& ceilings) {
  const std::vector<Number> slowdowns = Slowdowns(records);
  std::vector<Gap> gaps;
  std::vector<Roof> roofs;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    for (const Ceiling& ceiling : ceilings.rows) {
      if (ceiling.machine_id == record.machine_id) continue;
      throw Error("the ceilings are of machine " + ceiling.machine_id + ", the measurements of machine " +
                  record.machine_id + "; allowed are ceilings of the same machine (run hwprobe there)");
    }
    roofs.push_back(FindRoof(record, ceilings));
    gaps.push_back(JoinRoof(record, roofs.back()));
    if (record.median_ns) gaps.back().slowdown = slowdowns[i];
  }
  const std::map<std::string_view, std::string> passed_alone = PassSeveralAlone(gaps);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!records[i].median_ns) continue;
    const auto found = passed_alone.find(gaps[i].variant);
    AddWarnings(records[i], roofs[i], found == passed_alone.end() ? "" : found->second, gaps[i]);
  }
  Advise(gaps);
  return gaps;
}

}  // namespace roofgap
