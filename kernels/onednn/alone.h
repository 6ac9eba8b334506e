#ifndef ROOFGAP_KERNELS_ONEDNN_ALONE_H_
#define ROOFGAP_KERNELS_ONEDNN_ALONE_H_

#include "kernels/api/problem.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/session.h"

// supports() and prepare() of variants that are one convolution by the library, for any op P that
// ConvolutionShape OneDnnShape(const P&) describes.

namespace roofgap::onednn {

template <class P>
Support SupportsAlone(const P& problem, const Context& context) {
  return Supported(problem, context, [](const P& p) { return Describe(OneDnnShape(p)); });
}

// In the implementation and the layouts that the library prefers.
template <class P>
Invocation PreparePreferred(const P& problem, const Context& context) {
  const ThreadScope threads(context.threads);
  return PrepareAlone(Describe(OneDnnShape(problem)), context, Count(problem, context.dtype).flops);
}

// In those which turn out to be the fastest.
template <class P>
Invocation PrepareBest(const P& problem, const Context& context) {
  const ThreadScope threads(context.threads);
  const double flops = Count(problem, context.dtype).flops;
  return PrepareFastest(problem, context, DescribeAll(OneDnnShape(problem)),
                        [&](const Convolution& one) { return PrepareAlone(one, context, flops); });
}

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_ALONE_H_
