#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "harness/record/benchmark_json.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {
namespace fs = std::filesystem;

class RecordBenchmarkJson : public testing::Test {
 protected:
  void TearDown() override { fs::remove(file_); }

  std::vector<Record> Read(const std::string& benchmarks) {
    ReplaceFile(file_, R"({"context": {"host_name": "board"}, "benchmarks": [)" + benchmarks + "]}");
    return ReadBenchmarkJson(file_);
  }
  std::string ErrorOf(const std::string& text) {
    ReplaceFile(file_, text);
    try {
      ReadBenchmarkJson(file_);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "";
  }

  fs::path file_ = fs::path(testing::TempDir()) / ("benchmark_" + std::to_string(getpid()) + ".json");
};

// As Google Benchmark 1.7.1 writes two repetitions and their aggregates.
constexpr const char* kRepeated = R"(
  {"name": "BM_Fc/64/threads:2", "family_index": 0, "run_name": "BM_Fc/64/threads:2", "run_type": "iteration",
   "repetitions": 3, "repetition_index": 0, "threads": 2, "iterations": 10, "real_time": 3.0, "cpu_time": 5.0,
   "time_unit": "us", "label": "a layer"},
  {"name": "BM_Fc/64/threads:2", "run_name": "BM_Fc/64/threads:2", "run_type": "iteration", "repetitions": 3,
   "repetition_index": 1, "threads": 2, "iterations": 10, "real_time": 1.0, "cpu_time": 5.0, "time_unit": "us"},
  {"name": "BM_Fc/64/threads:2", "run_name": "BM_Fc/64/threads:2", "run_type": "iteration", "repetitions": 3,
   "repetition_index": 2, "threads": 2, "iterations": 10, "real_time": 1.5, "cpu_time": 5.0, "time_unit": "us"},
  {"name": "BM_Fc/64/threads:2_mean", "run_name": "BM_Fc/64/threads:2", "run_type": "aggregate", "repetitions": 3,
   "threads": 2, "aggregate_name": "mean", "aggregate_unit": "time", "iterations": 3, "real_time": 9.9,
   "cpu_time": 5.0, "time_unit": "us"})";

TEST_F(RecordBenchmarkJson, RepetitionsAreTheTurnsOfARow) {
  const std::vector<Record> rows = Read(kRepeated);
  ASSERT_EQ(rows.size(), 1u);
  const Record& row = rows[0];
  EXPECT_EQ(row.machine_id, "board");
  EXPECT_EQ(row.op, "BM_Fc");
  EXPECT_EQ(row.problem, "BM_Fc/64/threads:2");
  EXPECT_EQ(row.label, "a layer");
  EXPECT_EQ(row.threads, 2);
  EXPECT_EQ(row.status, kMeasured);
  EXPECT_EQ(row.turns_ns, (std::vector<double>{3000, 1000, 1500}));
  EXPECT_EQ(*row.median_ns, 1500);
  EXPECT_EQ(*row.min_ns, 1000);
}

TEST_F(RecordBenchmarkJson, OneRunIsATimeWithoutTurns) {
  const Record row = Read(R"({"name": "BM_A", "real_time": 2, "cpu_time": 2, "time_unit": "ms"})").at(0);
  EXPECT_EQ(*row.median_ns, 2e6);
  EXPECT_TRUE(row.turns_ns.empty());
  EXPECT_FALSE(row.ci_low_ns.has_value());
  EXPECT_EQ(row.threads, 1);
}

TEST_F(RecordBenchmarkJson, AggregatesAloneGiveTheMedianAndItsInterval) {
  const auto entry = [](const char* name, double time) {
    return R"({"name": "BM_A_)" + std::string(name) + R"(", "run_name": "BM_A", "run_type": "aggregate",
               "repetitions": 25, "aggregate_name": ")" +
           name + R"(", "real_time": )" + std::to_string(time) + R"(, "time_unit": "ns"})";
  };
  const std::vector<Record> rows =
      Read(entry("mean", 110) + "," + entry("median", 100) + "," + entry("stddev", 10) + "," + entry("cv", 0.1));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(*rows[0].median_ns, 100);
  EXPECT_EQ(rows[0].n, 25);
  EXPECT_NEAR(*rows[0].ci_high_ns, 100 + 1.96 * 1.2533 * 10 / 5, 1e-3);
  EXPECT_NEAR(*rows[0].ci_low_ns, 100 - 1.96 * 1.2533 * 10 / 5, 1e-3);
}

TEST_F(RecordBenchmarkJson, AFailedBenchmarkIsSkippedWithItsMessage) {
  const Record row = Read(R"({"name": "BM_A", "run_name": "BM_A", "error_occurred": true, "error_message": "no GPU",
                              "real_time": 0, "time_unit": "ns"})")
                         .at(0);
  EXPECT_EQ(row.status, kSkipped);
  EXPECT_EQ(row.reason, "no GPU");
  EXPECT_FALSE(row.median_ns.has_value());
}

TEST_F(RecordBenchmarkJson, AggregatesThatAreNoTimesAreNoRows) {
  const std::vector<Record> rows = Read(R"({"name": "BM_A/8", "run_name": "BM_A/8", "real_time": 5},
    {"name": "BM_A_BigO", "run_name": "BM_A", "run_type": "aggregate", "aggregate_name": "BigO", "big_o": "N"},
    {"name": "BM_A_RMS", "run_name": "BM_A", "run_type": "aggregate", "aggregate_name": "RMS", "rms": 0.01},
    {"name": "BM_B_cv", "run_name": "BM_B", "run_type": "aggregate", "aggregate_name": "cv", "real_time": 0.1})");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].problem, "BM_A/8");
}

TEST_F(RecordBenchmarkJson, ASkippedBenchmarkIsSkippedWithItsMessage) {
  const Record row = Read(R"({"name": "BM_A", "skipped": true, "skip_message": "too small", "real_time": 0})").at(0);
  EXPECT_EQ(row.status + ": " + row.reason, "skipped: too small");
  EXPECT_FALSE(row.median_ns.has_value());
}

TEST_F(RecordBenchmarkJson, OursReadsBackAsItWas) {
  Record row;
  row.run_id = "20260102T030405Z-default";
  row.machine_id = "0123456789ab";
  row.op = "fc";
  row.problem = "fc:ic64oc48";
  row.variant = "gemm";
  row.dtype = "f32";
  row.isa = "AVX3";
  row.cache = "warm";
  row.threads = 2;
  row.status = kUnstable;
  row.reason = "it \"moved\"";
  row.flops = 6144;
  row.median_ns = 123.5;
  row.turns_ns = {123, 124, 123.75};
  Record skipped = row;
  skipped.variant = "gemv";
  skipped.status = kSkipped;
  skipped.median_ns = {};
  skipped.turns_ns = {};
  ReplaceFile(file_, BenchmarkJson({.utc = "2026-01-02T03:04:05Z", .machine_id = "0123456789ab"}, {{row, skipped}}));
  const std::vector<Record> rows = ReadBenchmarkJson(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(CsvLine(rows[0]), CsvLine(row));
  EXPECT_EQ(CsvLine(rows[1]), CsvLine(skipped));
}

TEST_F(RecordBenchmarkJson, WhatIsNoSuchFileIsRefused) {
  EXPECT_NE(ErrorOf("a,b\n").find("allowed are a run directory and Google Benchmark's JSON"), std::string::npos);
  EXPECT_NE(ErrorOf("[]").find("is no object"), std::string::npos);
  EXPECT_NE(ErrorOf("{}").find("/benchmarks is missing"), std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": 3})").find("/benchmarks is 3; allowed is an array"), std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": [{}]})").find("/benchmarks/0/name is missing"), std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": [{"name": "a"}]})").find("/benchmarks/0/real_time is missing"),
            std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": [{"name": "a", "real_time": "1"}]})").find("real_time is \"1\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": [{"name": "a", "real_time": 1, "time_unit": "h"}]})").find("ns, us, ms, s"),
            std::string::npos);
  EXPECT_NE(ErrorOf(R"({"benchmarks": [{"name": "a", "real_time": 0}]})").find("is 0; allowed is a number above 0"),
            std::string::npos);
}

}  // namespace
}  // namespace roofgap
