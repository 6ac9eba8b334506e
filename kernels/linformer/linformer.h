#ifndef ROOFGAP_KERNELS_LINFORMER_LINFORMER_H_
#define ROOFGAP_KERNELS_LINFORMER_LINFORMER_H_

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

// The attention of Linformer (Wang et al., Linformer: Self-Attention with Linear Complexity, 2020): t keys and values
// are projected to k of each before attention, whose time then grows with s + t and no longer with s t. One E and one F
// serve all heads (the paper's headwise sharing); h and kvh are as in `attention`.
//
//   K[b][kv][i] = sum over j of e[i][j] * k[b][kv][j]      V[b][kv][i] = sum over j of f[i][j] * v[b][kv][j]
//   dst[b][n][r] = sum over i of softmax_i(q[b][n][r] . K[b][kv][i] / sqrt(d)) * V[b][kv][i]
//
// with kv = floor(n / (h / kvh)) for query head n. There is no causal form: each K[i] mixes all keys.
//   q [b][h][s][d]   k, v [b][kvh][t][d]   e, f [k][t]   dst [b][h][s][d]
//
// flops: 4 b kvh t k d for both projections and 4 b h s k d for scores and weighted sums; softmax is never counted.
// flops_nominal is the same. Compulsory bytes: q, k, v, e, f and dst once; K, V and the s x k scores are not.
struct Linformer {
  static constexpr std::string_view kOp = "linformer";
  enum : size_t { kQ, kK, kV, kE, kF, kDst };

  int64_t b, h;
  int64_t kvh;   // heads of k and v; divides h
  int64_t s, t;  // query length, key length
  int64_t d;
  int64_t k;  // projected length; any, though only k < t saves work

  // What it approximates, on the operands of the same names (kernels/api/distance.h).
  std::string Exact() const;

  static std::span<const Letter<Linformer>> Letters() {
    using P = Linformer;
    static constexpr Letter<P> kLetters[] = {
        {.name = "b", .member = &P::b, .fallback = 1},
        {.name = "h", .member = &P::h},
        {.name = "kvh", .member = &P::kvh, .same_as = &P::h},
        {.name = "s", .member = &P::s},
        {.name = "t", .member = &P::t, .same_as = &P::s},
        {.name = "d", .member = &P::d},
        {.name = "k", .member = &P::k},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const Linformer& problem);

Work Count(const Linformer& problem, DType dtype);

// e and f are filled as mean pooling, one of the paper's projections, and noise (kernels/api/fill.h).
std::vector<Operand> Operands(const Linformer& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst): the
// rounding of the projections, carried through scores and sums (kernels/linformer/reference.cc).
std::vector<Expected> Reference(const Linformer& problem, DType dtype, const Args& args,
                                std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_LINFORMER_LINFORMER_H_
