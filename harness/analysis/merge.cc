#include "harness/analysis/merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "harness/analysis/gap.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

struct MachineTally {
  const Merged* first = nullptr;
  std::set<std::string_view> runs;
  int64_t rows = 0, measured = 0, unstable = 0, wrong = 0;
  Number gflops;
};

std::string Line(std::string_view id, std::string_view model, std::string_view cores, std::string_view runs,
                 std::string_view rows, std::string_view measured, std::string_view unstable, std::string_view wrong,
                 std::string_view gflops) {
  return PadRight(Shorten(id, 16), 17) + PadRight(Shorten(model, 32), 33) + PadLeft(cores, 6) + PadLeft(runs, 5) +
         PadLeft(rows, 7) + PadLeft(measured, 9) + PadLeft(unstable, 9) + PadLeft(wrong, 6) + PadLeft(gflops, 8) + '\n';
}

}  // namespace

std::vector<Merged> MergeRows(std::span<const Record> records, const Machine& machine, const RunInfo& info,
                              const Ceilings& ceilings) {
  const std::vector<Gap> gaps = JoinRoofs(records, ceilings);
  std::vector<Merged> rows;
  for (size_t i = 0; i < records.size(); ++i) {
    rows.push_back({.record = records[i],
                    .own = {.cpu_model = machine.cpu_model,
                            .cpu_vendor = machine.cpu_vendor,
                            .arch = machine.arch,
                            .cores = machine.cores,
                            .memory_bytes = static_cast<double>(machine.memory_bytes),
                            .os = machine.os,
                            .compiler = info.compiler,
                            .roofgap_version = info.roofgap_version,
                            .t_attainable_ns = gaps[i].t_attainable_ns,
                            .attainable_fraction = gaps[i].attainable_fraction,
                            .roof_fraction = gaps[i].roof_fraction}});
  }
  return rows;
}

std::string RenderMachines(std::span<const Merged> rows) {
  std::vector<MachineTally> machines;
  std::map<std::string_view, size_t> index;
  for (const Merged& row : rows) {
    const Record& record = row.record;
    const auto [found, is_new] = index.try_emplace(record.machine_id, machines.size());
    if (is_new) machines.push_back({.first = &row});
    MachineTally& machine = machines[found->second];
    machine.runs.insert(record.run_id);
    ++machine.rows;
    machine.measured += record.status == kMeasured;
    machine.unstable += record.status == kUnstable;
    machine.wrong += record.status == kWrong;
    if (record.gflops) machine.gflops = std::max(machine.gflops.value_or(0), *record.gflops);
  }
  std::string text = Line("machine", "cpu", "cores", "runs", "rows", "measured", "unstable", "wrong", "GFLOP/s");
  for (const MachineTally& machine : machines) {
    text +=
        Line(machine.first->record.machine_id, machine.first->own.cpu_model, std::to_string(machine.first->own.cores),
             std::to_string(machine.runs.size()), std::to_string(machine.rows), std::to_string(machine.measured),
             std::to_string(machine.unstable), std::to_string(machine.wrong), Short(machine.gflops));
  }
  return text;
}

}  // namespace roofgap
