#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <sstream>

#include "harness/analysis/ratio.h"
#include "harness/analysis/ratio_table.h"
#include "harness/analysis/table.h"
#include "harness/analysis/text.h"
#include "kernels/api/error.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

// The median is known to 10 %.
Record Timed(const std::string& problem, const std::string& variant, double median_ns) {
  Record row = MadeUpRow(9000, 100);
  row.op = "conv2d";
  row.problem = problem;
  row.variant = variant;
  row.min_ns = row.median_ns = median_ns;
  row.ci_low_ns = 0.9 * median_ns;
  row.ci_high_ns = 1.1 * median_ns;
  row.gflops = *row.flops / median_ns;
  return row;
}

Record Untimed(const std::string& problem, const std::string& variant, std::string_view status,
               const std::string& reason) {
  Record row = MadeUpRow(9000, 100);
  row.problem = problem;
  row.variant = variant;
  row.status = status;
  row.reason = reason;
  return row;
}

Record On(Record row, const std::string& isa, int threads, const std::string& cache) {
  row.isa = isa;
  row.threads = threads;
  row.cache = cache;
  return row;
}

Record Shaky(Record row, const std::string& reason) {
  row.status = kUnstable;
  row.reason = reason;
  return row;
}

std::vector<const Ratio*> All(std::span<const Ratio> ratios) {
  std::vector<const Ratio*> all;
  for (const Ratio& ratio : ratios) all.push_back(&ratio);
  return all;
}

TEST(AnalysisRatio, TheFastestOfEachSideByMedianMakeThePair) {
  const std::vector<Record> rows = {Timed("p", "slow", 300), Timed("p", "rival", 250), Timed("p", "fast", 200),
                                    Timed("p", "worse_rival", 260), Timed("p", "of no side", 1)};
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"slow", "fast"}, {"worse_rival", "rival"}});
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_EQ(ratios[0].variant, "fast");
  EXPECT_EQ(*ratios[0].median_ns, 200);
  EXPECT_EQ(*ratios[0].gflops, 45);
  EXPECT_EQ(ratios[0].over_variant, "rival");
  EXPECT_EQ(*ratios[0].over_median_ns, 250);
  EXPECT_DOUBLE_EQ(*ratios[0].ratio, 1.25);
  EXPECT_EQ(ratios[0].status, kMeasured);
  EXPECT_EQ(ratios[0].reason + ratios[0].left_out, "");
}

TEST(AnalysisRatio, IntervalGoesBetweenOppositeEnds) {
  std::vector<Record> rows = {Timed("p", "a", 200), Timed("p", "b", 250)};
  const Ratio ratio = PairSides(rows, {}, {{"a"}, {"b"}})[0];
  EXPECT_DOUBLE_EQ(*ratio.ratio_low, 225.0 / 220);
  EXPECT_DOUBLE_EQ(*ratio.ratio_high, 275.0 / 180);
  rows[0].ci_low_ns.reset();
  rows[0].ci_high_ns.reset();
  const Ratio unknown = PairSides(rows, {}, {{"a"}, {"b"}})[0];
  EXPECT_DOUBLE_EQ(*unknown.ratio, 1.25);
  EXPECT_FALSE(unknown.ratio_low || unknown.ratio_high);
}

TEST(AnalysisRatio, FractionsAreThoseOfTheGapTableAndOfOurRow) {
  // 9000 FLOP take 90 ns at 100 GFLOP/s, 100 ns at the median of 90.
  const std::vector<Record> rows = {Timed("p", "a", 200), Timed("p", "b", 400)};
  const Ratio under_roofs = PairSides(rows, MadeUpCeilings(), {{"a"}, {"b"}})[0];
  EXPECT_DOUBLE_EQ(*under_roofs.roof_fraction, 0.45);
  EXPECT_DOUBLE_EQ(*under_roofs.attainable_fraction, 0.5);
  EXPECT_DOUBLE_EQ(*under_roofs.ratio_bound, 4) << "400 ns over the attainable 100";
  EXPECT_DOUBLE_EQ(*under_roofs.ratio_bound * *under_roofs.attainable_fraction, *under_roofs.ratio);
  const Ratio without = PairSides(rows, {}, {{"a"}, {"b"}})[0];
  EXPECT_FALSE(without.roof_fraction || without.attainable_fraction || without.ratio_bound);
  Ceilings foreign = MadeUpCeilings();
  foreign.rows[0].machine_id = "another";
  EXPECT_THROW(PairSides(rows, foreign, {{"a"}, {"b"}}), Error);
}

TEST(AnalysisRatio, EachSideKeepsItsWorkspace) {
  std::vector<Record> rows = {Timed("p", "a", 200), Timed("p", "b", 400)};
  rows[0].workspace_bytes = 64;
  rows[1].workspace_bytes = 0;
  const Ratio ratio = PairSides(rows, {}, {{"a"}, {"b"}})[0];
  EXPECT_EQ(ratio.workspace_bytes, 64);
  EXPECT_EQ(ratio.over_workspace_bytes, 0);
}

TEST(AnalysisRatio, AnUnstableRowOnEitherSideMarksThePair) {
  const std::vector<Record> rows = {Shaky(Timed("p", "a", 100), "shook"),
                                    Timed("p", "b", 100),
                                    Timed("q", "a", 100),
                                    Shaky(Timed("q", "b", 200), "shook"),
                                    Timed("r", "a", 100),
                                    Shaky(Timed("r", "a2", 300), "not the fastest"),
                                    Timed("r", "b", 300)};
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a", "a2"}, {"b"}});
  ASSERT_EQ(ratios.size(), 3u);
  EXPECT_EQ(ratios[0].status, kUnstable);
  EXPECT_EQ(ratios[0].reason, "a unstable: shook");
  EXPECT_EQ(ratios[1].status, kUnstable);
  EXPECT_EQ(ratios[1].reason, "b unstable: shook");
  EXPECT_EQ(ratios[2].status, kMeasured);
  EXPECT_EQ(Summarise(All(ratios), 1).unstable, 2);
}

TEST(AnalysisRatio, NoRowOfEitherSideVanishes) {
  const std::vector<Record> rows = {
      Timed("one side only", "a", 100),
      Untimed("left out", "a2", kWrong, "error 1 > bound 0.1"),
      Timed("left out", "a", 100),
      Timed("left out", "b", 150),
      Untimed("wrong", "a", kWrong, "error 2 > bound 0.1"),
      Untimed("wrong", "a2", kSkipped, "needs kh == 3"),
      Shaky(Timed("wrong", "b", 100), "shook"),
      Untimed("none", "a", kSkipped, "needs kh == 3"),
      Untimed("none", "b", kSkipped, "not built in"),
      Timed("others", "c", 100),
  };
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a", "a2"}, {"b", "b2"}});
  ASSERT_EQ(ratios.size(), 4u);
  EXPECT_EQ(ratios[0].problem, "left out") << "the pair comes first, the others in file order";
  EXPECT_EQ(ratios[0].left_out, "a2 wrong: error 1 > bound 0.1");
  EXPECT_EQ(ratios[0].status, kMeasured);
  EXPECT_EQ(ratios[1].problem, "one side only");
  EXPECT_EQ(ratios[1].status, kSkipped);
  EXPECT_EQ(ratios[1].reason, "no row of b, b2");
  EXPECT_EQ(ratios[1].variant, "a");
  EXPECT_EQ(*ratios[1].median_ns, 100);
  EXPECT_FALSE(ratios[1].ratio);
  EXPECT_EQ(ratios[2].status, kWrong);
  EXPECT_EQ(ratios[2].reason, "a wrong: error 2 > bound 0.1; a2 skipped: needs kh == 3");
  EXPECT_EQ(ratios[3].status, kSkipped);
  EXPECT_EQ(ratios[3].reason, "a skipped: needs kh == 3; b skipped: not built in");
}

TEST(AnalysisRatio, IsaThreadsCacheAndDtypeAreKeptApart) {
  std::vector<Record> rows;
  int n = 0;
  for (const char* isa : {"AVX3", "AVX2"}) {
    for (int threads : {2, 1}) {
      for (const char* cache : {"warm", "cold"}) {
        rows.push_back(On(Timed("p", "a", 100), isa, threads, cache));
        rows.push_back(On(Timed("p", "b", 100 + n++), isa, threads, cache));
      }
    }
  }
  rows.push_back(Timed("p", "b", 50));
  rows.back().dtype = "f64";
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a"}, {"b"}});
  ASSERT_EQ(ratios.size(), 9u);
  for (int i = 0; i < n; ++i) EXPECT_DOUBLE_EQ(*ratios[static_cast<size_t>(i)].ratio, 1 + i / 100.0);
  EXPECT_FALSE(ratios[8].ratio);
  const auto settings = BySetting(ratios);
  ASSERT_EQ(settings.size(), 9u);
  EXPECT_EQ(settings[0][0]->isa + settings[0][0]->cache, "AVX2cold");
  EXPECT_EQ(settings[0][0]->threads, 1);
  EXPECT_EQ(settings[1][0]->threads, 2);
  EXPECT_EQ(settings[8][0]->dtype, "f64");
}

TEST(AnalysisRatio, SummaryHasGeometricMeansAndEnds) {
  std::vector<Record> rows;
  for (const auto& [problem, median] : {std::pair{"half", 50.0}, {"double", 200.0}, {"eight", 800.0}, {"0.9", 90.0}}) {
    rows.push_back(Timed(problem, "a", 100));
    rows.push_back(Timed(problem, "b", median));
  }
  rows.push_back(Timed("missing", "a", 100));
  const std::vector<Ratio> ratios = PairSides(rows, MadeUpCeilings(), {{"a"}, {"b"}});
  const RatioSummary summary = Summarise(All(ratios), 0.95);
  EXPECT_EQ(summary.pairs, 4);
  EXPECT_NEAR(*summary.mean_ratio, std::pow(0.5 * 2 * 8 * 0.9, 0.25), 1e-12);
  EXPECT_NEAR(*summary.mean_roof_fraction, 0.9, 1e-12);
  EXPECT_NEAR(*summary.mean_attainable_fraction, 1, 1e-12);
  EXPECT_NEAR(*summary.mean_ratio_bound, *summary.mean_ratio, 1e-12);
  EXPECT_EQ(summary.least->problem, "half");
  EXPECT_EQ(summary.largest->problem, "eight");
  EXPECT_EQ(summary.under, 2);
  EXPECT_EQ(summary.surely_under, 1) << "the interval of 0.9 reaches 1.1";
  EXPECT_EQ(Summarise(All(ratios), 0.9).under, 1) << "a ratio at the limit is not under it";
  EXPECT_EQ(summary.variants, (std::map<std::string, int64_t>{{"a", 4}}));
}

TEST(AnalysisRatio, NoPairNoClaims) {
  const std::vector<Record> rows = {Timed("p", "a", 100)};
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a"}, {"b"}});
  const RatioSummary summary = Summarise(All(ratios), 0.95);
  EXPECT_EQ(summary.pairs + summary.under, 0);
  EXPECT_FALSE(summary.mean_ratio || summary.mean_roof_fraction);
  EXPECT_EQ(summary.least, nullptr);
  EXPECT_EQ(RenderRatioSummary(ratios, 0.95, {}), "1 thread: no pair.\n  no pair for p: no row of b\n");
}

TEST(AnalysisRatio, AClassIsWhereItsPatternIsFound) {
  const std::vector<Record> rows = {Timed("conv2d:ic17kh1", "a", 1), Timed("conv2d:ic64kh11", "a", 1),
                                    Timed("conv2d:ic64kh1", "a", 1)};
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a"}, {"a"}});
  const auto count = [&](const char* pattern) { return InClass(All(ratios), {"", std::regex(pattern)}).size(); };
  EXPECT_EQ(count("kh1$"), 2u);
  EXPECT_EQ(count("ic64"), 2u);
  EXPECT_EQ(count("^ic64"), 0u);
}

TEST(AnalysisRatioTable, ShowsPairsByRatioAndSumsUpBySetting) {
  std::vector<Record> rows = {Timed("conv2d:ic64kh3ph1", "direct", 100),
                              Timed("conv2d:ic64kh3ph1", "winograd_f43", 200),
                              Timed("conv2d:ic64kh3ph1", "onednn", 125),
                              Timed("conv2d:ic3kh7", "direct", 200),
                              Untimed("conv2d:ic3kh7", "winograd_f43", kSkipped, "needs kh == 3"),
                              Shaky(Timed("conv2d:ic3kh7", "onednn", 160), "shook"),
                              Untimed("conv2d:ic5", "direct", kWrong, "error 1 > bound 0.1"),
                              Timed("conv2d:ic5", "onednn", 160)};
  for (size_t i : {0u, 1u, 2u}) rows.push_back(On(rows[i], "AVX3", 2, "warm"));
  rows[9] = On(Timed("conv2d:ic64kh3ph1", "winograd_f43", 50), "AVX3", 2, "warm");
  const Sides sides = {{"direct", "winograd_f43"}, {"onednn"}};
  const std::vector<Ratio> ratios = PairSides(rows, MadeUpCeilings(), sides);
  EXPECT_EQ(RenderRatioTable(ratios, sides),
            "ratio = median of onednn / median of the fastest of direct, winograd_f43; bound: what it would be if\n"
            "the latter took its attainable time; reached: the part of the bound, attainable_fraction; roof:\n"
            "roof_fraction; * an unstable row\n"
            "problem            thr variant         median ratio interval    bound reached   roof\n"
            "conv2d:ic3kh7        1 direct          200 ns 0.800 0.655-0.978 1.600   50.0%  45.0% *\n"
            "conv2d:ic64kh3ph1    1 direct          100 ns 1.250 1.023-1.528 1.250  100.0%  90.0%\n"
            "conv2d:ic64kh3ph1    2 winograd_f43     50 ns 2.500 2.045-3.056\n");
  const std::vector<ShapeClass> classes = {{"3x3", std::regex("kh3ph1$")}, {"none", std::regex("kh9")}};
  EXPECT_EQ(RenderRatioSummary(ratios, 0.95, classes),
            "1 thread: 2 pairs (1 with an unstable row), geometric mean 1.000, least 0.800 (conv2d:ic3kh7),\n"
            "largest 1.250 (conv2d:ic64kh3ph1); 1 under 0.95, 0 of them with the whole interval. Geometric means\n"
            "of bound 1.414, of reached 70.7%, of roof 63.6%.\n"
            "  no pair for conv2d:ic5: direct wrong: error 1 > bound 0.1\n"
            "  left out for conv2d:ic3kh7: winograd_f43 skipped: needs kh == 3\n"
            "2 threads: 1 pair, geometric mean 2.500, least 2.500 (conv2d:ic64kh3ph1), largest 2.500\n"
            "(conv2d:ic64kh3ph1); 0 under 0.95.\n"
            "\n"
            "class   threads    pairs  ratio  bound reached   roof  least  of\n"
            "3x3     1 thread       1  1.250  1.250  100.0%  90.0%  1.250  conv2d:ic64kh3ph1\n"
            "3x3     2 threads      1  2.500                        2.500  conv2d:ic64kh3ph1\n"
            "none    1 thread       0\n"
            "none    2 threads      0\n");
}

TEST(AnalysisRatioTable, AnOpThatIsMissingAltogetherIsNamedOnce) {
  std::vector<Record> rows = {Timed("conv2d:1", "a", 100), Timed("conv2d:1", "b", 100), Timed("conv2d:2", "a", 100),
                              Timed("conv2d:3", "a", 100)};
  for (const char* problem : {"fc:1", "fc:2", "dwsep:1"}) {
    rows.push_back(Timed(problem, "a", 100));
    rows.back().op = rows.back().problem.substr(0, rows.back().problem.find(':'));
  }
  const std::string text = RenderRatioSummary(PairSides(rows, {}, {{"a"}, {"b"}}), 0.95, {});
  EXPECT_EQ(text.substr(text.find('\n', 100) + 1),
            "  no pair for conv2d:2, conv2d:3, all 2 of fc, dwsep:1: no row of b\n");
}

TEST(AnalysisRatioTable, SeveralIsasOrCacheStatesAreNamed) {
  std::vector<Record> rows;
  for (const char* cache : {"warm", "cold"}) {
    rows.push_back(On(Timed("p", "a", 100), "AVX3", 1, cache));
    rows.push_back(On(Timed("p", "b", 100), "AVX3", 1, cache));
  }
  const std::vector<Ratio> ratios = PairSides(rows, {}, {{"a"}, {"b"}});
  const std::string table = RenderRatioTable(ratios, {{"a"}, {"b"}});
  EXPECT_LT(table.find("\nf32 AVX3 cold\np "), table.find("\nf32 AVX3 warm\np "));
  EXPECT_NE(table.find("\nf32 AVX3 warm\np "), std::string::npos);
  EXPECT_NE(RenderRatioSummary(ratios, 1, {}).find("f32 AVX3 cold, 1 thread: 1 pair"), std::string::npos);
}

TEST(AnalysisRatioTable, FitsAHundredColumnsWhateverTheRowsHold) {
  std::mt19937_64 random(51);
  const auto text = [&](size_t longest) {
    std::string result;
    for (uint64_t n = random() % longest; n > 0; --n) result += random() % 9 == 0 ? " " : random() % 5 == 0 ? "é" : "x";
    return result;
  };
  std::vector<Ratio> ratios(300);
  for (Ratio& ratio : ratios) {
    VisitFields(ratio, [&]<class Value>(const Field& field, Value& value) {
      if constexpr (std::same_as<Value, std::string>) {
        value = field.allowed.empty() ? text(300) : std::string(field.allowed.substr(0, field.allowed.find(' ')));
      } else if constexpr (std::same_as<Value, Number>) {
        value = std::pow(10, static_cast<double>(random() % 600) - 300);
      } else {
        value = static_cast<int>(random() % 1024);
      }
    });
    if (random() % 4 == 0) ratio.ratio.reset();
  }
  const std::vector<ShapeClass> classes = {{text(300), std::regex("x")}, {"", std::regex("é")}};
  std::istringstream lines(RenderRatioTable(ratios, {{text(300), text(300)}, {text(300)}}) +
                           RenderRatioSummary(ratios, 0.95, classes));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), kTableWidth) << line;
}

}  // namespace
}  // namespace roofgap
