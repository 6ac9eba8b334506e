#include <cmath>
#include <utility>
#include <vector>

#include "kernels/api/registry.h"
#include "kernels/linformer/linformer.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// Linformer by oneDNN: two matmuls that project, then matmul, softmax, matmul as in attention. E and F are one matrix
// that all heads share (broadcast). The query heads of a group are one head with h / kvh * s queries.

namespace roofgap {
namespace {

using onednn::F32;
using onednn::memory;
using Tag = memory::format_tag;

struct Chain {
  memory::desc q, kv, projected, transposed, weights, scores;
  dnnl::matmul::primitive_desc project;
  dnnl::matmul::primitive_desc qk;
  dnnl::softmax_forward::primitive_desc softmax;
  dnnl::matmul::primitive_desc pv;
};

Chain Describe(const Linformer& p) {
  const int64_t queries = p.h / p.kvh * p.s;
  Chain chain;
  chain.q = F32({p.b, p.kvh, queries, p.d}, Tag::abcd);
  chain.kv = F32({p.b, p.kvh, p.t, p.d}, Tag::abcd);
  chain.weights = F32({1, 1, p.k, p.t}, Tag::abcd);
  chain.projected = F32({p.b, p.kvh, p.k, p.d}, Tag::abcd);
  chain.transposed = F32({p.b, p.kvh, p.d, p.k}, Tag::abdc);  // the same memory as `projected`
  chain.scores = F32({p.b, p.kvh, queries, p.k}, Tag::abcd);

  dnnl::post_ops ops;
  onednn::AppendEltwise(ops, dnnl::algorithm::eltwise_linear, 1 / std::sqrt(static_cast<float>(p.d)), 0);
  const dnnl::engine& engine = onednn::Engine();
  chain.project = onednn::MakeMatmul(engine, chain.weights, chain.kv, chain.projected, onednn::Attributes());
  chain.qk = onednn::MakeMatmul(engine, chain.q, chain.transposed, chain.scores, onednn::Attributes(ops));
  chain.softmax = onednn::MakeSoftmax(engine, chain.scores, 3, onednn::Attributes());
  chain.pv = onednn::MakeMatmul(engine, chain.scores, chain.projected, chain.q, onednn::Attributes());
  return chain;
}

Support Supports(const Linformer& problem, const Context& context) {
  return onednn::Supported(problem, context, Describe);
}

Invocation Prepare(const Linformer& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const Chain chain = Describe(p);
  onednn::Plan plan;
  const onednn::Tensor keys = plan.Intermediate(chain.projected);
  const onednn::Tensor values = plan.Intermediate(chain.projected);
  const onednn::Tensor scores = plan.Intermediate(chain.scores);
  const auto project = [&](size_t weights, size_t from, const onednn::Tensor& to) {
    plan.Add(chain.project, {{DNNL_ARG_SRC, plan.Operand(weights, chain.weights)},
                             {DNNL_ARG_WEIGHTS, plan.Operand(from, chain.kv)},
                             {DNNL_ARG_DST, to}});
  };
  project(Linformer::kE, Linformer::kK, keys);
  project(Linformer::kF, Linformer::kV, values);
  plan.Add(chain.qk, {{DNNL_ARG_SRC, plan.Operand(Linformer::kQ, chain.q)},
                      {DNNL_ARG_WEIGHTS, {chain.transposed, keys.place}},
                      {DNNL_ARG_DST, scores}});
  plan.Add(chain.softmax, {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}});
  plan.Add(
      chain.pv,
      {{DNNL_ARG_SRC, scores}, {DNNL_ARG_WEIGHTS, values}, {DNNL_ARG_DST, plan.Operand(Linformer::kDst, chain.q)}});
  return std::move(plan).Finish(context.threads, Count(p, context.dtype).flops);
}

[[maybe_unused]] const bool kRegistered = Register<Linformer>({
    .name = "onednn",
    .summary = "oneDNN's matmuls and softmax, all scores in memory",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
