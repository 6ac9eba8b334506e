#ifndef ROOFGAP_KERNELS_ATTENTION_VISIBLE_H_
#define ROOFGAP_KERNELS_ATTENTION_VISIBLE_H_

#include <cstdint>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/attention/attention.h"

namespace roofgap {

// The h / kvh query heads that share a KV head lie one after the other: `row` is one of their h / kvh * s queries.

// Keys that a row sees.
inline int64_t VisibleKeys(const Attention& p, int64_t row) { return p.causal != 0 ? row % p.s + p.t - p.s + 1 : p.t; }

// Keys that the longest row of a range sees: its last, unless the last row of a head lies before that one.
inline int64_t VisibleKeys(const Attention& p, Range rows) {
  const bool wraps = rows.begin / p.s != (rows.end - 1) / p.s;
  return wraps ? p.t : VisibleKeys(p, rows.end - 1);
}

// Contiguous shares of `heads` times the same items, of these costs, for threads: an item goes to the thread in whose
// share of the cost its middle lies. Thread i has the items [result[i], result[i + 1]), counted over all heads.
inline std::vector<int64_t> ShareByCost(int64_t heads, const std::vector<double>& costs, int threads) {
  double of_head = 0;
  for (double cost : costs) of_head += cost;
  const double share = of_head * static_cast<double>(heads) / threads;
  const auto items = heads * std::ssize(costs);
  std::vector<int64_t> first{0};
  double done = 0;
  for (int64_t item = 0; item < items; ++item) {
    const double cost = costs[static_cast<size_t>(item % std::ssize(costs))];
    while (done + cost / 2 > share * static_cast<double>(first.size()) && std::ssize(first) < threads) {
      first.push_back(item);
    }
    done += cost;
  }
  first.resize(static_cast<size_t>(threads) + 1, items);
  return first;
}

// What is added to the scores [h / kvh * s][t] of a KV head: zero, or where a row does not see a key, a number far
// below any score, and far from the infinity that would make a row's maximum minus itself not a number.
inline void FillMask(const Attention& p, float* mask) {
  constexpr float kMasked = -1e30f;
  for (int64_t row = 0; row < p.h / p.kvh * p.s; ++row) {
    for (int64_t j = 0; j < p.t; ++j) mask[row * p.t + j] = j < VisibleKeys(p, row) ? 0 : kMasked;
  }
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_VISIBLE_H_
