#include "harness/record/benchmark_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string_view>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/record/json_document.h"
#include "harness/record/json_fields.h"

namespace roofgap {
namespace {

constexpr std::string_view kOurs = "roofgap";

// What stands in the file of one benchmark.
struct Entries {
  std::vector<double> repetitions_ns;
  std::map<std::string, double> aggregates_ns;
  int64_t repetitions = 0;
  int threads = 1;
  std::string error, label;
};

const Document& Member(const JsonPlace& place, const Document& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) (place / key).Fail("is missing");
  return *found;
}

std::string TextOr(const JsonPlace& place, const Document& json, const char* key, const std::string& otherwise) {
  const auto found = json.find(key);
  if (found == json.end()) return otherwise;
  std::string text;
  FromJson(place / key, *found, text);
  return text;
}

double RealTimeNs(const JsonPlace& place, const Document& json, std::string_view aggregate) {
  const Document& member = Member(place, json, "real_time");
  double time = 0;
  FromJson(place / "real_time", member, time);
  const std::string unit = TextOr(place, json, "time_unit", "ns");
  const std::map<std::string, double> units = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  const auto found = units.find(unit);
  if (found == units.end()) (place / "time_unit").Fail(unit, "ns, us, ms, s");
  const double ns = time * found->second;
  const bool may_be_zero = aggregate == "stddev";
  if (!std::isfinite(ns) || ns < 0 || (ns == 0 && !may_be_zero)) {
    (place / "real_time").Fail(member, "a number above 0");
  }
  return ns;
}

void Add(const JsonPlace& place, const Document& json, Entries* entries) {
  entries->label = TextOr(place, json, "label", entries->label);
  if (json.contains("threads")) FromJson(place / "threads", json["threads"], entries->threads);
  if (json.contains("error_occurred") && json["error_occurred"] == true) {
    entries->error = TextOr(place, json, "error_message", "failed");
    return;
  }
  if (json.contains("skipped") && json["skipped"] == true) {  // from version 1.8 on; before, there are only errors
    entries->error = TextOr(place, json, "skip_message", "skipped");
    return;
  }
  const std::string aggregate = TextOr(place, json, "aggregate_name", "");
  if (aggregate.empty()) {
    entries->repetitions_ns.push_back(RealTimeNs(place, json, aggregate));
  } else if (aggregate == "median" || aggregate == "mean" || aggregate == "stddev") {
    entries->aggregates_ns[aggregate] = RealTimeNs(place, json, aggregate);
    if (json.contains("repetitions")) FromJson(place / "repetitions", json["repetitions"], entries->repetitions);
  }
}

double Middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : std::midpoint(values[half - 1], values[half]);
}

// The standard error of a median is that of the mean times 1.2533, for normal samples.
void FillFromAggregates(const Entries& entries, Record* row) {
  const auto of = [&](const char* name) {
    const auto found = entries.aggregates_ns.find(name);
    return found == entries.aggregates_ns.end() ? Number() : Number(found->second);
  };
  row->median_ns = of("median") ? of("median") : of("mean");
  row->n = entries.repetitions;
  if (!row->median_ns || !of("stddev") || row->n < 6) return;
  const double half = 1.959964 * 1.2533 * *of("stddev") / std::sqrt(static_cast<double>(row->n));
  if (half >= *row->median_ns) return;
  row->ci_low_ns = *row->median_ns - half;
  row->ci_high_ns = *row->median_ns + half;
}

Record RowOf(const std::string& name, const std::string& host, const Entries& entries) {
  Record row;
  row.machine_id = host;
  row.op = name.substr(0, name.find('/'));
  row.problem = name;
  row.label = entries.label;
  row.threads = entries.threads;
  row.status = kMeasured;
  if (!entries.error.empty()) {
    row.status = kSkipped;
    row.reason = entries.error;
  } else if (entries.repetitions_ns.empty()) {
    FillFromAggregates(entries, &row);
  } else {
    row.n = static_cast<int64_t>(entries.repetitions_ns.size());
    row.min_ns = *std::min_element(entries.repetitions_ns.begin(), entries.repetitions_ns.end());
    row.median_ns = Middle(entries.repetitions_ns);
    if (row.n > 1) row.turns_ns = entries.repetitions_ns;
  }
  return row;
}

Json Entry(const Record& row, const std::string& name, size_t repetitions, double time_ns) {
  return {{"name", name},          {"run_name", name},       {"run_type", "iteration"}, {"repetitions", repetitions},
          {"repetition_index", 0}, {"threads", row.threads}, {"iterations", 1},         {"real_time", time_ns},
          {"cpu_time", time_ns},   {"time_unit", "ns"},      {"label", row.label}};
}

void Append(const Record& row, Json* benchmarks) {
  const std::string name = row.problem + '/' + row.variant + '/' + row.dtype + '/' + row.isa +
                           "/threads:" + std::to_string(row.threads) + '/' + row.cache;
  const size_t first = benchmarks->size();
  const std::vector<double> turns =
      row.turns_ns.empty() ? std::vector<double>{row.median_ns.value_or(0)} : row.turns_ns;
  for (size_t i = 0; i < turns.size(); ++i) {
    Json entry = Entry(row, name, turns.size(), turns[i]);
    entry["repetition_index"] = i;
    benchmarks->push_back(entry);
  }
  if (!row.median_ns) {
    (*benchmarks)[first]["error_occurred"] = true;
    (*benchmarks)[first]["error_message"] = row.status + ": " + row.reason;
  } else {
    Json median = Entry(row, name, turns.size(), *row.median_ns);
    median["name"] = name + "_median";
    median["run_type"] = "aggregate";
    median["aggregate_name"] = "median";
    median["aggregate_unit"] = "time";
    benchmarks->push_back(median);
  }
  (*benchmarks)[first][kOurs] = ToJson(row);
}

Document Parsed(std::string_view text, const std::string& file) {
  try {
    return ParseDocument(text, file);
  } catch (const Error& error) {
    throw Error(std::string(error.what()) + "; allowed are a run directory and Google Benchmark's JSON");
  }
}

std::string NameOf(const JsonPlace& place, const Document& entry) {
  if (!entry.is_object()) place.Fail(entry, "an object");
  const std::string name = TextOr(place, entry, entry.contains("run_name") ? "run_name" : "name", "");
  if (name.empty()) (place / "name").Fail("is missing or empty");
  return name;
}

Record OurRow(const JsonPlace& place, const Document& json) {
  Record row;
  FromJson(place, json, row);
  if (const std::optional<BadTime> bad = FindBadTime(row)) (place / bad->column).Fail(bad->ns, "a time above 0");
  return row;
}

}  // namespace

std::vector<Record> ParseBenchmarkJson(std::string_view text, const std::filesystem::path& path,
                                       BenchmarkContext* context) {
  const std::string file = path.string();
  const Document document = Parsed(text, file);
  const JsonPlace root{file, ""};
  if (!document.is_object()) root.Fail("is no object; allowed are a run directory and Google Benchmark's JSON");
  const Document& list = Member(root, document, "benchmarks");
  const JsonPlace benchmarks = root / "benchmarks";
  if (!list.is_array()) benchmarks.Fail(list, "an array");
  std::string host = "unknown host";
  if (const auto found = document.find("context"); found != document.end() && found->is_object()) {
    const JsonPlace place = root / "context";
    host = TextOr(place, *found, "host_name", host);
    if (context != nullptr) {
      context->date = TextOr(place, *found, "date", "");
      context->executable = TextOr(place, *found, "executable", "");
      context->library_build_type = TextOr(place, *found, "library_build_type", "");
    }
  }
  std::vector<Record> rows;
  std::vector<std::pair<std::string, Entries>> others;  // in file order
  std::map<std::string, size_t> places;                 // of the others, by name
  std::set<std::string> ours;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonPlace place = benchmarks / std::to_string(i);
    const Document& entry = list[i];
    const std::string name = NameOf(place, entry);
    if (entry.contains(kOurs)) {
      if (!ours.insert(name).second) (place / "name").Fail(name, "one row for each case");
      rows.push_back(OurRow(place / kOurs, entry.at(kOurs)));
    } else if (!ours.contains(name)) {
      const auto [found, is_new] = places.try_emplace(name, others.size());
      if (is_new) others.push_back({name, {}});
      Add(place, entry, &others[found->second].second);
    }
  }
  for (const auto& [name, entries] : others) {
    const bool times = !entries.repetitions_ns.empty() || !entries.aggregates_ns.empty();
    if (times || !entries.error.empty()) rows.push_back(RowOf(name, host, entries));
  }
  return rows;
}

std::vector<Record> ReadBenchmarkJson(const std::filesystem::path& path, BenchmarkContext* context) {
  return ParseBenchmarkJson(ReadFile(path), path, context);
}

std::string BenchmarkJson(const RunInfo& info, std::span<const Record> rows) {
  std::string build = info.build_type == "Release" ? "release" : "debug";
  Json json = {{"context",
                {{"date", info.utc},
                 {"host_name", info.machine_id},
                 {"executable", "roofgap"},
                 {"num_cpus", info.max_threads},
                 {"mhz_per_cpu", 0},
                 {"cpu_scaling_enabled", false},
                 {"caches", Json::array()},
                 {"load_avg", Json::array()},
                 {"library_build_type", build},
                 {"cpu_time", "wall time again: CPU time is not measured"}}},
               {"benchmarks", Json::array()}};
  for (const Record& row : rows) Append(row, &json["benchmarks"]);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace roofgap
