#ifndef ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_
#define ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/record/record.h"

// Google Benchmark's JSON (--benchmark_format=json), so that its tools read ours and `roofgap compare` reads its.

namespace roofgap {

// Each benchmark is a row: its name (without what aggregates add) is the problem, up to its first '/' the op;
// repetitions are the turns, times are real times; the host's name is the machine. Of aggregates alone the median, with
// an interval by their standard deviation; one run is a time without an interval. A benchmark that failed is `skipped`.
// What BenchmarkJson wrote is read back as the rows it was. Throws Error for what is not such a file.
std::vector<Record> ReadBenchmarkJson(const std::filesystem::path& path);

// One benchmark for each row, named `problem/variant/dtype/isa/threads:N/cache`, one repetition for each turn, and the
// median of the row as an aggregate. CPU time is not measured: wall time stands there, as its tools want a number. The
// first entry of a row holds all its columns under "roofgap".
std::string BenchmarkJson(const RunInfo& info, std::span<const Record> rows);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_
