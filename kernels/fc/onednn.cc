#include "kernels/api/registry.h"
#include "kernels/fc/fc.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// Fully connected layer by oneDNN's inner product, in the layouts that it prefers.

namespace roofgap {
namespace {

using onednn::F32;
using onednn::memory;
using Tag = memory::format_tag;

dnnl::inner_product_forward::primitive_desc Describe(const Fc& p) {
  const memory::desc bia = p.bia != 0 ? F32({p.oc}, Tag::x) : memory::desc();
  return onednn::MakeInnerProduct(onednn::Engine(), F32({p.mb, p.ic}), F32({p.oc, p.ic}), bia, F32({p.mb, p.oc}),
                                  onednn::Attributes(onednn::ActivationOps(p.act)));
}

Support Supports(const Fc& problem, const Context& context) { return onednn::Supported(problem, context, Describe); }

Invocation Prepare(const Fc& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const dnnl::inner_product_forward::primitive_desc primitive = Describe(p);
  onednn::Plan plan;
  std::vector<std::pair<int, onednn::Tensor>> args = {
      {DNNL_ARG_SRC, plan.Input(Fc::kSrc, F32({p.mb, p.ic}, Tag::nc), primitive.src_desc())},
      {DNNL_ARG_WEIGHTS, plan.Weights(Fc::kWei, F32({p.oc, p.ic}, Tag::oi), primitive.weights_desc())},
      {DNNL_ARG_DST, plan.Output(Fc::kDst, F32({p.mb, p.oc}, Tag::nc), primitive.dst_desc())},
  };
  if (p.bia != 0) args.push_back({DNNL_ARG_BIAS, plan.Operand(Fc::kBia, F32({p.oc}, Tag::x))});
  plan.Add(primitive, std::move(args));
  return std::move(plan).Finish(context.threads, Count(p, context.dtype).flops);
}

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "onednn",
    .summary = "oneDNN's inner product, layouts of its choice, activation fused",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
