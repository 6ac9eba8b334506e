#ifndef ROOFGAP_HARNESS_ANALYSIS_PRICE_H_
#define ROOFGAP_HARNESS_ANALYSIS_PRICE_H_

#include <span>

#include "harness/analysis/gap.h"

namespace roofgap {

// What an hour of the machine costs, and the part of it that is spent on inferences. A call is taken to have the whole
// machine, whatever threads it runs on; who shares it out gives the price of a share.
struct Price {
  Number usd_per_hour;     // empty: not known
  double utilisation = 1;  // more than 0, at most 1
};

// Fills usd_per_hour, utilisation and usd_per_1k. A row without a time or without its batch has no price; without
// usd_per_hour none has.
void SetPrices(std::span<Gap> gaps, const Price& price);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_PRICE_H_
