#include "harness/analysis/gap.h"

#include <cmath>
#include <concepts>
#include <string>

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

std::string CauseAboveRoof(const Gap& gap, const Roof& roof) {
  const std::string above = "above its hard roof (" + Percent(gap.roof_fraction) + "): ";
  if (gap.bound == "compute") {
    return above + "the " + gap.isa + " " + std::string(DenominatorMix(gap.dtype)) +
           " ceiling was measured too low, or executed_flops is counted too high";
  }
  if (*roof.t_next_ns > kRoofTolerance * *gap.min_ns) {
    return above + "more than one ceiling is passed, so the bytes are likely counted too high";
  }
  if (gap.cache == "cold") return above + "operands were still cached, or the DRAM ceiling was measured too low";
  if (gap.roof_level == "L1") return above + "the L1 ceiling was measured too low, or the bytes are counted too high";
  return above + "the caches nearer than " + gap.roof_level + " hold more than the knee found, or the " +
         gap.roof_level + " ceiling was measured too low";
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

// Every column that both have.
Gap CopyColumns(const Record& record) {
  Gap gap;
  VisitFields(gap, [&]<class To>(const Field& to, To& member) {
    VisitFields(record, [&]<class From>(const Field& from, const From& value) {
      if constexpr (std::same_as<To, From>) {
        if (to.name == from.name) member = value;
      }
    });
  });
  return gap;
}

Gap JoinRoof(const Record& record, const Number& slowdown, const Ceilings& ceilings) {
  const Roof roof = FindRoof(record, ceilings);
  Gap gap = CopyColumns(record);
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
  if (!record.median_ns) return gap;
  gap.slowdown = slowdown;
  if (InSlowPhase(gap)) {
    Warn(gap.warnings, "the machine was " + WholePercent(*slowdown - 1) + " slower than at its best in the run");
  }
  for (const std::string& warning : roof.warnings) Warn(gap.warnings, warning);
  if (AboveRoof(gap)) Warn(gap.warnings, CauseAboveRoof(gap, roof));
  if (gap.attainable_fraction && *gap.attainable_fraction > 1) {
    Warn(gap.warnings, "faster than attainable: " + CauseAboveAttainable(record, roof));
  }
  return gap;
}

}  // namespace

std::vector<Gap> JoinRoofs(std::span<const Record> records, const Ceilings& ceilings) {
  const std::vector<Number> slowdowns = Slowdowns(records);
  std::vector<Gap> gaps;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    for (const Ceiling& ceiling : ceilings.rows) {
      if (ceiling.machine_id == record.machine_id) continue;
      throw Error("the ceilings are of machine " + ceiling.machine_id + ", the measurements of machine " +
                  record.machine_id + "; allowed are ceilings of the same machine (run hwprobe there)");
    }
    gaps.push_back(JoinRoof(record, slowdowns[i], ceilings));
  }
  Advise(gaps);
  return gaps;
}

}  // namespace roofgap
