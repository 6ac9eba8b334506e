#include "harness/analysis/pareto.h"

#include <algorithm>
#include <concepts>
#include <map>
#include <tuple>
#include <utility>

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

constexpr std::array<std::string_view, 7> kOfMedian = {
    "median_ns", "usd_per_1k", "gflops", "gbps", "attainable_fraction", "flops_gap", "gap_implementation"};

bool IsIn(std::span<const std::string_view> columns, std::string_view column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

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
    throw Error("--dims: got '" + Shown(name) +
                "'; allowed are flops, memory, latency, energy, usd, and columns of measurements.csv and gap.csv that "
                "hold numbers, such as peak_bytes");
  }
  dimension.more_is_better = IsIn(kMoreIsBetter, dimension.column);
  dimension.of_median = IsIn(kOfMedian, dimension.column);
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

struct Alternative {
  ParetoRow row;
  double low = 1, high = 1;  // ends of the median's interval, over the median
};

Alternative MakeAlternative(const Record& record) {
  Alternative one{.row = CopyColumns<ParetoRow>(record)};
  if (record.median_ns.value_or(0) > 0 && record.ci_low_ns && record.ci_high_ns) {
    one.low = *record.ci_low_ns / *record.median_ns;
    one.high = *record.ci_high_ns / *record.median_ns;
  }
  return one;
}

bool Better(double a, double b, const Dimension& dimension, double tolerance) {
  return dimension.more_is_better ? a > b * (1 + tolerance) : a * (1 + tolerance) < b;
}

bool Dominates(const Alternative& a, const Alternative& b, std::span<const Dimension> dimensions, double tolerance) {
  bool better = false;
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const Dimension& dimension = dimensions[i];
    const double of_a = *a.row.values[i], of_b = *b.row.values[i];
    if (Better(of_b, of_a, dimension, 0)) return false;
    if (!Better(of_a, of_b, dimension, tolerance)) continue;
    better = better || !dimension.of_median ||
             (dimension.more_is_better ? of_a / a.high > of_b / b.low : of_a * a.high < of_b * b.low);
  }
  return better;
}

std::string NameOf(const ParetoRow& row, bool with_problem) {
  return (with_problem ? row.problem + ' ' : "") + row.variant + ' ' + std::to_string(row.threads) +
         (row.threads == 1 ? " thread " : " threads ") + row.dtype + ' ' + row.isa;
}

// Of those that dominate a row the one to name: of the frontier before others (there may be none of it where two
// dimensions are of the median, for rows of several problems), measured before unstable.
int Rank(const ParetoRow& dominator) { return 2 * (dominator.verdict == kFrontier) + (dominator.status == kMeasured); }

void Judge(std::span<Alternative> group, std::span<const Dimension> dimensions, const ParetoChoice& choice) {
  std::vector<Alternative*> whole;
  for (Alternative& one : group) {
    const auto& values = one.row.values;
    const bool has_all = std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(dimensions.size()),
                                     [](const Number& value) { return value.has_value(); });
    one.row.verdict = has_all ? kFrontier : kNoValue;
    if (has_all) whole.push_back(&one);
  }
  const auto dominates = [&](const Alternative* a, const Alternative* b) {
    return Dominates(*a, *b, dimensions, choice.tolerance);
  };
  for (Alternative* one : whole) {
    if (std::any_of(whole.begin(), whole.end(), [&](const Alternative* other) { return dominates(other, one); })) {
      one->row.verdict = kDominated;
    }
  }
  for (Alternative* one : whole) {
    const ParetoRow* best = nullptr;
    for (const Alternative* other : whole) {
      if (one->row.verdict != kDominated || !dominates(other, one)) continue;
      if (best == nullptr || Rank(other->row) > Rank(*best)) best = &other->row;
    }
    if (best == nullptr) continue;
    one->row.dominated_by = NameOf(*best, choice.together);
    one->row.dominator_status = best->status;
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
  std::vector<std::vector<Alternative>> groups;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const Key key = choice.together ? Key() : Key(record.problem, record.cache, record.machine_id);
    const auto [found, is_new] = group_of.try_emplace(key, groups.size());
    if (is_new) groups.emplace_back();
    ParetoRow& row = groups[found->second].emplace_back(MakeAlternative(record)).row;
    row.group = static_cast<int64_t>(found->second) + 1;
    row.dims = dims;
    row.units = units;
    for (size_t k = 0; k < dimensions.size(); ++k) row.values[k] = ValueOf(dimensions[k], record, gaps[i]);
  }
  std::vector<ParetoRow> rows;
  for (std::vector<Alternative>& group : groups) {
    Judge(group, dimensions, choice);
    for (Alternative& one : group) rows.push_back(std::move(one.row));
  }
  return rows;
}

}  // namespace roofgap
