#include "harness/analysis/price.h"

namespace roofgap {

void SetPrices(std::span<Gap> gaps, const Price& price) {
  if (!price.usd_per_hour) return;
  for (Gap& gap : gaps) {
    gap.usd_per_hour = price.usd_per_hour;
    gap.utilisation = price.utilisation;
    if (!gap.median_ns || !gap.batch || !(*gap.batch > 0)) continue;
    const double hours = *gap.median_ns / *gap.batch / 3600e9;
    gap.usd_per_1k = 1000 * hours * *price.usd_per_hour / price.utilisation;
  }
}

}  // namespace roofgap
