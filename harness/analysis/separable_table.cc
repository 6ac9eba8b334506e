#include "harness/analysis/separable_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/analysis/fastest.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"

namespace roofgap {
namespace {

constexpr size_t kLayerWidth = 22;

constexpr const char* kLegend =
    "Standard over separable convolution. FLOPs: what papers count; roofs: attainable times; latencies of the fastest: "
    "direct (standard ones that do every multiplication), any (Winograd too), oneDNN (as direct, its own alone). "
    "arrives = direct / FLOPs = pad (taps on padding) x algo (work that algorithms save or add) x mem (data that "
    "bounds) x std x sep (how far standard and separable code are from their attainable times); * an unstable row";

// The comparisons of one case; null where there is none.
struct Comparisons {
  const SeparablePair* first = nullptr;
  const SeparablePair* direct = nullptr;
  const SeparablePair* fastest = nullptr;
  const SeparablePair* onednn = nullptr;

  // With their names in the table.
  std::array<std::pair<const SeparablePair*, std::string_view>, 3> all() const {
    return {{{direct, "direct"}, {fastest, "any"}, {onednn, "oneDNN"}}};
  }
  bool unstable() const {
    const auto is = [](const SeparablePair* pair) { return pair != nullptr && pair->status == kUnstable; };
    return is(direct) || is(fastest) || is(onednn);
  }
};

Number Latency(const SeparablePair* pair) { return pair == nullptr ? Number() : pair->latency_ratio; }

auto Setting(const SeparablePair& pair) { return std::tie(pair.dtype, pair.isa, pair.cache, pair.threads); }

std::vector<Comparisons> Group(std::span<const SeparablePair> pairs) {
  std::vector<Comparisons> cases;
  for (const SeparablePair& pair : pairs) {
    const bool same =
        !cases.empty() && cases.back().first->shape == pair.shape && Setting(*cases.back().first) == Setting(pair);
    if (!same) cases.push_back({.first = &pair});
    Comparisons& one = cases.back();
    (pair.comparison == kAgainstDirect ? one.direct
     : pair.comparison == kOnednnOnly  ? one.onednn
                                       : one.fastest) = &pair;
  }
  return cases;
}

std::string KindName(const SeparablePair& pair) { return pair.dtype + ' ' + pair.isa + ' ' + pair.cache; }

bool SeveralKinds(std::span<const SeparablePair> pairs) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [&](const SeparablePair& pair) { return KindName(pair) != KindName(pairs[0]); });
}

std::string Threads(int threads) { return std::to_string(threads) + (threads == 1 ? " thread" : " threads"); }

std::string Times(const Number& ratio) { return Short(ratio) + "x"; }

// "2.50x*": the latency ratio, marked where a row is unstable.
std::string Marked(const SeparablePair& pair) {
  return Times(pair.latency_ratio) + (pair.status == kUnstable ? "*" : "");
}

std::array<Number, 5> Parts(const SeparablePair& pair) {
  return {pair.part_padding, pair.part_algorithm, pair.part_memory, pair.part_standard, pair.part_separable};
}

// " = padding 0.91 x algorithm 1.00 x memory 1.00 x standard 1.25 x separable 0.80"; empty unless all are there.
std::string Product(const std::array<Number, 5>& parts) {
  constexpr std::array<const char*, 5> kNames = {" = padding ", " x algorithm ", " x memory ", " x standard ",
                                                 " x separable "};
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i]) return "";
    text += kNames[i] + Short(parts[i]);
  }
  return text;
}

// "256->256 3x3 14x14 s2": what tells most layers apart.
std::string MapName(const LayerShape& s) {
  const auto by = [](int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  std::string name = std::to_string(s.ic) + "->" + std::to_string(s.oc) + ' ' + by(s.kh, s.kw) + ' ' + by(s.ih, s.iw);
  if (s.sh != 1 || s.sw != 1) name += " s" + (s.sh == s.sw ? std::to_string(s.sh) : by(s.sh, s.sw));
  if (s.ph != s.kh / 2 || s.pw != s.kw / 2) name += " p" + (s.ph == s.pw ? std::to_string(s.ph) : by(s.ph, s.pw));
  return name;
}

// " mb4 bia1 act1": what all layers of a model mostly have in common.
std::string Extras(const LayerShape& s) {
  std::string name;
  if (s.mb != 1) name += " mb" + std::to_string(s.mb);
  if (s.bia != 0) name += " bia" + std::to_string(s.bia);
  if (s.act != 0) name += " act" + std::to_string(s.act);
  return name;
}

// The extras of all pairs; empty where they differ.
std::string CommonExtras(std::span<const SeparablePair> pairs) {
  const std::string extras = Extras(pairs[0].shape);
  const bool same =
      std::all_of(pairs.begin(), pairs.end(), [&](const SeparablePair& pair) { return Extras(pair.shape) == extras; });
  return same ? extras : "";
}

// A name too long for its column has a line of its own above the numbers.
std::string Line(std::string_view layer, std::string_view threads, std::string_view promised, std::string_view roofs,
                 std::string_view direct, std::string_view fastest, std::string_view onednn, std::string_view arrives,
                 const std::array<std::string, 5>& parts, std::string_view mark) {
  const bool fits = Width(layer) <= kLayerWidth;
  std::string line = fits ? "" : Shorten(layer, kTableWidth) + '\n';
  line += PadRight(fits ? layer : "", kLayerWidth) + PadLeft(Shorten(threads, 6), 4) + PadLeft(promised, 6) +
          PadLeft(roofs, 6) + PadLeft(direct, 7) + PadLeft(fastest, 6) + PadLeft(onednn, 7) + PadLeft(arrives, 9);
  for (const std::string& part : parts) line += PadLeft(part, 6);
  line += ' ' + std::string(mark);
  return Trimmed(line);
}

std::string CaseLine(const Comparisons& one, bool with_extras) {
  const SeparablePair* of = one.direct != nullptr ? one.direct : one.fastest;
  const SeparablePair none;
  const SeparablePair& pair = of == nullptr ? none : *of;
  const LayerShape& shape = one.first->shape;
  return Line(with_extras ? LayerName(shape) : MapName(shape), std::to_string(one.first->threads),
              Short(one.first->promised), Short(pair.attainable_ratio), Short(Latency(one.direct)),
              Short(Latency(one.fastest)), Short(Latency(one.onednn)), Percent(pair.arrives),
              {Short(pair.part_padding), Short(pair.part_algorithm), Short(pair.part_memory), Short(pair.part_standard),
               Short(pair.part_separable)},
              one.unstable() ? "*" : "");
}

// Of the pairs of one comparison, in numbers.
struct Summary {
  int pairs = 0;
  int whole = 0;  // of those, the ones with all five parts
  GeometricMean promised, latency, arrives;
  std::array<GeometricMean, 5> parts;
  const SeparablePair* least = nullptr;
  const SeparablePair* largest = nullptr;

  void Add(const SeparablePair* pair) {
    if (!Latency(pair)) return;
    ++pairs;
    promised.Add(pair->promised);
    latency.Add(pair->latency_ratio);
    arrives.Add(pair->arrives);
    const std::array<Number, 5> values = Parts(*pair);
    for (size_t i = 0; i < parts.size(); ++i) parts[i].Add(values[i]);
    whole += Product(values).empty() ? 0 : 1;
    if (least == nullptr || *pair->latency_ratio < *least->latency_ratio) least = pair;
    if (largest == nullptr || *pair->latency_ratio > *largest->latency_ratio) largest = pair;
  }
};

std::string Ends(const Summary& summary) {
  return "least " + Marked(*summary.least) + " (" + LayerName(summary.least->shape) + "), largest " +
         Marked(*summary.largest) + " (" + LayerName(summary.largest->shape) + ")";
}

// "3 of 30 standard, 12 separable (DRAM 2, L2 10)".
std::string BoundByData(const std::vector<Comparisons>& cases) {
  int standard = 0, separable = 0, known = 0;
  std::map<std::string, int> levels;
  for (const Comparisons& one : cases) {
    const SeparablePair* pair = one.direct != nullptr ? one.direct : one.fastest;
    if (pair == nullptr || !pair->attainable_ratio) continue;
    ++known;
    standard += pair->standard.bound == "memory" ? 1 : 0;
    if (pair->separable.bound != "memory") continue;
    ++separable;
    ++levels[pair->separable.level];
  }
  if (known == 0) return "";
  std::string by_level;
  for (const auto& [level, count] : levels) {
    by_level += (by_level.empty() ? " (" : ", ") + level + ' ' + std::to_string(count);
  }
  return " Data bounds the standard one in " + std::to_string(standard) + " of " + std::to_string(known) +
         ", the separable one in " + std::to_string(separable) + by_level + (by_level.empty() ? "." : ").");
}

std::string Losses(const std::vector<Comparisons>& cases) {
  std::string list;
  for (const Comparisons& one : cases) {
    const SeparablePair* pair = one.fastest;
    if (!Latency(pair) || *pair->latency_ratio >= 1) continue;
    list += (list.empty() ? "" : ", ") + LayerName(pair->shape) + ' ' + Marked(*pair);
  }
  return list.empty() ? "" : "separable is the slower one: " + list;
}

std::string Untimed(const std::vector<Comparisons>& cases) {
  std::string text;
  for (const Comparisons& one : cases) {
    for (const auto& [pair, name] : one.all()) {
      if (pair == nullptr || pair->latency_ratio) continue;
      text += Wrap("no ratio for " + LayerName(pair->shape) + ", " + std::string(name) + ": " + pair->reason,
                   kTableWidth, "  ");
    }
  }
  return text;
}

// Of each case once: against the fastest all rows compete.
std::string LeftOut(const std::vector<Comparisons>& cases) {
  std::vector<std::pair<std::string, std::vector<std::string>>> layers_of;  // in the order of first mention
  for (const Comparisons& one : cases) {
    if (one.fastest == nullptr || one.fastest->left_out.empty()) continue;
    const std::string& reason = one.fastest->left_out;
    auto found = std::find_if(layers_of.begin(), layers_of.end(), [&](const auto& of) { return of.first == reason; });
    if (found == layers_of.end()) found = layers_of.insert(found, {reason, {}});
    found->second.push_back(LayerName(one.fastest->shape));
  }
  std::string text;
  for (const auto& [reason, layers] : layers_of) {
    const std::string where = layers.size() == 1 ? layers[0] : std::to_string(layers.size()) + " layers";
    text += Wrap("left out for " + where + ": " + reason, kTableWidth, "  ");
  }
  return text;
}

std::string RenderSetting(const std::vector<Comparisons>& cases, bool with_kind) {
  const SeparablePair& first = *cases[0].first;
  Summary direct, fastest, onednn;
  int unstable = 0;
  for (const Comparisons& one : cases) {
    direct.Add(one.direct);
    fastest.Add(one.fastest);
    onednn.Add(one.onednn);
    unstable += one.unstable() ? 1 : 0;
  }
  const std::string setting = (with_kind ? KindName(first) + ", " : "") + Threads(first.threads) + ":";
  const std::string notes = Untimed(cases) + LeftOut(cases);
  if (cases.size() == 1) return notes.empty() ? "" : Wrap(setting, kTableWidth, "") + notes;
  std::string text = setting + ' ' + std::to_string(cases.size()) + " shapes";
  if (unstable > 0) text += " (" + std::to_string(unstable) + " with an unstable row)";
  text += ", geometric means:";
  if (direct.pairs > 0) {
    text += " FLOPs promise " + Times(direct.promised.value()) + ", " + Times(direct.latency.value()) + " arrives (" +
            Percent(direct.arrives.value()) + "; " + Ends(direct) + ").";
  }
  if (fastest.pairs > 0) {
    text += " Against the fastest standard convolution " + Times(fastest.latency.value()) + " (" +
            Percent(fastest.arrives.value()) + "; " + Ends(fastest) + ").";
  }
  if (onednn.pairs > 0) {
    text += " Between oneDNN's two " + Times(onednn.latency.value()) + " (" + Percent(onednn.arrives.value()) + ").";
  }
  if (direct.pairs > 0 && direct.whole == direct.pairs) {
    std::array<Number, 5> means;
    for (size_t i = 0; i < means.size(); ++i) means[i] = direct.parts[i].value();
    text += " " + Percent(direct.arrives.value()) + Product(means) + ".";
  }
  return Wrap(text + BoundByData(cases), kTableWidth, "") + Wrap(Losses(cases), kTableWidth, "  ") + notes;
}

// With one decimal.
std::string Mega(const Number& flops, double divisor = 1) {
  return flops ? csv::Format(std::round(*flops / divisor / 1e5) / 10) : std::string();
}

bool IsWorkedExample(const LayerShape& shape) {
  for (int64_t map : {14, 28}) {
    if (shape == LayerShape{.ic = 256, .oc = 256, .ih = map, .iw = map, .kh = 3, .kw = 3, .ph = 1, .pw = 1})
      return true;
  }
  return false;
}

// Its counts, once for each map: texts differ about them.
std::string Counts(const SeparablePair& pair) {
  const SeparablePair::Half& one = pair.standard;
  const SeparablePair::Half& two = pair.separable;
  std::string text = "Worked example " + LayerName(pair.shape) + ": standard " + Mega(one.flops_nominal) + " MFLOP (" +
                     Mega(one.flops_nominal, 2) + " MMAC), separable " + Mega(two.flops_nominal) + " (" +
                     Mega(two.flops_nominal, 2) + "): " + Times(pair.promised) +
                     " fewer. Without the taps on padding " + Mega(one.flops) + " and " + Mega(two.flops) + ": " +
                     Times(Quotient(one.flops, two.flops)) + ". FLOP per byte: " + Short(one.intensity) + " and " +
                     Short(two.intensity) + ".";
  if (pair.shape.ih == 14) text += " (924.8 MFLOP, as some texts have it, is the standard one on 28x28.)";
  return Wrap(text, kTableWidth, "");
}

std::string Bounds(const SeparablePair& pair) {
  const std::string& one = pair.standard.bound;
  const std::string& two = pair.separable.bound;
  if (one.empty() || two.empty()) return "";
  return one == two ? "; both are bound by " + one : "; bound by " + one + " and by " + two;
}

std::string Outcome(const Comparisons& one, bool with_kind) {
  std::string text = (with_kind ? KindName(*one.first) + ", " : "") + Threads(one.first->threads) + ":";
  for (const auto& [pair, name] : one.all()) {
    if (!Latency(pair)) continue;
    text += ' ' + std::string(name) + ' ' + Duration(pair->standard.median_ns) + " (" + pair->standard.algorithm +
            ") over " + Duration(pair->separable.median_ns) + " (" + pair->separable.algorithm + "): " + Marked(*pair) +
            ", " + Percent(pair->arrives) + (pair == one.direct ? Product(Parts(*pair)) : "") + '.';
  }
  const SeparablePair* direct = one.direct;
  if (Latency(direct) && direct->attainable_ratio) {
    text += " Attainable times: " + Times(direct->attainable_ratio);
    if (direct->roof_ratio) text += ", hard roofs: " + Times(direct->roof_ratio);
    text += Bounds(*direct) + '.';
  }
  return Wrap(text, kTableWidth, "  ");
}

}  // namespace

std::string LayerName(const LayerShape& shape) { return MapName(shape) + Extras(shape); }

std::string RenderSeparableTable(std::span<const SeparablePair> pairs) {
  if (pairs.empty()) return "";
  const std::string extras = CommonExtras(pairs);
  std::string table =
      Wrap(std::string(kLegend) + (extras.empty() ? "" : "; all layers with" + extras), kTableWidth, "");
  table += Line("layer", "thr", "FLOPs", "roofs", "direct", "any", "oneDNN", "arrives",
                {"= pad", "algo", "mem", "std", "sep"}, "");
  const bool several = SeveralKinds(pairs);
  std::vector<std::pair<std::string, std::string>> kinds;  // a name and its lines
  for (const Comparisons& one : Group(pairs)) {
    const std::string kind = KindName(*one.first);
    auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& known) { return known.first == kind; });
    if (found == kinds.end()) found = kinds.insert(found, {kind, ""});
    found->second += CaseLine(one, extras.empty());
  }
  for (const auto& [kind, lines] : kinds) table += (several ? Wrap(kind, kTableWidth, "") : "") + lines;
  return table;
}

std::string RenderSeparableFindings(std::span<const SeparablePair> pairs) {
  const bool several = SeveralKinds(pairs);
  std::vector<std::vector<Comparisons>> settings;
  std::map<LayerShape, std::vector<Comparisons>> examples;
  for (const Comparisons& one : Group(pairs)) {
    auto found = std::find_if(settings.begin(), settings.end(),
                              [&](const auto& cases) { return Setting(*cases[0].first) == Setting(*one.first); });
    if (found == settings.end()) found = settings.insert(found, std::vector<Comparisons>());
    found->push_back(one);
    if (IsWorkedExample(one.first->shape)) examples[one.first->shape].push_back(one);
  }
  std::string text;
  for (const auto& cases : settings) text += RenderSetting(cases, several);
  for (const auto& [shape, cases] : examples) {
    text += Counts(*cases[0].first);
    for (const Comparisons& one : cases) text += Outcome(one, several);
  }
  return text;
}

std::string RenderMissingRoofs(std::span<const SeparablePair> pairs) {
  struct Missing {
    const SeparablePair* first;
    int shapes;
  };
  std::vector<Missing> settings;
  for (const Comparisons& one : Group(pairs)) {
    const SeparablePair* pair = one.fastest;
    if (!Latency(pair) || pair->attainable_ratio) continue;
    auto found = std::find_if(settings.begin(), settings.end(),
                              [&](const Missing& known) { return Setting(*known.first) == Setting(*pair); });
    if (found == settings.end()) found = settings.insert(found, {pair, 0});
    ++found->shapes;
  }
  std::string text;
  for (const auto& [pair, shapes] : settings) {
    const SeparablePair::Half& half = pair->standard.attainable_ns ? pair->separable : pair->standard;
    text += Wrap("No roofs for " + std::to_string(shapes) + (shapes == 1 ? " shape, " : " shapes, ") + KindName(*pair) +
                     ", " + Threads(pair->threads) + ": " + half.warnings,
                 kTableWidth, "");
  }
  return text;
}

}  // namespace roofgap
