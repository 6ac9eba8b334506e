#ifndef ROOFGAP_KERNELS_DWSEP_ONEDNN_H_
#define ROOFGAP_KERNELS_DWSEP_ONEDNN_H_

#include <span>
#include <utility>
#include <vector>

#include "kernels/api/trial.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/plan.h"
#include "kernels/onednn/session.h"

// What the oneDNN variants of the separable convolution share.
//
// Two primitives, with the whole of `mid` between them: the library fuses only the other order, 1x1 before depthwise.
// executed_flops is Count().flops, what direct algorithms cannot do without; some of the library's kernels also
// multiply by the zeros of the padding.

namespace roofgap::onednn::dwsep {

struct Chain {
  Convolution dw, pw;
};

// `mid` in this layout; `any`: the pointwise half, which has nearly all of the work, chooses; the depthwise half
// follows.
inline Chain Describe(const DwSep& p, memory::format_tag layout) {
  const memory::desc wanted = F32({p.mb, p.ic, p.oh(), p.ow()}, layout);
  const ConvolutionShape pointwise = PointwiseShape(p.mb, p.ic, p.oc, p.oh(), p.ow(), p.bia != 0, p.act);
  const Convolution pw = onednn::Describe(pointwise, &wanted);
  const memory::desc mid = pw.primitive.src_desc();
  // Blocked `mid` from a src of its choice would be a plain loop.
  const memory::desc src = F32({p.mb, p.ic, p.ih, p.iw}, layout);
  const Convolution dw = onednn::Describe(ShapeOf(p, p.ic, p.ic, p.ic, memory::format_tag::hwigo), &src, &mid);
  return {dw, pw};
}

inline Invocation PrepareChain(const DwSep& problem, const Context& context, const Chain& chain) {
  Plan plan;
  const Tensor src = plan.Input(DwSep::kSrc, chain.dw.src, chain.dw.primitive.src_desc());
  const Tensor mid = plan.Intermediate(chain.pw.primitive.src_desc());
  const Tensor dst = plan.Output(DwSep::kDst, chain.pw.dst, chain.pw.primitive.dst_desc());
  Add(plan, chain.dw, DwSep::kDwWei, DwSep::kDwBia, src, mid);
  Add(plan, chain.pw, DwSep::kPwWei, DwSep::kPwBia, mid, dst);
  Invocation invocation = std::move(plan).Finish(context.threads, Count(problem, context.dtype).flops);
  invocation.impl += ", depthwise " + chain.dw.layouts;
  return invocation;
}

// The fastest, by trial, of the chains with `mid` in these layouts, of which the first is taken whatever it is, the
// others without plain loops. To be called in a ThreadScope.
inline Invocation PrepareFastest(const DwSep& p, const Context& context, std::span<const memory::format_tag> layouts) {
  std::vector<Invocation> ways;
  for (const memory::format_tag layout : layouts) {
    try {
      const Chain chain = Describe(p, layout);
      if (ways.empty() || !(IsRef(chain.dw) || IsRef(chain.pw))) ways.push_back(PrepareChain(p, context, chain));
    } catch (const dnnl::error&) {
      if (ways.empty()) throw;  // else the library has nothing in this layout
    }
  }
  return std::move(ways[Fastest(p, context, ways)]);
}

}  // namespace roofgap::onednn::dwsep

#endif  // ROOFGAP_KERNELS_DWSEP_ONEDNN_H_
