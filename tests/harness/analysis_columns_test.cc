#include <gtest/gtest.h>

#include <filesystem>

#include "harness/analysis/budgets.h"
#include "harness/analysis/columns.h"
#include "harness/analysis/comparison.h"
#include "harness/analysis/complexity.h"
#include "harness/analysis/crossover.h"
#include "harness/analysis/gap.h"
#include "harness/analysis/merge.h"
#include "harness/analysis/pareto.h"
#include "harness/analysis/predictors.h"
#include "harness/analysis/ratio.h"
#include "harness/analysis/separable.h"
#include "harness/record/files.h"

namespace roofgap {
namespace {

TEST(AnalysisColumns, CommittedDocumentationIsWhatTheFieldListsSay) {
  const std::filesystem::path committed = std::filesystem::path(ROOFGAP_SOURCE_DIR) / "results" / "README.md";
  EXPECT_EQ(ReadFile(committed), RenderColumnsDoc())
      << "regenerate it: build/release/harness/roofgap columns > results/README.md";
}

template <class Row>
void ExpectEveryFieldDocumented() {
  const std::string doc = RenderColumnsDoc();
  const Row row{};
  VisitFields(row, [&](const Field& field, const auto&) {
    EXPECT_FALSE(field.description.empty()) << field.name;
    EXPECT_NE(doc.find("\n| `" + std::string(field.name) + "` | "), std::string::npos) << field.name;
    for (std::string_view suffix : {"_ns", "_bytes", "_ghz", "_j"}) {
      EXPECT_TRUE(!field.name.ends_with(suffix) || !field.unit.empty()) << field.name;
    }
  });
}

TEST(AnalysisColumns, EveryColumnIsDocumentedWithItsUnit) {
  ExpectEveryFieldDocumented<Record>();
  ExpectEveryFieldDocumented<Gap>();
  ExpectEveryFieldDocumented<PredictorRow>();
  ExpectEveryFieldDocumented<Ratio>();
  ExpectEveryFieldDocumented<Compared>();
  ExpectEveryFieldDocumented<MergedColumns>();
  ExpectEveryFieldDocumented<SeparablePair>();
  ExpectEveryFieldDocumented<ParetoRow>();
  ExpectEveryFieldDocumented<BudgetRow>();
  ExpectEveryFieldDocumented<AttentionPoint>();
  ExpectEveryFieldDocumented<GrowthFit>();
  ExpectEveryFieldDocumented<Crossover>();
  ExpectEveryFieldDocumented<Ceiling>();
  ExpectEveryFieldDocumented<Machine>();
  ExpectEveryFieldDocumented<RunInfo>();
}

}  // namespace
}  // namespace roofgap
