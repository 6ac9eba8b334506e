#include "harness/analysis/pareto.h"

#include <algorithm>
#include <concepts>
#include <map>
#include <tuple>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

struct ShortName {
  std::string_view name, column;
};

constexpr std::array<ShortName, 5> kFive = {ShortName{"flops", "flops"}, ShortName{"memory", "peak_bytes"},
                                            ShortName{"latency", "median_ns"}, ShortName{"energy", "energy_j"},
                                            ShortName{"usd", "usd_per_1k"}};

constexpr std::array<std::string_view, 5> kMoreIsBetter = {"gflops", "gbps", "roof_gflops", "roof_fraction",
                                                           "attainable_fraction"};

// Calls visit(field, number) for each column that holds numbers.
template <class Row, class Visit>
void VisitNumbers(const Row& row, Visit&& visit) {
  VisitFields(row, [&]<class Value>(const Field& field, const Value& value) {
    if constexpr (std::same_as<Value, Number>) {
      visit(field, value);
    } else if constexpr (std::integral<Value>) {
      if (field.name != "schema_version") visit(field, Number(static_cast<double>(value)));
    }
  });
}

Dimension FindDimension(const std::string& name) {
  Dimension dimension{.name = name, .column = name, .unit = ""};
  for (const ShortName& one : kFive) {
    if (name == one.name) dimension.column = one.column;
  }
  bool found = false;
  const auto look = [&](const Field& field, bool of_gap) {
    if (found || field.name != dimension.column) return;
    found = true;
    dimension.unit = field.unit;
    dimension.of_gap = of_gap;
  };
  VisitNumbers(Record(), [&](const Field& field, const Number&) { look(field, false); });
  VisitNumbers(Gap(), [&](const Field& field, const Number&) { look(field, true); });
  if (!found) {
    throw Error("--dims: got '" + name +
                "'; allowed are flops, memory, latency, energy, usd, and columns of measurements.csv and gap.csv that "
                "hold numbers, such as peak_bytes");
  }
  dimension.more_is_better =
      std::find(kMoreIsBetter.begin(), kMoreIsBetter.end(), dimension.column) != kMoreIsBetter.end();
  return dimension;
}

Number ValueOf(const Dimension& dimension, const Record& record, const Gap& gap) {
  Number found;
  const auto take = [&](const Field& field, const Number& value) {
    if (field.name == dimension.column) found = value;
  };
  if (dimension.of_gap) {
    VisitNumbers(gap, take);
  } else {
    VisitNumbers(record, take);
  }
  return found;
}

bool Better(double a, double b, const Dimension& dimension, double tolerance) {
  return dimension.more_is_better ? a > b * (1 + tolerance) : a * (1 + tolerance) < b;
}

bool Dominates(const ParetoRow& a, const ParetoRow& b, std::span<const Dimension> dimensions, double tolerance) {
  bool better = false;
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (Better(*b.values[i], *a.values[i], dimensions[i], 0)) return false;
    better = better || Better(*a.values[i], *b.values[i], dimensions[i], tolerance);
  }
  return better;
}

std::string NameOf(const ParetoRow& row, bool with_problem) {
  return (with_problem ? row.problem + ' ' : "") + row.variant + ' ' + std::to_string(row.threads) +
         (row.threads == 1 ? " thread " : " threads ") + row.dtype + ' ' + row.isa;
}

void Judge(std::span<ParetoRow> group, std::span<const Dimension> dimensions, const ParetoChoice& choice) {
  std::vector<ParetoRow*> whole;
  for (ParetoRow& row : group) {
    const bool has_all =
        std::all_of(row.values.begin(), row.values.begin() + static_cast<std::ptrdiff_t>(dimensions.size()),
                    [](const Number& value) { return value.has_value(); });
    row.verdict = has_all ? kFrontier : kNoValue;
    if (has_all) whole.push_back(&row);
  }
  const auto dominates = [&](const ParetoRow* a, const ParetoRow* b) {
    return Dominates(*a, *b, dimensions, choice.tolerance);
  };
  for (ParetoRow* row : whole) {
    if (std::any_of(whole.begin(), whole.end(), [&](const ParetoRow* other) { return dominates(other, row); })) {
      row->verdict = kDominated;
    }
  }
  for (ParetoRow* row : whole) {
    if (row->verdict != kDominated) continue;
    for (const ParetoRow* other : whole) {
      if (other->verdict != kFrontier || !dominates(other, row)) continue;
      row->dominated_by = NameOf(*other, choice.together);
      break;
    }
  }
}

}  // namespace

std::vector<Dimension> FindDimensions(std::span<const std::string> names) {
  if (names.empty() || names.size() > kMostDimensions) {
    throw Error("--dims: got " + std::to_string(names.size()) + " dimensions; allowed are 1 to " +
                std::to_string(kMostDimensions));
  }
  std::vector<Dimension> dimensions;
  for (const std::string& name : names) {
    Dimension dimension = FindDimension(name);
    for (const Dimension& other : dimensions) {
      if (other.column == dimension.column) throw Error("--dims: '" + name + "' is there twice; allowed is once");
    }
    dimensions.push_back(std::move(dimension));
  }
  return dimensions;
}

std::vector<ParetoRow> FindFrontiers(std::span<const Record> records, std::span<const Gap> gaps,
                                     std::span<const Dimension> dimensions, const ParetoChoice& choice) {
  std::string dims, units;
  for (const Dimension& dimension : dimensions) {
    dims += (dims.empty() ? "" : " ") + dimension.name;
    units += (units.empty() ? "" : " ") + (dimension.unit.empty() ? "-" : dimension.unit);
  }
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, size_t> group_of;
  std::vector<std::vector<ParetoRow>> groups;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const Key key = choice.together ? Key() : Key(record.problem, record.cache, record.machine_id);
    const auto [found, is_new] = group_of.try_emplace(key, groups.size());
    if (is_new) groups.emplace_back();
    ParetoRow& row = groups[found->second].emplace_back(CopyColumns<ParetoRow>(record));
    row.group = static_cast<int64_t>(found->second) + 1;
    row.dims = dims;
    row.units = units;
    for (size_t k = 0; k < dimensions.size(); ++k) row.values[k] = ValueOf(dimensions[k], record, gaps[i]);
  }
  std::vector<ParetoRow> rows;
  for (std::vector<ParetoRow>& group : groups) {
    Judge(group, dimensions, choice);
    rows.insert(rows.end(), group.begin(), group.end());
  }
  return rows;
}

}  // namespace roofgap
