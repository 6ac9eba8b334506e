#include <algorithm>
#include <string_view>
#include <utility>

#include "harness/analysis/budgets.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

constexpr size_t kColumns = 5;  // of targets in one table
constexpr size_t kCellWidth = 9;

// "misses latency, memory" -> "-lat,mem"; "unknown power" -> "?pow".
std::string Cell(const BudgetRow& row) {
  if (row.verdict == "fits") return "fits";
  if (row.verdict == "fits the largest") return "largest";
  std::string cell = row.verdict.starts_with("misses") ? "-" : "?";
  for (std::string_view what : {"latency", "memory", "power"}) {
    if (row.verdict.find(what) == std::string::npos) continue;
    cell += (cell.size() > 1 ? "," : "") + std::string(what.substr(0, 3));
  }
  return cell.size() <= kCellWidth ? cell : cell.substr(0, 1) + "all";
}

std::string Line(std::string_view variant, std::string_view threads, std::string_view cache, std::string_view median,
                 std::string_view memory, std::span<const std::string> cells) {
  std::string line = "  " + PadRight(Shorten(variant, 16), 16) + PadLeft(threads, 5) + ' ' +
                     PadRight(Shorten(cache, 6), 5) + ' ' + PadLeft(median, 9) + ' ' + PadLeft(memory, 8) + ' ';
  for (const std::string& cell : cells) line += ' ' + PadRight(Shorten(cell, kCellWidth), kCellWidth);
  return Trimmed(line);
}

std::string Heading(const BudgetRow& row) {
  std::string heading =
      Shorten(row.problem, kTableWidth - 24) + "  " + Shorten(row.dtype, 8) + ' ' + Shorten(row.isa, 9);
  const size_t room = kTableWidth - Width(heading);
  if (!row.label.empty() && room >= 12) heading += "  (" + Shorten(row.label, room - 4) + ")";
  return heading + '\n';
}

// The targets from `first` on, kColumns of them.
std::string Table(std::span<const BudgetRow> rows, std::span<const Budget> budgets, size_t first) {
  const size_t count = std::min(kColumns, budgets.size() - first);
  std::vector<std::string> cells;
  for (size_t i = 0; i < count; ++i) cells.push_back(budgets[first + i].target);
  std::string table = Line("variant", "thr", "cache", "median", "peak", cells);
  std::string heading;
  for (size_t begin = 0; begin < rows.size(); begin += budgets.size()) {
    const BudgetRow& row = rows[begin];
    if (heading != Heading(row)) table += heading = Heading(row);
    for (size_t i = 0; i < count; ++i) cells[i] = row.median_ns ? Cell(rows[begin + first + i]) : "";
    const std::string median = row.median_ns ? Duration(row.median_ns) : row.status;
    table += Line(row.variant, std::to_string(row.threads), row.cache, median, Scaled(row.peak_bytes, "B"), cells);
  }
  return table;
}

std::string Range(const Number& least, const Number& most, std::string_view unit) {
  if (*least == *most) return Scaled(most, unit);
  return Scaled(least, unit) + " to " + Scaled(most, unit);
}

std::string Summary(std::span<const BudgetRow> rows, const Budget& budget) {
  std::string limits;
  const auto add = [&](const std::string& limit) { limits += (limits.empty() ? "" : ", ") + limit; };
  if (budget.latency_ns) add(Duration(budget.latency_ns));
  if (budget.memory_most_bytes) add(Range(budget.memory_least_bytes, budget.memory_most_bytes, "B"));
  if (budget.power_most_w) add(Range(budget.power_least_w, budget.power_most_w, "W"));
  std::vector<std::pair<std::string, int>> counts;
  for (const BudgetRow& row : rows) {
    if (row.target != budget.target || !row.median_ns) continue;
    auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& one) { return one.first == row.verdict; });
    if (found == counts.end()) found = counts.insert(found, {row.verdict, 0});
    ++found->second;
  }
  std::string text =
      budget.target + " (" + (budget.description.empty() ? "" : budget.description + ": ") + limits + "):";
  for (const auto& [verdict, count] : counts) text += ' ' + std::to_string(count) + ' ' + verdict + ';';
  text.back() = counts.empty() ? ':' : '.';
  return Wrap(counts.empty() ? text + " no row has a time." : text, kTableWidth, "");
}

}  // namespace

std::string RenderBudgets(std::span<const BudgetRow> rows, std::span<const Budget> budgets) {
  std::string text;
  for (size_t first = 0; first < budgets.size(); first += kColumns) text += Table(rows, budgets, first) + '\n';
  for (const Budget& budget : budgets) text += Summary(rows, budget);
  if (std::any_of(rows.begin(), rows.end(), [](const BudgetRow& row) { return row.power_w.has_value(); })) {
    text += Wrap("Power is what calls take above idle, and a device draws more: it tells what misses, not what fits.",
                 kTableWidth, "");
  }
  return text + Wrap(
                    "-: misses; ?: not known; largest: fits the largest devices of the target, not its smallest. A row "
                    "is one layer on this machine: a model has to fit as a whole, and a target's own machine is to "
                    "be measured on it.",
                    kTableWidth, "");
}

}  // namespace roofgap
