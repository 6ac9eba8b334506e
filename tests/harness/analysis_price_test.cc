#include <gtest/gtest.h>

#include "harness/analysis/price.h"

namespace roofgap {
namespace {

Gap Row(Number median_ns, Number batch) {
  Gap gap;
  gap.median_ns = median_ns;
  gap.batch = batch;
  return gap;
}

TEST(AnalysisPrice, OfAThousandInferences) {
  // 3.6 ms a call at $1 an hour: 1e-6 $ a call.
  std::vector<Gap> gaps = {Row(3.6e6, 1), Row(3.6e6, 4)};
  SetPrices(gaps, {.usd_per_hour = 1});
  EXPECT_DOUBLE_EQ(*gaps[0].usd_per_1k, 1e-3);
  EXPECT_DOUBLE_EQ(*gaps[1].usd_per_1k, 0.25e-3);
  SetPrices(gaps, {.usd_per_hour = 3, .utilisation = 0.5});
  EXPECT_DOUBLE_EQ(*gaps[0].usd_per_1k, 6e-3);
  EXPECT_EQ(gaps[0].usd_per_hour, 3);
  EXPECT_EQ(gaps[0].utilisation, 0.5);
}

TEST(AnalysisPrice, IsEmptyWhereItIsNotKnown) {
  std::vector<Gap> gaps = {Row({}, 1), Row(3.6e6, {})};
  SetPrices(gaps, {.usd_per_hour = 1});
  EXPECT_FALSE(gaps[0].usd_per_1k || gaps[1].usd_per_1k);
  gaps = {Row(3.6e6, 1)};
  SetPrices(gaps, {});
  EXPECT_FALSE(gaps[0].usd_per_1k || gaps[0].usd_per_hour || gaps[0].utilisation);
}

}  // namespace
}  // namespace roofgap
