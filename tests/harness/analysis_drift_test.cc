#include <gtest/gtest.h>

#include "harness/analysis/drift.h"
#include "tests/harness/made_up_ceilings.h"

namespace roofgap {
namespace {

// The made-up ceilings a while later: fma 10 % slower, the first memory row 3 % faster and with a better best.
Ceilings Later() {
  Ceilings later = MadeUpCeilings();
  for (Ceiling& row : later.rows) {
    if (row.kind == "compute") {
      *row.median *= 0.9;
      *row.best *= 0.9;
    } else {
      *row.median *= 1.03;
      *row.best *= 1.05;
    }
  }
  return later;
}

TEST(AnalysisDrift, ComparesMediansOfTheSameRoof) {
  const std::vector<Drift> drifts = FindDrift(MadeUpCeilings(), Later());
  ASSERT_EQ(drifts.size(), MadeUpCeilings().rows.size());
  for (const Drift& drift : drifts) {
    EXPECT_NEAR(drift.change(), drift.unit == "GFLOP/s" ? -0.1 : 0.03, 1e-12) << drift.roof;
  }
}

TEST(AnalysisDrift, NamesThatAreAlikeGetTheIsaOrThePages) {
  Ceilings begin = MadeUpCeilings();
  begin.rows = {begin.rows[1], begin.rows[1], begin.rows[2], begin.rows[2], begin.rows[3]};
  begin.rows[1].isa = "AVX2";
  begin.rows[3].pages = "small";
  std::string names;
  for (const Drift& drift : FindDrift(begin, begin)) names += drift.roof + "; ";
  EXPECT_EQ(names,
            "L1 load, 1 thread, AVX3; L1 load, 1 thread, AVX2; L2 load, 1 thread, huge pages; L2 load, 1 thread, small "
            "pages; "
            "L3 load, 1 thread; ");
}

TEST(AnalysisDrift, ARoofThatWasMeasuredOnceHasNone) {
  Ceilings other = Later();
  for (Ceiling& row : other.rows) row.threads = 77;
  EXPECT_TRUE(FindDrift(MadeUpCeilings(), other).empty());
  EXPECT_EQ(RenderDrift({}), "");
}

TEST(AnalysisDrift, OfTwoVisitsTheBetterBestCountsAndTheMeanOfTheMedians) {
  const Ceilings begin = MadeUpCeilings();
  const Ceilings merged = BothVisits(begin, Later());
  ASSERT_EQ(merged.rows.size(), begin.rows.size());
  for (size_t i = 0; i < begin.rows.size(); ++i) {
    const double factor = begin.rows[i].kind == "compute" ? 1 : 1.05;
    EXPECT_DOUBLE_EQ(*merged.rows[i].best, *begin.rows[i].best * factor);
    EXPECT_DOUBLE_EQ(*merged.rows[i].median, *begin.rows[i].median * (begin.rows[i].kind == "compute" ? 0.95 : 1.015));
  }
}

TEST(AnalysisDrift, TextNamesWhatMovedAndByHowMuch) {
  const std::vector<Drift> drifts = {{"DRAM load, 2 threads", "GB/s", 50, 40}, {"L1 load, 1 thread", "GB/s", 500, 501}};
  EXPECT_EQ(RenderDrift(drifts),
            "Roofs measured again after the run: 1 of 2 medians moved by more than 5 %: DRAM load, 2 threads\n"
            "-20.0 % (50.0 to 40.0 GB/s).\n");
}

}  // namespace
}  // namespace roofgap
