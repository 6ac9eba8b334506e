#include <algorithm>
#include <map>
#include <utility>

#include "harness/analysis/pareto.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

constexpr size_t kNameWidth = 38;  // variant, threads, dtype, isa

// Of a value's column: 9 where all are there, more for the names of fewer.
size_t ValueWidth(size_t dimensions) { return std::min<size_t>(16, (kTableWidth - kNameWidth) / dimensions - 1); }

std::string Cell(const Number& value, const Dimension& dimension) {
  if (dimension.unit == "ns") return Duration(value);
  if (dimension.unit == "byte") return Scaled(value, "B");
  if (dimension.unit == "J") return Scaled(value, "J");
  if (dimension.unit == "FLOP" || dimension.unit == "MAC") return Scaled(value, "");
  if (dimension.unit == "USD") return Usd(value);
  return Short(value, 3);
}

std::string Line(std::string_view variant, std::string_view threads, std::string_view dtype, std::string_view isa,
                 const std::vector<std::string>& cells) {
  std::string line = "  " + PadRight(Shorten(variant, 16), 16) + PadLeft(threads, 5) + ' ' +
                     PadRight(Shorten(dtype, 6), 4) + ' ' + PadRight(Shorten(isa, 9), 9);
  const size_t width = ValueWidth(cells.size());
  for (const std::string& cell : cells) line += ' ' + PadLeft(Shorten(cell, width), width);
  return Trimmed(line);
}

std::string RowLine(const ParetoRow& row, std::span<const Dimension> dimensions, bool together) {
  std::vector<std::string> cells;
  for (size_t i = 0; i < dimensions.size(); ++i) cells.push_back(Cell(row.values[i], dimensions[i]));
  const std::string line = Line(row.variant, std::to_string(row.threads), row.dtype, row.isa, cells);
  return (together ? Shorten(row.problem, kTableWidth - 8) + "  " + Shorten(row.cache, 6) + '\n' : "") + line;
}

std::string Heading(const ParetoRow& row) {
  std::string heading = Shorten(row.problem, kTableWidth - 20) + "  " + Shorten(row.cache, 6);
  const size_t room = kTableWidth - Width(heading);
  if (!row.label.empty() && room >= 12) heading += "  (" + Shorten(row.label, room - 4) + ")";
  return heading + '\n';
}

std::string NameOf(const ParetoRow& row, bool together) {
  return (together ? row.problem + ' ' : "") + row.variant + ' ' + std::to_string(row.threads);
}

// Its own time, or that of what dominates it, is not one to build on.
bool Doubtful(const ParetoRow& row) {
  return row.verdict == kDominated && (row.status == kUnstable || row.dominator_status == kUnstable);
}

// The names of what is not on the frontier, each reason with its own.
std::string Others(std::span<const ParetoRow> group, std::span<const Dimension> dimensions, bool together) {
  std::string dominated;
  std::vector<std::pair<std::string, std::string>> lacking;  // what, names
  for (const ParetoRow& row : group) {
    if (row.verdict == kDominated) {
      dominated += (dominated.empty() ? "" : ", ") + NameOf(row, together) + (Doubtful(row) ? "*" : "");
    }
    if (row.verdict != kNoValue) continue;
    std::string what = row.status;
    if (row.status == kMeasured || row.status == kUnstable) {
      size_t i = 0;
      while (row.values[i]) ++i;
      what = "no " + dimensions[i].name;
    }
    auto found = std::find_if(lacking.begin(), lacking.end(), [&](const auto& one) { return one.first == what; });
    if (found == lacking.end()) found = lacking.insert(found, {what, ""});
    found->second += (found->second.empty() ? "" : ", ") + NameOf(row, together);
  }
  constexpr std::string_view kIndent = "      ";
  std::string text = dominated.empty() ? "" : Wrap("dominated: " + dominated, kTableWidth, kIndent);
  for (const auto& [what, names] : lacking) text += Wrap(what + ": " + names, kTableWidth, kIndent);
  return text;
}

std::string Counts(std::span<const ParetoRow> rows) {
  std::map<std::string, std::map<int64_t, bool>> groups_of;
  std::map<int64_t, bool> groups;
  for (const ParetoRow& row : rows) {
    if (row.verdict == kNoValue) continue;
    groups[row.group] = true;
    if (row.verdict == kFrontier) groups_of[row.variant][row.group] = true;
  }
  if (groups.empty()) return "";
  std::vector<std::pair<size_t, std::string>> counts;
  for (const auto& [variant, of_variant] : groups_of) counts.push_back({of_variant.size(), variant});
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string list;
  for (const auto& [count, variant] : counts) {
    list += (list.empty() ? "" : ", ") + variant + " on " + std::to_string(count);
  }
  return Wrap(
      "Of " + std::to_string(groups.size()) + (groups.size() == 1 ? " frontier: " : " frontiers: ") + list + ".",
      kTableWidth, "");
}

}  // namespace

std::string RenderPareto(std::span<const ParetoRow> rows, std::span<const Dimension> dimensions,
                         const ParetoChoice& choice) {
  std::vector<std::string> names;
  for (const Dimension& dimension : dimensions) names.push_back(dimension.name);
  std::string table = Line("variant", "thr", "type", "isa", names);
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    while (end < rows.size() && rows[end].group == rows[begin].group) ++end;
    const std::span<const ParetoRow> group = rows.subspan(begin, end - begin);
    std::vector<const ParetoRow*> frontier;
    for (const ParetoRow& row : group) {
      if (row.verdict == kFrontier) frontier.push_back(&row);
    }
    std::stable_sort(frontier.begin(), frontier.end(), [&](const ParetoRow* a, const ParetoRow* b) {
      return dimensions[0].more_is_better ? *a->values[0] > *b->values[0] : *a->values[0] < *b->values[0];
    });
    if (!choice.together) table += Heading(group[0]);
    for (const ParetoRow* row : frontier) {
      table += RowLine(*row, dimensions, choice.together);
      if (row->status == kUnstable) table += Wrap("unstable: " + row->reason, kTableWidth, "      ");
    }
    table += Others(group, dimensions, choice.together);
    begin = end;
  }
  if (std::any_of(rows.begin(), rows.end(), Doubtful)) {
    table += Wrap("*: this row is unstable, or no stable one dominates it.", kTableWidth, "");
  }
  return table + Counts(rows);
}

}  // namespace roofgap
