#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "harness/analysis/pareto.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "harness/record/csv.h"
#include "kernels/api/error.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

Record Row(const std::string& problem, const std::string& variant, Number median_ns, Number peak_bytes) {
  Record row = MadeUpRow(1000, 800);
  row.problem = problem;
  row.variant = variant;
  row.median_ns = median_ns;
  row.peak_bytes = peak_bytes;
  return row;
}

std::vector<ParetoRow> Frontiers(const std::vector<Record>& records, const std::vector<std::string>& names,
                                 const ParetoChoice& choice = {}) {
  return FindFrontiers(records, JoinRoofs(records, {}), FindDimensions(names), choice);
}

std::string Verdicts(const std::vector<ParetoRow>& rows) {
  std::string text;
  for (const ParetoRow& row : rows) text += row.verdict.substr(0, 1);
  return text;
}

std::string ErrorOf(const std::vector<std::string>& names) {
  try {
    FindDimensions(names);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(AnalysisPareto, WhatNoOtherBeatsEverywhereIsOnTheFrontier) {
  const std::vector<Record> records = {Row("p", "fast", 10, 900), Row("p", "lean", 30, 100),
                                       Row("p", "between", 20, 500), Row("p", "beaten", 25, 600),
                                       Row("p", "worst", 40, 1000)};
  const std::vector<ParetoRow> rows = Frontiers(records, {"latency", "memory"});
  EXPECT_EQ(Verdicts(rows), "fffdd");
  EXPECT_EQ(rows[3].dominated_by, "between 1 thread f32 AVX3");
  EXPECT_EQ(rows[4].dominated_by, "fast 1 thread f32 AVX3");
  EXPECT_EQ(rows[0].dominated_by, "");
  EXPECT_EQ(rows[0].dims, "latency memory");
  EXPECT_EQ(rows[0].units, "ns byte");
  EXPECT_EQ(rows[0].values[0], 10);
  EXPECT_EQ(rows[0].values[1], 900);
  EXPECT_FALSE(rows[0].values[2].has_value());
}

TEST(AnalysisPareto, OneDimensionHasTheLeastAndWhatEqualsIt) {
  const std::vector<Record> records = {Row("p", "a", 10, 1), Row("p", "b", 10, 2), Row("p", "c", 11, 0)};
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency"})), "ffd");
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency", "memory"})), "fdf") << "equal in one, worse in the other";
}

TEST(AnalysisPareto, EachProblemAndCacheStateHasAFrontierOfItsOwnUnlessTogether) {
  std::vector<Record> records = {Row("p", "a", 10, 1), Row("q", "a", 20, 2), Row("p", "b", 15, 3),
                                 Row("p", "a", 30, 1)};
  records[3].cache = "cold";
  const std::vector<ParetoRow> rows = Frontiers(records, {"latency", "memory"});
  EXPECT_EQ(Verdicts(rows), "fdff") << "p warm, q, p cold";
  EXPECT_EQ(rows[1].variant, "b");
  EXPECT_EQ(rows[0].group, rows[1].group);
  EXPECT_EQ((std::set<int64_t>{rows[0].group, rows[2].group, rows[3].group}), (std::set<int64_t>{1, 2, 3}));
  const std::vector<ParetoRow> together = Frontiers(records, {"latency", "memory"}, {.together = true});
  EXPECT_EQ(Verdicts(together), "fddd");
  EXPECT_EQ(together[1].dominated_by, "p a 1 thread f32 AVX3");
}

TEST(AnalysisPareto, SpeedsCountTheOtherWayRound) {
  std::vector<Record> records = {Row("p", "a", 10, 5), Row("p", "b", 20, 5)};
  records[0].gflops = 100;
  records[1].gflops = 50;
  EXPECT_EQ(Verdicts(Frontiers(records, {"gflops", "memory"})), "fd");
}

TEST(AnalysisPareto, WhatLacksAValueIsKeptWithoutAVerdictOfItsOwn) {
  std::vector<Record> records = {Row("p", "a", 10, {}), Row("p", "b", 20, 7), Row("p", "c", {}, 5)};
  records[2].status = kSkipped;
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency", "memory"})), "nfn");
}

TEST(AnalysisPareto, ToleranceKeepsWhatIsHardlyWorse) {
  const std::vector<Record> records = {Row("p", "a", 100, 5), Row("p", "b", 100.9, 5), Row("p", "c", 102, 5)};
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency", "memory"})), "fdd");
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency", "memory"}, {.tolerance = 0.01})), "ffd");
}

Record Within(Record row, double low_ns, double high_ns) {
  row.ci_low_ns = low_ns;
  row.ci_high_ns = high_ns;
  return row;
}

TEST(AnalysisPareto, DominatedInLatencyOnlyWhereIntervalsPart) {
  std::vector<Record> records = {Within(Row("p", "a", 100, 5), 99, 101), Within(Row("p", "b", 101, 5), 100.5, 103),
                                 Within(Row("p", "c", 104, 5), 102, 106), Within(Row("p", "d", 100.5, 6), 99, 102)};
  const std::vector<ParetoRow> rows = Frontiers(records, {"latency", "memory"});
  EXPECT_EQ(Verdicts(rows), "ffdd") << "b is within the noise of a; d needs more memory in any case";
  EXPECT_EQ(rows[2].dominated_by, "a 1 thread f32 AVX3");
  EXPECT_EQ(Verdicts(Frontiers(records, {"latency", "memory"}, {.tolerance = 0.05})), "fffd");
  for (Record& record : records) record.gflops = 1000 / *record.median_ns;
  EXPECT_EQ(Verdicts(Frontiers(records, {"gflops", "memory"})), "ffdd") << "as the median, so what is made of it";
  records[0].median_ns = 103.5;
  EXPECT_EQ(Verdicts(Frontiers({Within(records[2], 106, 107), records[1]}, {"latency", "memory"})), "df");
}

TEST(AnalysisPareto, WhatItsIntervalCannotTellFromTheFastestIsOnTheFrontier) {
  const std::vector<Record> records = {Within(Row("p", "a", 100, 5), 99, 101),
                                       Within(Row("p", "b", 102, 5), 101.5, 102.5),
                                       Within(Row("p", "c", 103, 9), 100, 110), Within(Row("p", "d", 104, 5), 100, 110),
                                       Within(Row("p", "e", 104, 5), 103, 105)};
  const std::vector<ParetoRow> rows = Frontiers(records, {"latency"});
  EXPECT_EQ(Verdicts(rows), "fdffd");
  EXPECT_EQ(rows[4].dominated_by, "a 1 thread f32 AVX3") << "not b, which is dominated itself";
}

TEST(AnalysisPareto, AStableDominatorIsNamedBeforeAnUnstableOneAndElseItsStatus) {
  std::vector<Record> records = {Row("p", "shaky", 10, 5), Row("p", "firm", 12, 4), Row("p", "beaten", 20, 5),
                                 Row("p", "near", 11, 6)};
  records[0].status = kUnstable;
  const std::vector<ParetoRow> rows = Frontiers(records, {"latency", "memory"});
  EXPECT_EQ(Verdicts(rows), "ffdd");
  EXPECT_EQ(rows[2].dominated_by + ", " + rows[2].dominator_status, "firm 1 thread f32 AVX3, measured");
  EXPECT_EQ(rows[3].dominated_by + ", " + rows[3].dominator_status, "shaky 1 thread f32 AVX3, unstable");
  const std::vector<Dimension> dimensions = FindDimensions(std::vector<std::string>{"latency", "memory"});
  const std::string table = RenderPareto(rows, dimensions, {});
  EXPECT_NE(table.find("dominated: beaten 1, near 1*\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\n*: this row is unstable, or no stable one dominates it.\n"), std::string::npos) << table;
}

TEST(AnalysisPareto, DominatorIsOfTheFrontier) {
  const std::vector<ParetoRow> rows =
      Frontiers({Row("p", "worst", 30, 3), Row("p", "beaten", 20, 2), Row("p", "best", 10, 1)}, {"latency", "memory"});
  EXPECT_EQ(Verdicts(rows), "ddf");
  EXPECT_EQ(rows[0].dominated_by, "best 1 thread f32 AVX3") << "not beaten, which comes first";
}

TEST(AnalysisPareto, AgreesWithTheDefinitionForRandomRows) {
  std::mt19937_64 random(50);
  const std::vector<std::string> names = {"latency", "memory", "threads"};
  for (int round = 0; round < 100; ++round) {
    std::vector<Record> records;
    for (uint64_t n = 1 + random() % 20; n > 0; --n) {
      records.push_back(Row("p", "v", static_cast<double>(1 + random() % 6), static_cast<double>(1 + random() % 6)));
      records.back().threads = static_cast<int>(1 + random() % 3);
    }
    const std::vector<ParetoRow> rows = Frontiers(records, names);
    const auto least = [](const Record& a) { return std::array{*a.median_ns, *a.peak_bytes, double(a.threads)}; };
    for (size_t i = 0; i < records.size(); ++i) {
      const bool beaten = std::any_of(records.begin(), records.end(), [&](const Record& other) {
        const auto a = least(other), b = least(records[i]);
        return a != b && a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2];
      });
      EXPECT_EQ(rows[i].verdict == kDominated, beaten);
      EXPECT_EQ(rows[i].dominated_by.empty(), !beaten) << "whatever is beaten is beaten by one of the frontier";
    }
  }
}

TEST(AnalysisPareto, ColumnsOfBothFilesAreDimensionsTextsAreNot) {
  EXPECT_FALSE(FindDimensions(std::vector<std::string>{"p99_ns"})[0].of_gap);
  EXPECT_TRUE(FindDimensions(std::vector<std::string>{"roof_fraction"})[0].of_gap);
  EXPECT_TRUE(FindDimensions(std::vector<std::string>{"roof_fraction"})[0].more_is_better);
  EXPECT_EQ(FindDimensions(std::vector<std::string>{"usd"})[0].column, "usd_per_1k");
  EXPECT_TRUE(ErrorOf({"latency", "speed"}).starts_with("--dims: got 'speed'; allowed are flops, memory, latency"));
  EXPECT_TRUE(ErrorOf({"variant"}).starts_with("--dims: got 'variant'"));
  EXPECT_TRUE(ErrorOf({"schema_version"}).starts_with("--dims: got 'schema_version'"));
  EXPECT_EQ(ErrorOf({"memory", "peak_bytes"}), "--dims: 'peak_bytes' is there twice; allowed is once");
  EXPECT_EQ(ErrorOf({}), "--dims: got 0 dimensions; allowed are 1 to 6");
  EXPECT_EQ(ErrorOf({"n", "macs", "flops", "memory", "latency", "threads", "usd"}),
            "--dims: got 7 dimensions; allowed are 1 to 6");
}

TEST(AnalysisPareto, TableShowsFrontiersAndNamesTheRest) {
  std::vector<Record> records = {Row("fc:ic8oc8", "lean", 30000, 1.5e6), Row("fc:ic8oc8", "fast", 10000, 9e6),
                                 Row("fc:ic8oc8", "beaten", 31000, 1.6e6), Row("fc:ic8oc8", "absent", {}, 5),
                                 Row("fc:ic8oc8", "unsized", 5, {})};
  records[0].label = "layer";
  records[3].status = kSkipped;
  const std::vector<Dimension> dimensions = FindDimensions(std::vector<std::string>{"latency", "memory"});
  EXPECT_EQ(RenderPareto(FindFrontiers(records, JoinRoofs(records, {}), dimensions, {}), dimensions, {}),
            "  variant           thr type isa                latency           memory\n"
            "fc:ic8oc8  warm  (layer)\n"
            "  fast                1 f32  AVX3                 10 us             9 MB\n"
            "  lean                1 f32  AVX3                 30 us           1.5 MB\n"
            "      dominated: beaten 1\n"
            "      skipped: absent 1\n"
            "      no memory: unsized 1\n"
            "Of 1 frontier: fast on 1, lean on 1.\n");
}

TEST(AnalysisPareto, TableFitsAHundredColumns) {
  std::mt19937_64 random(51);
  const std::vector<Dimension> dimensions =
      FindDimensions(std::vector<std::string>{"flops", "memory", "latency", "energy", "usd", "distance_from_exact"});
  std::vector<ParetoRow> rows(50);
  for (ParetoRow& row : rows) {
    row.problem = row.variant = row.label = std::string(1 + random() % 150, 'x');
    row.isa = "AVX3_ZEN4";
    row.dtype = "bf16";
    row.threads = 1024;
    row.verdict = random() % 3 == 0 ? kDominated : kFrontier;
    row.group = static_cast<int64_t>(random() % 9);
    for (Number& value : row.values) value = std::pow(10, static_cast<double>(random() % 30) - 14) * 1.2345;
  }
  for (const bool together : {false, true}) {
    std::istringstream text(RenderPareto(rows, dimensions, {.together = together}));
    for (std::string line; std::getline(text, line);) EXPECT_LE(Width(line), kTableWidth) << line;
  }
}

TEST(AnalysisPareto, RowsReadBackAsWritten) {
  const std::vector<ParetoRow> rows = Frontiers({Row("p", "a", 10, 5), Row("p", "b", 20, 5)}, {"latency", "memory"});
  const std::string text = CsvText<ParetoRow>(rows);
  EXPECT_EQ(CsvText<ParetoRow>(ParseCsv<ParetoRow>(text, "pareto.csv")), text);
}

}  // namespace
}  // namespace roofgap
