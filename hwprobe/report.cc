#include "hwprobe/report.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "kernels/api/format.h"

namespace roofgap {
namespace {

std::string Size(const Number& bytes) {
  if (!bytes) return "-";
  return *bytes < 1024 * 1024 ? Format("%.0f KiB", *bytes / 1024) : Format("%.1f MiB", *bytes / 1024 / 1024);
}

std::string MachineLines(const Machine& m) {
  std::string text = Format("machine %s: %s, %d cores, %d hardware threads, %d NUMA node(s)%s%s\n",
                            m.machine_id.c_str(), m.cpu_model.c_str(), m.cores, m.hardware_threads, m.numa_nodes,
                            m.virtualisation.empty() || m.virtualisation == "none" ? "" : ", under ",
                            m.virtualisation == "none" ? "" : m.virtualisation.c_str());
  text += "instruction sets:";
  for (const std::string& isa : m.isa) text += ' ' + isa;
  return text + '\n';
}

bool SeveralKinds(const Ceilings& ceilings) {
  std::set<std::string> kinds;
  for (const Ceiling& row : ceilings.rows) kinds.insert(row.core_kind);
  return kinds.size() > 1;
}

// "2 efficiency" where there are several kinds of cores.
std::string Team(const Ceiling& row, bool several_kinds) {
  return std::to_string(row.threads) + (several_kinds ? " " + row.core_kind : "");
}

std::string ComputeLines(const Ceilings& ceilings) {
  const bool several_kinds = SeveralKinds(ceilings);
  const int width = several_kinds ? 15 : 7;
  std::string text =
      Format("\ncompute    dtype  mix      %*s   best GFLOP/s     median   FLOP/cycle/core\n", width, "threads");
  for (const Ceiling& row : ceilings.rows) {
    if (row.kind != "compute" || !row.best) continue;
    text += Format("%-10s %-6s %-8s %*s %14.1f %10.1f   ", row.isa.c_str(), row.dtype.c_str(), row.op_mix.c_str(),
                   width, Team(row, several_kinds).c_str(), *row.best, row.median.value_or(0));
    text += row.clock_ghz
                ? Format("%.1f at %.2f GHz\n", row.median.value_or(0) / row.threads / *row.clock_ghz, *row.clock_ghz)
                : std::string("clock unknown\n");
  }
  return text;
}

std::string MemoryLines(const Ceilings& ceilings) {
  const bool several_kinds = SeveralKinds(ceilings);
  const int width = several_kinds ? 15 : 7;
  using Key = std::tuple<std::string, std::string, int>;
  std::map<Key, std::pair<const Ceiling*, const Ceiling*>> roofs;  // the fastest, and load
  for (const Ceiling& row : ceilings.rows) {
    if (row.kind != "memory" || !row.best || row.pages != "huge") continue;
    auto& [fastest, load] = roofs[{row.level == "DRAM" ? "M" : row.level, row.core_kind, row.threads}];
    if (fastest == nullptr || *row.best > *fastest->best) fastest = &row;
    if (row.pattern == "load" && (load == nullptr || *row.best > *load->best)) load = &row;
  }
  std::string text =
      Format("\nmemory   %*s   best GB/s  pattern        isa     median   load alone   capacity\n", width, "threads");
  for (const auto& [key, rows] : roofs) {
    const Ceiling& row = *rows.first;
    text += Format("%-8s %*s %11.1f  %-13s  %-6s %7.1f   %10.1f   %s\n", row.level.c_str(), width,
                   Team(row, several_kinds).c_str(), *row.best, row.pattern.c_str(), row.isa.c_str(),
                   row.median.value_or(0), rows.second != nullptr ? *rows.second->best : 0.0,
                   Size(row.capacity_bytes).c_str());
  }
  return text;
}

std::string LatencyLine(const Ceilings& ceilings) {
  std::string text;
  for (const Ceiling& row : ceilings.rows) {
    if (row.kind != "latency" || !row.best) continue;
    const std::string cores = SeveralKinds(ceilings) ? row.core_kind + " " : "";
    text += Format("%s %s%s %.1f ns", text.empty() ? "" : ",", cores.c_str(), row.level.c_str(), *row.best);
  }
  return text.empty() ? text : "\nlatency:" + text + '\n';
}

}  // namespace

std::string Summary(const Machine& machine, const Ceilings& ceilings) {
  std::string text = MachineLines(machine) + ComputeLines(ceilings) + MemoryLines(ceilings) + LatencyLine(ceilings);
  for (const std::string& note : machine.notes) text += "note: " + note + '\n';
  return text;
}

}  // namespace roofgap
