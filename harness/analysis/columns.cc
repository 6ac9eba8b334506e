#include "harness/analysis/columns.h"

#include <algorithm>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "harness/analysis/attention.h"
#include "harness/analysis/budgets.h"
#include "harness/analysis/comparison.h"
#include "harness/analysis/complexity.h"
#include "harness/analysis/crossover.h"
#include "harness/analysis/gap.h"
#include "harness/analysis/merge.h"
#include "harness/analysis/pareto.h"
#include "harness/analysis/predictors.h"
#include "harness/analysis/ratio.h"
#include "harness/analysis/separable.h"
#include "harness/record/fields.h"
#include "harness/record/files.h"
#include "harness/record/record.h"

namespace roofgap {
namespace {

constexpr std::string_view kIntroduction = R"(# results

One folder per machine, named by its `machine_id`: a fingerprint of CPU model, topology and memory size, stable over
reboots and updates of the system.

    <machine_id>/probe/            what hwprobe wrote: the machine and its ceilings
      machine.json                 the machine
      ceilings.csv                 its roofs, one per row
      curve.csv                    bandwidth over working set, which the levels are found in
    <machine_id>/<utc>-<suite>/    a run; complete in itself, so it can be copied and compared anywhere
      machine.json ceilings.csv    copies from the probe that the run relies on
      curve.csv                    likewise, where the probe has it
      ceilings_end.csv             the same roofs measured again after the run (where that was asked for)
      measurements.csv             one row per case, written as soon as it is measured
      gap.csv                      each of those rows under its roofs
      predictors.csv               how well FLOPs and roofs predict the times
      gap.json                     both, the pairs that FLOPs order wrongly and the findings (where that was asked for)
      separable.csv                standard against separable convolutions (where there are both)
      pareto.csv                   which rows no alternative beats (where that was asked for)
      budgets.csv                  what each row would do on deployment targets (likewise)
      attention.csv                attention and its approximations by sequence length (where there are any)
      complexity.csv               how their time and memory grow with it
      crossovers.csv               at which length one overtakes another
      run.json                     the exact command, seed and versions, and whether the run is complete
      suite.json                   what was asked for; `roofgap run --resume` reads it
      *.svg *.png report.html      pictures and a page, drawn from these files alone
    compared/                      pictures of several runs, and `roofgap compare --csv` of which they are drawn

## Rules for every file

- An empty CSV field (a JSON null) is "not available", and `reason` or `warnings` says why. It is never written as 0.
- No row vanishes: what could not be measured has a row with its status and reason; a wrong result has no speed.
- The unit is in the name or in the table below. G is 1e9, byte counts are exact, times are per call.
- CSV is RFC 4180 with LF line ends, UTF-8. Numbers read back as exactly the same double.
- Find columns by name: their order may change, and later versions add some. `schema_version` changes when a
  column changes its meaning or goes away.

This page is printed by `roofgap columns`, from the lists of fields that write and read the files. A word list in a
description is the column's whole vocabulary. ISA names are Highway's targets (`AVX3 AVX2 SSE4 NEON EMU128 ...`), for
oneDNN's rows too.
)";

// A bar would end the cell of a Markdown table.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Words(std::string_view vocabulary) {
  std::string list;
  while (!vocabulary.empty()) {
    const size_t end = std::min(vocabulary.find(' '), vocabulary.size());
    list += (list.empty() ? "`" : ", `") + std::string(vocabulary.substr(0, end)) + "`";
    vocabulary.remove_prefix(std::min(end + 1, vocabulary.size()));
  }
  return list;
}

template <class Value>
std::string_view Kind(const Field& field) {
  if (!field.unit.empty()) return field.unit;
  if constexpr (std::same_as<Value, std::string>) return "text";
  if constexpr (std::integral<Value> || std::same_as<Value, Number>) return "number";
  return "list";
}

template <class Row>
std::string Fields(std::string_view title, std::string_view what, std::string_view first_column) {
  std::string text = "\n## " + std::string(title) + "\n\n" + std::string(what) + "\n\n| " + std::string(first_column) +
                     " | unit | meaning |\n|---|---|---|\n";
  const Row row{};
  VisitFields(row, [&]<class Value>(const Field& field, const Value&) {
    text +=
        "| `" + std::string(field.name) + "` | " + std::string(Kind<Value>(field)) + " | " + Escape(field.description);
    if (!field.allowed.empty()) text += ": " + Words(field.allowed);
    text += " |\n";
  });
  return text;
}

}  // namespace

std::string RenderColumnsDoc() {
  return std::string(kIntroduction) +
         Fields<Record>(files::kMeasurements,
                        "One row per case. The columns up to `reason` say which case, and what became of it.",
                        "column") +
         Fields<Gap>(files::kGap, "Each row of measurements.csv under its roofs, in the same order.", "column") +
         Fields<PredictorRow>(files::kPredictors,
                              "What `roofgap gap` writes: how well two numbers that are known before running predict "
                              "the medians, for the run and for each setting of dtype, ISA, threads and cache state.",
                              "column") +
         Fields<Ratio>("`roofgap ratio --csv`",
                       "One row per case that either side has a row of: pairs by ratio, then what is no pair.",
                       "column") +
         Fields<Compared>("`roofgap compare --csv`",
                          "One row per case of either run: pairs, the slowest first, then what is not comparable.",
                          "column") +
         Fields<MergedColumns>("`roofgap merge --csv`",
                               "One row per row of measurements.csv, of all runs: its columns, then these.", "column") +
         Fields<SeparablePair>(files::kSeparable,
                               "What `roofgap separable` writes: one row per shape and comparison that the run has a "
                               "standard and a separable convolution of.",
                               "column") +
         Fields<ParetoRow>(files::kPareto,
                           "What `roofgap pareto` writes: each row of measurements.csv (of those that --match keeps) "
                           "among its alternatives, by group.",
                           "column") +
         Fields<BudgetRow>(files::kBudgets,
                           "What `roofgap budgets` writes: for each row of measurements.csv one per deployment target.",
                           "column") +
         Fields<AttentionPoint>(files::kAttention,
                                "What `roofgap gap` writes of attention, linformer and performer: their rows of "
                                "measurements.csv, in the same order.",
                                "column") +
         Fields<GrowthFit>(files::kComplexity,
                           "Likewise: four rows for each method measured at several lengths, of all that differ by "
                           "the sequence length alone.",
                           "column") +
         Fields<Crossover>(files::kCrossovers,
                           "Likewise: every two methods of the same shapes and setting, with a row for each length "
                           "at which one overtakes the other, or one that says `always`.",
                           "column") +
         Fields<Ceiling>(files::kCeilings, "One row per roof. A column that does not apply to the row's kind is empty.",
                         "column") +
         Fields<CurveRow>(files::kCurve, "One row per pattern and working set, from 4 KiB a thread on.", "column") +
         Fields<Machine>(files::kMachine, "What a reader of the results has to know of the machine.", "key") +
         Fields<Cache>("caches, in machine.json", "One per cache level, as the system reports it.", "key") +
         Fields<CoreKind>("core_kinds, in machine.json", "One per kind of core.", "key") +
         Fields<RunInfo>(files::kRun, "Written when a run begins, and again when it ends.", "key");
}

}  // namespace roofgap
