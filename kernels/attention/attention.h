#ifndef ROOFGAP_KERNELS_ATTENTION_ATTENTION_H_
#define ROOFGAP_KERNELS_ATTENTION_ATTENTION_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/compare.h"
#include "kernels/api/descriptor.h"
#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"
#include "kernels/api/work.h"

namespace roofgap {

// Scaled dot-product attention over h heads; kvh < h is grouped-query (kvh = 1: multi-query) attention, where the
// h / kvh query heads of a group share one key and value head.
//
//   dst[b][n][i] = sum over j of softmax_j(q[b][n][i] . k[b][kv][j] / sqrt(d)) * v[b][kv][j]
//
// with kv = floor(n / (h / kvh)) for query head n.
//
// causal = 1 (needs t >= s): query i sees the keys j <= i + t - s, so the last query sees all of them.
//   q [b][h][s][d]   k, v [b][kvh][t][d]   dst [b][h][s][d]
//
// flops: 4 d for each pair (i, j) that counts; softmax is never counted. flops_nominal: 4 b h s t d, causal
// 4 b h (s t - s^2/2) d. Compulsory bytes: q, k, v and dst once; the s x t scores are not.
struct Attention {
  static constexpr std::string_view kOp = "attention";
  enum : size_t { kQ, kK, kV, kDst };

  int64_t b, h;
  int64_t kvh;   // heads of k and v; divides h
  int64_t s, t;  // query length, key length
  int64_t d, causal;

  static std::span<const Letter<Attention>> Letters() {
    using P = Attention;
    static constexpr Letter<P> kLetters[] = {
        {.name = "b", .member = &P::b, .fallback = 1},
        {.name = "h", .member = &P::h},
        {.name = "kvh", .member = &P::kvh, .same_as = &P::h},
        {.name = "s", .member = &P::s},
        {.name = "t", .member = &P::t, .same_as = &P::s},
        {.name = "d", .member = &P::d},
        {.name = "causal", .member = &P::causal, .min = 0, .max = 1, .fallback = 0},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const Attention& problem);

Work Count(const Attention& problem, DType dtype);

std::vector<Operand> Operands(const Attention& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst).
// Bound: from the rounding of scores, exponentials, rescaling and sums; derived in reference.cc.
std::vector<Expected> Reference(const Attention& problem, DType dtype, const Args& args,
                                std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_ATTENTION_ATTENTION_H_
