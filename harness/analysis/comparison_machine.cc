#include <algorithm>
#include <cmath>
#include <string_view>

#include "harness/analysis/comparison_pair.h"
#include "harness/analysis/fastest.h"
#include "harness/analysis/roof.h"

// What the machine did between two rows, and what that leaves to the code.

namespace roofgap {
namespace {

// Standard error of the logarithm of a machine_ratio that the row follows. Of 87 unchanged rows in results/ whose
// canary of arithmetic moved by up to 30 % between two runs, half were within 0.65 % of what it said, which is 1 % for
// two thirds; roofs that are measured again after a run differ by 3 to 10 % (medians of seven runs), each of the two.
constexpr double kCanaryError = 0.01, kRoofError = 0.085;
constexpr double kFull = 0.8;  // of what the canary reads: a row that reads as much waits for memory
constexpr double k95 = 1.959964;

bool SameCanary(const Record& a, const Record& b) {
  return a.canary_ns && b.canary_ns && a.canary_bytes == b.canary_bytes;
}

bool WaitsForMemory(const Record& row) {
  const Number reads = Quotient(row.canary_bytes, row.canary_ns), moves = Quotient(row.bytes_read, row.median_ns);
  return reads && moves && *moves + row.bytes_written.value_or(0) / *row.median_ns >= kFull * *reads;
}

bool KeepsPaceWithCore(const Record& row, const std::optional<Ceilings>& ceilings) {
  if (!ceilings) return false;
  const Roof roof = FindRoof(row, *ceilings);
  return roof.attainable_bound == "compute" || roof.attainable_level == "L1" || roof.attainable_level == "L2";
}

// Whether the canary's time is the row's own measure: loads, of a row that waits for memory; arithmetic, of one that
// waits for nothing farther than L2, whose clock is the core's. For others it is the most that the machine did.
bool FollowsCanary(const RowPair& pair, const ComparedRun& a, const ComparedRun& b) {
  if (pair.a->canary_bytes.value_or(0) > 0) return WaitsForMemory(*pair.a) && WaitsForMemory(*pair.b);
  return KeepsPaceWithCore(*pair.a, a.ceilings) && KeepsPaceWithCore(*pair.b, b.ceilings);
}

Number Attainable(Record row, const Record& work, const std::optional<Ceilings>& ceilings) {
  if (!ceilings) return {};
  row.executed_flops = work.executed_flops;
  return FindRoof(row, *ceilings).t_attainable_ns;
}

// Roofs that are one measurement, or those of two ISAs of one machine, tell nothing of it.
Number ByRoofs(const RowPair& pair, const ComparedRun& a, const ComparedRun& b, bool one_machine) {
  if (one_machine && (pair.a->isa != pair.b->isa || a.ceilings == b.ceilings)) return {};
  return Quotient(Attainable(*pair.a, *pair.a, a.ceilings), Attainable(*pair.b, *pair.a, b.ceilings));
}

}  // namespace

bool Beyond(double ratio, double within) { return std::abs(std::log(ratio)) > std::log1p(within); }

void TellMachine(const RowPair& pair, const ComparedRun& a, const ComparedRun& b, Compared* row) {
  const bool one_machine = row->machine_a == row->machine_b;
  bool follows = true;
  double error = k95 * kRoofError;
  if (one_machine && SameCanary(*pair.a, *pair.b)) {
    row->machine_ratio = Quotient(pair.a->canary_ns, pair.b->canary_ns);
    row->machine_from = "canary";
    follows = FollowsCanary(pair, a, b);
    error = k95 * kCanaryError;
  } else {
    row->machine_ratio = ByRoofs(pair, a, b, one_machine);
    if (row->machine_ratio) row->machine_from = "roofs";
  }
  if (!row->machine_ratio) return;
  const double whole = *row->ratio / *row->machine_ratio;
  if (follows) row->kernel_ratio = whole;
  const double least = follows ? whole : std::min(whole, *row->ratio);
  const double most = follows ? whole : std::max(whole, *row->ratio);
  row->kernel_low = least * std::exp(-std::hypot(std::log(*row->ratio / *row->ratio_low), error));
  row->kernel_high = most * std::exp(std::hypot(std::log(*row->ratio_high / *row->ratio), error));
}

std::string FindCause(const Compared& row, double same_within) {
  if (!row.machine_ratio) return "";
  const double limit = std::log1p(same_within);
  const bool faster = *row.ratio > 1;
  const bool kernel = faster ? std::log(*row.kernel_low) > limit : std::log(*row.kernel_high) < -limit;
  const double error = k95 * (row.machine_from == "canary" ? kCanaryError : kRoofError);
  const double towards = std::log(*row.machine_ratio) * (faster ? 1 : -1);
  const bool machine = row.kernel_ratio && towards - error > limit;
  const std::string_view code = row.machine_a == row.machine_b && row.isa_a != row.isa_b ? "isa" : "kernel";
  if (kernel) return std::string(machine ? "both" : code);
  const bool against = row.kernel_ratio && (*row.kernel_ratio > 1) != faster;
  return machine && (against || !Beyond(*row.kernel_ratio, same_within)) ? "machine" : "";
}

}  // namespace roofgap
