#ifndef ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_
#define ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/record.h"

// Google Benchmark's JSON (--benchmark_format=json), so that its tools read ours and `roofgap compare` reads its.

namespace roofgap {

// What such a file says of its program; "" where it does not.
struct BenchmarkContext {
  std::string date, executable;
  std::string library_build_type;  // of Google Benchmark itself, not of the program
};

// Each benchmark is a row: its name (without what aggregates add) is the problem, up to its first '/' the op;
// repetitions are the turns, times are real times; the host's name is the machine. Of aggregates alone the median, with
// an interval by their standard deviation; one run is a time without an interval. Aggregates that are no times
// (BigO, RMS, cv) are no row. A benchmark that failed or was skipped is `skipped`. What BenchmarkJson wrote is read back
// as the rows it was. `context`: filled where it is not null. Throws Error for what is not such a file, and for a time
// that is not above 0.
std::vector<Record> ReadBenchmarkJson(const std::filesystem::path& path, BenchmarkContext* context = nullptr);

// The same for text; `file` is for messages.
std::vector<Record> ParseBenchmarkJson(std::string_view text, const std::filesystem::path& file,
                                       BenchmarkContext* context = nullptr);

// One benchmark for each row, named `problem/variant/dtype/isa/threads:N/cache`, one repetition for each turn, and the
// median of the row as an aggregate. CPU time is not measured: wall time stands there, as its tools want a number. The
// first entry of a row holds all its columns under "roofgap".
std::string BenchmarkJson(const RunInfo& info, std::span<const Record> rows);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_BENCHMARK_JSON_H_
