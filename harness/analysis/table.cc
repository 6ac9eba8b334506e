#include "harness/analysis/table.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/analysis/text.h"

namespace roofgap {
namespace {

std::string Line(std::string_view variant, std::string_view threads, std::string_view cache, std::string_view rest) {
  std::string line = "  " + PadRight(Shorten(variant, 16), 16) + PadLeft(Shorten(threads, 6), 5) + ' ' +
                     PadRight(Shorten(cache, 6), 5) + ' ' + std::string(rest);
  return Trimmed(line);
}

struct Cells {
  std::string_view median, gflops, roof, attainable, bound, gap, algorithm, memory, implementation, lever;
};

std::string Speed(const Cells& cells) {
  return PadLeft(cells.median, 9) + ' ' + PadLeft(cells.gflops, 7) + ' ' + PadLeft(cells.roof, 7) +
         PadLeft(cells.attainable, 6) + ' ' + PadRight(cells.bound, 7) + PadLeft(cells.gap, 6) + ' ' +
         PadLeft(cells.algorithm, 5) + ' ' + PadLeft(cells.memory, 5) + ' ' + PadLeft(cells.implementation, 5) + ' ' +
         std::string(cells.lever);
}

// Of the attainable time, which the parts of the gap and the lever go by; of the hard roof where there is no such time.
std::string Bound(const Gap& gap) {
  if (gap.attainable_bound.empty()) return gap.bound == "memory" ? gap.roof_level : gap.bound;
  return gap.attainable_bound == "memory" ? gap.attainable_level : gap.attainable_bound;
}

std::string RowLine(const Gap& gap) {
  const std::string threads = std::to_string(gap.threads);
  if (!gap.median_ns) return Line(gap.variant, threads, gap.cache, gap.status);
  return Line(gap.variant, threads, gap.cache,
              Speed({.median = Duration(gap.median_ns),
                     .gflops = Short(gap.gflops),
                     .roof = Percent(gap.roof_fraction) + (AboveRoof(gap) ? "!" : " "),
                     .attainable = RoundPercent(gap.attainable_fraction),
                     .bound = Bound(gap),
                     .gap = Short(gap.flops_gap),
                     .algorithm = Short(gap.gap_algorithm),
                     .memory = Short(gap.gap_memory),
                     .implementation = Short(gap.gap_implementation),
                     .lever = Shorten(gap.lever, 6)}));
}

std::string Heading(const Gap& gap) {
  std::string heading =
      Shorten(gap.problem, kTableWidth - 24) + "  " + Shorten(gap.dtype, 8) + ' ' + Shorten(gap.isa, 9);
  const size_t room = kTableWidth - Width(heading);
  if (!gap.label.empty() && room >= 12) heading += "  (" + Shorten(gap.label, room - 4) + ")";
  return heading + '\n';
}

// What the words of the last column mean, each that some row has.
std::string Legend(std::span<const Gap> gaps) {
  struct Word {
    std::string_view lever, text;
  };
  constexpr std::array<Word, 6> kWords = {
      Word{"bytes", "data takes longer than arithmetic: fusion, smaller types or a larger batch help"},
      Word{"flops", "on the flat: fewer FLOPs help"},
      Word{"code", "under both roofs: better code wins most"},
      Word{"cores", "under both roofs, less so on one thread: the use of the threads is the loss"},
      Word{"quiet", "under both roofs only because the machine was slower than beside other rows: measure again"},
      Word{"model", "above the hard roof: a ceiling or a count is wrong"}};
  std::string text;
  for (const Word& word : kWords) {
    const auto rows = std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) { return gap.lever == word.lever; });
    if (rows == 0) continue;
    text += Wrap("lever " + std::string(word.lever) + " (" + std::to_string(rows) +
                     (rows == 1 ? " row): " : " rows): ") + std::string(word.text),
                 kTableWidth, "");
  }
  return text;
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
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, size_t> group_of;
  for (const Gap& gap : gaps) {
    const auto [found, is_new] = group_of.try_emplace({gap.problem, gap.dtype, gap.isa}, groups.size());
    if (is_new) groups.push_back({Heading(gap), {}});
    groups[found->second].second.push_back(&gap);
  }
  std::string table = Line("variant", "thr", "cache",
                           Speed({.median = "median",
                                  .gflops = "GFLOP/s",
                                  .roof = "roof ",
                                  .attainable = "att",
                                  .bound = "bound",
                                  .gap = "gap",
                                  .algorithm = "=algo",
                                  .memory = "x mem",
                                  .implementation = "ximpl",
                                  .lever = "lever"}));
  for (const auto& [heading, rows] : groups) {
    table += heading;
    for (const Gap* gap : rows) {
      table += RowLine(*gap);
      if (gap->status == kMeasured) continue;
      table += Wrap((gap->median_ns ? gap->status + ": " : "") + gap->reason, kTableWidth, "      ");
    }
  }
  table += Legend(gaps);
  for (const Warning& warning : Warnings(gaps)) {
    const std::string rows = warning.rows == 1 ? warning.first->problem + ' ' + warning.first->variant
                                               : std::to_string(warning.rows) + " rows";
    table += Wrap("! " + rows + ": " + std::string(warning.text), kTableWidth, "");
  }
  return table;
}

}  // namespace roofgap
