#include <cmath>

#include "kernels/api/registry.h"
#include "kernels/attention/attention.h"
#include "kernels/attention/visible.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// Attention by oneDNN as matmul, softmax, matmul, with all scores in the workspace: b * h * s * t floats.
//
// The h / kvh query heads of a group lie one after the other and share their keys, so a group is one head with
// h / kvh * s queries. Causal: the mask is added to the scores, and everything behind it is computed all the same, so
// executed_flops is that of full attention.

namespace roofgap {
namespace {

using onednn::F32;
using onednn::memory;
using Tag = memory::format_tag;

struct Chain {
  memory::desc q, k, v, dst, scores, mask;
  dnnl::matmul::primitive_desc qk;
  dnnl::softmax_forward::primitive_desc softmax;
  dnnl::matmul::primitive_desc pv;
};

Chain Describe(const Attention& p) {
  const int64_t queries = p.h / p.kvh * p.s;
  Chain chain;
  chain.q = chain.dst = F32({p.b, p.kvh, queries, p.d}, Tag::abcd);
  chain.k = F32({p.b, p.kvh, p.d, p.t}, Tag::abdc);
  chain.v = F32({p.b, p.kvh, p.t, p.d}, Tag::abcd);
  chain.scores = F32({p.b, p.kvh, queries, p.t}, Tag::abcd);

  dnnl::post_ops ops;
  onednn::AppendEltwise(ops, dnnl::algorithm::eltwise_linear, 1 / std::sqrt(static_cast<float>(p.d)), 0);
  if (p.causal != 0) {
    chain.mask = F32({1, 1, queries, p.t}, Tag::abcd);
    ops.append_binary(dnnl::algorithm::binary_add, chain.mask);
  }
  chain.qk = onednn::MakeMatmul(onednn::Engine(), chain.q, chain.k, chain.scores, onednn::Attributes(ops));
  chain.softmax = onednn::MakeSoftmax(onednn::Engine(), chain.scores, 3, onednn::Attributes());
  chain.pv = onednn::MakeMatmul(onednn::Engine(), chain.scores, chain.v, chain.dst, onednn::Attributes());
  return chain;
}

Support Supports(const Attention& problem, const Context& context) {
  return onednn::Supported(problem, context, Describe);
}

Invocation Prepare(const Attention& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const Chain chain = Describe(p);
  onednn::Plan plan;
  const onednn::Tensor scores = plan.Intermediate(chain.scores);
  std::vector<std::pair<int, onednn::Tensor>> qk = {
      {DNNL_ARG_SRC, plan.Operand(Attention::kQ, chain.q)},
      {DNNL_ARG_WEIGHTS, plan.Operand(Attention::kK, chain.k)},
      {DNNL_ARG_DST, scores},
  };
  if (p.causal != 0) {
    const auto fill = [p](std::byte* mask) { FillMask(p, reinterpret_cast<float*>(mask)); };
    qk.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) | DNNL_ARG_SRC_1, plan.Constant(chain.mask, fill)});
  }
  plan.Add(chain.qk, std::move(qk));
  plan.Add(chain.softmax, {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}});
  plan.Add(chain.pv, {
                         {DNNL_ARG_SRC, scores},
                         {DNNL_ARG_WEIGHTS, plan.Operand(Attention::kV, chain.v)},
                         {DNNL_ARG_DST, plan.Operand(Attention::kDst, chain.dst)},
                     });
  const double pairs = static_cast<double>(p.b * p.h) * static_cast<double>(p.s) * static_cast<double>(p.t);
  return std::move(plan).Finish(context.threads, 4 * pairs * static_cast<double>(p.d));
}

[[maybe_unused]] const bool kRegistered = Register<Attention>({
    .name = "onednn",
    .summary = "oneDNN's matmul, softmax and matmul, all scores in memory",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
