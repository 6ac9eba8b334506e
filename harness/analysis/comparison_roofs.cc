#include <algorithm>

#include "harness/analysis/comparison_table.h"
#include "harness/analysis/text.h"

namespace roofgap {
namespace {

// Roofs of one name are one roof of the machine, seen by several ISAs or page sizes; "" for those that are none.
std::string NameOf(const Ceiling& row) {
  if (row.kind == "compute") return row.op_mix == DenominatorMix(row.dtype) ? "compute " + row.dtype : "";
  if (row.kind == "memory") return row.pattern == "load" ? row.level + " load" : "";
  return row.level + " latency";
}

struct NamedRoof {
  std::string name, unit;
  double value = 0;
};

std::vector<NamedRoof> NamedRoofs(const Ceilings& ceilings) {
  std::vector<NamedRoof> roofs;
  for (const Ceiling& row : ceilings.rows) {
    if (!row.median || NameOf(row).empty()) continue;
    const std::string name =
        NameOf(row) + ", " + std::to_string(row.threads) + (row.threads == 1 ? " thread" : " threads");
    const auto found =
        std::find_if(roofs.begin(), roofs.end(), [&](const NamedRoof& roof) { return roof.name == name; });
    if (found == roofs.end()) {
      roofs.push_back({name, row.unit, *row.median});
    } else {
      found->value = row.unit == "ns" ? std::min(found->value, *row.median) : std::max(found->value, *row.median);
    }
  }
  return roofs;
}

}  // namespace

std::vector<Drift> CompareRoofs(const Ceilings& a, const Ceilings& b) {
  const std::vector<NamedRoof> others = NamedRoofs(b);
  std::vector<Drift> both;
  for (const NamedRoof& roof : NamedRoofs(a)) {
    for (const NamedRoof& other : others) {
      if (roof.name != other.name || roof.unit != other.unit) continue;
      both.push_back({.roof = roof.name, .unit = roof.unit, .before = roof.value, .after = other.value});
    }
  }
  return both;
}

double SpeedUp(const Drift& roof) { return roof.unit == "ns" ? roof.before / roof.after : roof.after / roof.before; }

std::string RenderRoofs(std::span<const Drift> roofs) {
  std::string text;
  for (const Drift& roof : roofs) {
    text += "  " + PadRight(roof.roof, 24) + PadLeft(Short(roof.before), 8) + " to " + PadLeft(Short(roof.after), 6) +
            ' ' + PadRight(roof.unit, 8) + PadLeft(Short(SpeedUp(roof), 3), 7) + '\n';
  }
  return text;
}

}  // namespace roofgap
