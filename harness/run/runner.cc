#include "harness/run/runner.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>

#include "harness/measure/clock.h"
#include "harness/measure/isa_scope.h"
#include "harness/measure/measure.h"
#include "harness/measure/memory.h"
#include "harness/measure/pinning.h"
#include "harness/record/core_kind.h"
#include "harness/record/provenance.h"
#include "harness/run/entrant.h"
#include "harness/run/exact.h"
#include "harness/run/fit.h"
#include "harness/run/operand_sets.h"
#include "harness/run/verify.h"
#include "kernels/api/format.h"

namespace roofgap {
namespace {

// As far as the canary may be off within a turn (harness/measure/canary.h); beyond, contenders do not compare.
constexpr double kSlower = 0.03;

double TimeNs(const std::function<void()>& call) {
  const double begin = NowNs();
  call();
  return NowNs() - begin;
}

// Hands on the rows that became final without being measured.
void DraftDone(std::vector<Entrant>* entrants, const RunContext& context) {
  for (Entrant& entrant : *entrants) {
    if (context.draft && entrant.done && !entrant.drafted) context.draft(entrant.record);
    entrant.drafted = entrant.done;
  }
}

bool CanMeasureEnergy(const RunContext& context) { return context.energy != nullptr && context.energy->able(); }

Record BaseRecord(const Case& asked, const RunContext& context) {
  const Work work = Count(asked.problem, asked.dtype);
  Record record;
  record.run_id = context.run_id;
  record.utc = UtcNow();
  record.machine_id = context.host.machine_id;
  record.op = OpOf(asked.problem);
  record.problem = Describe(asked.problem);
  record.label = asked.label;
  record.variant = asked.variant->name;
  record.dtype = Name(asked.dtype);
  record.isa = asked.isa;
  record.threads = asked.threads;
  record.core_kind = CoreKindOf(context.core_kinds, context.host.cores, asked.threads);
  record.cache = asked.cold ? "cold" : "warm";
  record.flops = work.flops;
  record.flops_nominal = work.flops_nominal;
  record.macs = work.macs();
  record.bytes_read = work.bytes_read;
  record.bytes_written = work.bytes_written;
  record.intensity = work.intensity();
  record.batch = static_cast<double>(Batch(asked.problem));
  if (context.energy != nullptr) {
    record.energy_status = context.energy->able() ? "the row is not timed" : context.energy->status();
  }
  if (asked.variant->isa_control == IsaControl::kNone) Warn(&record, "plain C++ at the build's baseline, not by isa");
  return record;
}

void Prepare(Entrant* entrant, const RunContext& context) {
  const Case& asked = *entrant->asked;
  try {
    const IsaScope scope(asked.isa);
    PinTeam(asked.threads, context.host.cores);
    entrant->prepare_ns = TimeNs([&] {
      entrant->invocation = asked.variant->prepare(asked.problem, {.dtype = asked.dtype, .threads = asked.threads});
    });
  } catch (const std::exception& error) {
    Skip(entrant, Reason(error));
    return;
  }
  entrant->live = true;
  entrant->record.impl = entrant->invocation.impl;
}

// Packs, computes twice on operand set 0 and compares the second result: what a first call leaves behind in the
// workspace must not matter. Packing and reorders are timed on the second pass, when all pages have been touched.
// The first run tells too how much memory a call takes that nobody declared.
void VerifyOne(Entrant* entrant, OperandSets* operands, const Verifier& verifier, const ExactAnswer& exact,
               const RunContext& context) {
  const Case& asked = *entrant->asked;
  const Invocation& invocation = entrant->invocation;
  Record& record = entrant->record;
  PinTeam(asked.threads, context.host.cores);
  entrant->memory = std::make_unique<ContenderMemory>(invocation, *operands, asked.threads);
  for (int set = 0; set < operands->count(); ++set) {
    if (invocation.pack) invocation.pack(entrant->memory->args(set));
    if (invocation.reorder_in) invocation.reorder_in(entrant->memory->args(set));
  }
  const Args& args = entrant->memory->args(0);
  double pack_ns = 0, reorder_ns = 0;
  std::optional<int64_t> grown;
  size_t taken = 0;
  for (int call = 0; call < 2; ++call) {
    if (invocation.pack) pack_ns = TimeNs([&] { invocation.pack(args); });
    if (invocation.reorder_in) reorder_ns = TimeNs([&] { invocation.reorder_in(args); });
    operands->PoisonOutput(0);
    const size_t held = HeldBytes();
    ResetPeakHeldBytes();
    if (call == 0) {
      grown = ResidentGrowth([&] { invocation.run(args); });
    } else {
      invocation.run(args);
    }
    taken = std::max(taken, PeakHeldBytes() - held);
    if (invocation.reorder_out) reorder_ns += TimeNs([&] { invocation.reorder_out(args); });
  }
  const Comparison comparison = verifier.Check(*operands, invocation);
  record.verified = verifier.scope();
  record.max_error = comparison.error;
  record.error_bound = comparison.bound;
  if (!comparison.verifiable()) {
    Skip(entrant, "cannot be verified: output " + std::to_string(comparison.index) + " has no error bound");
    return;
  }
  if (!comparison.ok()) {
    End(entrant, kWrong,
        "output " + std::to_string(comparison.index) + " is further from the reference than its bound");
    return;
  }
  record.distance_from_exact = exact.DistanceOf(*operands);
  if (comparison.bound > verifier.root_mean_square()) {
    Warn(&record, "the error bound exceeds the results: verified says little");
  }
  record.executed_flops = invocation.executed_flops;
  record.packed_bytes = static_cast<double>(invocation.packed_bytes);
  record.workspace_bytes = static_cast<double>(invocation.workspace_bytes);
  const size_t peak = CallBytes(asked, invocation) + invocation.workspace_bytes + taken;
  record.peak_bytes = static_cast<double>(peak);
  const bool always_huge = context.host.huge_pages == "always";
  if (grown && *grown > ResidentTolerance(static_cast<int64_t>(peak), asked.threads, always_huge)) {
    Warn(&record,
         Format("a call takes %.1f MiB of memory beyond its workspace", static_cast<double>(*grown) / (1 << 20)));
  }
  record.prepare_ns = entrant->prepare_ns + pack_ns;
  record.reorder_ns = reorder_ns;
}

// The column turns_ns.
std::vector<double> TurnsToKeep(const std::vector<TurnSummary>& turns) {
  constexpr size_t kMost = 128;
  const size_t count = std::min(turns.size(), kMost);
  std::vector<double> kept;
  for (size_t i = 0; i < count; ++i) {
    kept.push_back(std::strtod(Format("%.6g", turns[i * turns.size() / count].median_ns).c_str(), nullptr));
  }
  return kept;
}

void Fill(const Measurement& measurement, Record* record) {
  const Statistics& statistics = measurement.statistics;
  record->status = measurement.stable ? kMeasured : kUnstable;
  record->reason = measurement.note;
  record->n = statistics.n;
  if (statistics.n == 0) return;
  record->min_ns = statistics.min;
  record->median_ns = statistics.median;
  record->p05_ns = statistics.p05;
  record->p95_ns = statistics.p95;
  record->p99_ns = statistics.p99;
  record->ci_low_ns = statistics.ci_low;
  record->ci_high_ns = statistics.ci_high;
  record->turns_ns = TurnsToKeep(measurement.turns);
  record->gflops = *record->flops / statistics.median;
  record->gbps = (*record->bytes_read + *record->bytes_written) / statistics.median;
  if (measurement.clock_ghz > 0) record->clock_ghz = measurement.clock_ghz;
  if (measurement.canary_ns > 0) record->canary_ns = measurement.canary_ns;
  if (measurement.canary_bytes > 0) record->canary_bytes = measurement.canary_bytes;
  if (measurement.slower > kSlower) {
    Warn(record, Format("the machine was %.0f %% slower than beside others of the group", 100 * measurement.slower));
  }
  if (!measurement.pinned) Warn(record, "not pinned: the system refused");
  if (measurement.batch > 1) Warn(record, "timed in batches of " + std::to_string(measurement.batch));
}

void MeasureEnergy(Entrant* entrant, int sets, const RunContext& context) {
  const auto call = [&](int64_t number) {
    entrant->invocation.run(entrant->memory->args(static_cast<int>(number % sets)));
  };
  const auto interrupted = [&] { return context.interrupted && context.interrupted(1); };
  try {
    PinTeam(entrant->asked->threads, context.host.cores);
    context.energy->Measure(call, entrant->record.median_ns.value_or(0), interrupted, &entrant->record);
  } catch (const std::exception& error) {  // the times of the row stand
    entrant->record.energy_j.reset();
    entrant->record.energy_status = Reason(error);
  }
}

// Measures all that are live against each other. When interrupted, some of them are not done.
void MeasureLive(std::vector<Entrant>* entrants, int sets, const RunContext& context) {
  std::vector<Contender> contenders;
  std::vector<Entrant*> live;
  MeasureOptions options{.seed = context.seed, .cpus = context.host.cores, .interrupted = context.interrupted};
  for (Entrant& entrant : *entrants) {
    if (!entrant.live) continue;
    live.push_back(&entrant);
    options.budget_s = entrant.asked->budget_s;
    const Record& record = entrant.record;
    const auto cache_bytes = static_cast<double>(context.host.last_level_cache_bytes(record.threads));
    contenders.push_back({
        .label = record.variant,
        .threads = record.threads,
        .call = [&entrant](int set) { entrant.invocation.run(entrant.memory->args(set)); },
        .sets = sets,
        .memory_bound = entrant.asked->cold || *record.peak_bytes > cache_bytes,
    });
  }
  if (live.empty()) return;
  options.finished = [&](size_t i, const Measurement& measurement) {
    if (!context.draft) return;
    Record draft = live[i]->record;
    Fill(measurement, &draft);
    if (CanMeasureEnergy(context)) draft.energy_status = "the run ended before its energy was measured";
    context.draft(draft);
  };
  const std::vector<Measurement> measurements = Measure(contenders, options);
  for (size_t i = 0; i < live.size(); ++i) {
    if (measurements[i].interrupted) continue;
    if (context.observe) context.observe(*live[i]->asked, measurements[i]);
    Fill(measurements[i], &live[i]->record);
    live[i]->done = true;
  }
  if (!CanMeasureEnergy(context)) return;
  for (Entrant* entrant : live) {
    if (entrant->done) MeasureEnergy(entrant, sets, context);
  }
}

bool SameGroup(const Case& a, const Case& b) {
  return a.dtype == b.dtype && a.cold == b.cold && a.budget_s == b.budget_s &&
         Describe(a.problem) == Describe(b.problem);
}

// Everything between a case and its record. Returns early when interrupted: what is not done by then has no row.
void RunEntrants(std::vector<Entrant>* entrants, const RunContext& context) {
  const Case& first = *entrants->front().asked;
  const std::string too_much = WhyOperandsDoNotFit(first, context.host);
  const auto interrupted = [&] { return context.interrupted && context.interrupted(0); };
  for (Entrant& entrant : *entrants) {
    if (entrant.done) continue;
    if (!too_much.empty()) {
      Skip(&entrant, too_much);
    } else {
      Prepare(&entrant, context);
    }
    DraftDone(entrants, context);
    if (interrupted()) return;
  }
  const int sets = SetsNeeded(entrants, context.host);
  SkipWhatDoesNotFit(entrants, sets, context.host);
  DraftDone(entrants, context);
  if (std::none_of(entrants->begin(), entrants->end(), [](const Entrant& e) { return e.live; })) return;

  const int threads = context.host.max_threads();
  PinTeam(threads, context.host.cores);
  OperandSets operands(first.problem, first.dtype, sets, context.seed, threads);
  if (interrupted()) return;
  const Verifier verifier(first.problem, first.dtype, operands, context.seed);
  const ExactAnswer exact(first.problem, first.dtype, operands);
  for (Entrant& entrant : *entrants) {
    if (interrupted()) return;
    if (!entrant.live) continue;
    try {
      VerifyOne(&entrant, &operands, verifier, exact, context);
    } catch (const std::exception& error) {
      Skip(&entrant, Reason(error));
    }
    DraftDone(entrants, context);
  }
  MeasureLive(entrants, sets, context);
}

}  // namespace

std::vector<std::span<const Case>> Groups(std::span<const Case> cases) {
  std::vector<std::span<const Case>> groups;
  for (size_t begin = 0, end = 0; begin < cases.size(); begin = end) {
    while (end < cases.size() && SameGroup(cases[begin], cases[end])) ++end;
    groups.push_back(cases.subspan(begin, end - begin));
  }
  return groups;
}

std::vector<Record> RunGroup(std::span<const Case> group, const RunContext& context) {
  std::vector<Entrant> entrants;
  for (const Case& asked : group) {
    Entrant& entrant = entrants.emplace_back();
    entrant.asked = &asked;
    entrant.record = BaseRecord(asked, context);
    if (!asked.support.ok) Skip(&entrant, asked.support.reason);
  }
  DraftDone(&entrants, context);
  try {
    RunEntrants(&entrants, context);
  } catch (const std::exception& error) {  // memory for the operands was refused
    for (Entrant& entrant : entrants) {
      if (!entrant.done) Skip(&entrant, Reason(error));
    }
  }
  std::vector<Record> records;
  for (Entrant& entrant : entrants) {
    if (entrant.done) records.push_back(std::move(entrant.record));
  }
  return records;
}

}  // namespace roofgap
