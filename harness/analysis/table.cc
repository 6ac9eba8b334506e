#include "harness/analysis/table.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/analysis/text.h"

namespace roofgap {
namespace {

std::string Line(std::string_view variant, std::string_view isa, std::string_view threads, std::string_view cache,
                 std::string_view rest) {
  std::string line = "  " + PadRight(Shorten(variant, 17), 17) + ' ' + PadRight(Shorten(isa, 9), 9) +
                     PadLeft(Shorten(threads, 6), 4) + ' ' + PadRight(Shorten(cache, 6), 5) + ' ' + std::string(rest);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string Speed(std::string_view median, std::string_view gflops, std::string_view roof, std::string_view bound,
                  std::string_view gap, std::string_view algorithm, std::string_view memory,
                  std::string_view implementation) {
  return PadLeft(median, 9) + ' ' + PadLeft(gflops, 7) + ' ' + PadLeft(roof, 7) + ' ' + PadRight(bound, 7) +
         PadLeft(gap, 6) + ' ' + PadLeft(algorithm, 5) + ' ' + PadLeft(memory, 5) + ' ' + PadLeft(implementation, 5);
}

std::string Bound(const Gap& gap) { return gap.bound == "memory" ? gap.roof_level : gap.bound; }

std::string RowLine(const Gap& gap) {
  const std::string threads = std::to_string(gap.threads);
  if (!gap.median_ns) return Line(gap.variant, gap.isa, threads, gap.cache, gap.status);
  return Line(gap.variant, gap.isa, threads, gap.cache,
              Speed(Duration(gap.median_ns), Short(gap.gflops),
                    Percent(gap.roof_fraction) + (AboveRoof(gap) ? "!" : " "), Bound(gap), Short(gap.flops_gap),
                    Short(gap.gap_algorithm), Short(gap.gap_memory), Short(gap.gap_implementation)));
}

std::string Heading(const Gap& gap) {
  std::string heading = Shorten(gap.problem, kTableWidth - 12) + "  " + Shorten(gap.dtype, 8);
  const size_t room = kTableWidth - Width(heading);
  if (!gap.label.empty() && room >= 12) heading += "  (" + Shorten(gap.label, room - 4) + ")";
  return heading + '\n';
}

struct Warning {
  std::string_view text;
  const Gap* first;
  int rows = 0;
};

std::vector<Warning> Warnings(std::span<const Gap> gaps) {
  std::vector<Warning> warnings;
  for (const Gap& gap : gaps) {
    std::string_view rest = gap.warnings;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find("; "), rest.size());
      const std::string_view text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 2, rest.size()));
      auto found = std::find_if(warnings.begin(), warnings.end(), [&](const Warning& w) { return w.text == text; });
      if (found == warnings.end()) found = warnings.insert(found, {.text = text, .first = &gap});
      ++found->rows;
    }
  }
  return warnings;
}

}  // namespace

std::string RenderGapTable(std::span<const Gap> gaps) {
  std::vector<std::pair<std::string, std::vector<const Gap*>>> groups;
  std::map<std::pair<std::string_view, std::string_view>, size_t> group_of;
  for (const Gap& gap : gaps) {
    const auto [found, is_new] = group_of.try_emplace({gap.problem, gap.dtype}, groups.size());
    if (is_new) groups.push_back({Heading(gap), {}});
    groups[found->second].second.push_back(&gap);
  }
  std::string table = Line("variant", "isa", "thr", "cache",
                           Speed("median", "GFLOP/s", "roof ", "bound", "gap", "=algo", "x mem", "ximpl"));
  for (const auto& [heading, rows] : groups) {
    table += heading;
    for (const Gap* gap : rows) {
      table += RowLine(*gap);
      if (gap->status == kMeasured) continue;
      table += Wrap((gap->median_ns ? gap->status + ": " : "") + gap->reason, kTableWidth, "      ");
    }
  }
  for (const Warning& warning : Warnings(gaps)) {
    const std::string rows = warning.rows == 1 ? warning.first->problem + ' ' + warning.first->variant
                                               : std::to_string(warning.rows) + " rows";
    table += Wrap("! " + rows + ": " + std::string(warning.text), kTableWidth, "");
  }
  return table;
}

}  // namespace roofgap
