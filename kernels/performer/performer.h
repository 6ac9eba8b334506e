#ifndef ROOFGAP_KERNELS_PERFORMER_PERFORMER_H_
#define ROOFGAP_KERNELS_PERFORMER_PERFORMER_H_

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

// The attention of Performers, FAVOR+ (Choromanski et al., Rethinking Attention with Performers, 2021): exp(q . k) is
// replaced by the product of m positive random features, so that time grows with s + t. h and kvh are as in
// `attention`.
//
//   phi_f(x) = exp(w[f] . x / d^(1/4) - |x|^2 / (2 sqrt(d))) / sqrt(m)            f = 0 ... m - 1
//   dst[b][n][i] = sum over j of a_ij v[b][kv][j] / sum over j of a_ij,   a_ij = phi(q[b][n][i]) . phi(k[b][kv][j])
//
// with kv = floor(n / (h / kvh)) for query head n, and j over all keys or, with causal = 1 (needs t >= s), over
// j <= i + t - s.
//   q [b][h][s][d]   k, v [b][kvh][t][d]   w [m][d]   dst [b][h][s][d]
//
// Stabilisation: a factor common to all features of one query, or to all features of all keys of a head, cancels in
// the quotient, so it is not part of the definition. 1 / sqrt(m) and |q|^2 need not be computed at all. A kernel takes
// from the exponents of a query their largest, and from those of the keys the largest of the keys seen so far; the
// small constant that the paper's code adds to each feature is left out.
//
// w is used as it is. It is filled with orthogonal Gaussian rows (Fill::kOrthogonal), for which a_ij estimates
// exp(q . k / sqrt(d)) without bias; making it so belongs to the weights, not to the op.
//
// The sums over j are taken once for all queries, causal ones as prefix sums of m x (d + 1) numbers a head:
// flops: 2 (b h s + b kvh t) m d for the features, 2 b kvh t m (d + 1) for the sums over keys of phi(k) [v, 1],
// 2 b h s m (d + 1) for their products with phi(q); causal the same. flops_nominal is the same. Exponentials are not
// counted. Compulsory bytes: q, k, v, w and dst once.
struct Performer {
  static constexpr std::string_view kOp = "performer";
  enum : size_t { kQ, kK, kV, kW, kDst };

  int64_t b, h;
  int64_t kvh;   // heads of k and v; divides h
  int64_t s, t;  // query length, key length
  int64_t d, causal;
  int64_t m;  // random features

  // What it approximates, on the operands of the same names (kernels/api/distance.h).
  std::string Exact() const;

  static std::span<const Letter<Performer>> Letters() {
    using P = Performer;
    static constexpr Letter<P> kLetters[] = {
        {.name = "b", .member = &P::b, .fallback = 1},
        {.name = "h", .member = &P::h},
        {.name = "kvh", .member = &P::kvh, .same_as = &P::h},
        {.name = "s", .member = &P::s},
        {.name = "t", .member = &P::t, .same_as = &P::s},
        {.name = "d", .member = &P::d},
        {.name = "causal", .member = &P::causal, .min = 0, .max = 1, .fallback = 0},
        {.name = "m", .member = &P::m},
    };
    return kLetters;
  }
};

// "" for a problem that can be computed, else what is wrong with it, in one clause.
std::string Validate(const Performer& problem);

Work Count(const Performer& problem, DType dtype);

std::vector<Operand> Operands(const Performer& problem);

// The definition of the op in double, and the error bound of each of the `outputs` (flat indices into dst): the
// rounding of exponents, exponentials and sums (kernels/performer/reference.cc).
std::vector<Expected> Reference(const Performer& problem, DType dtype, const Args& args,
                                std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_PERFORMER_PERFORMER_H_
