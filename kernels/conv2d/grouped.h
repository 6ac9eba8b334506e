#ifndef ROOFGAP_KERNELS_CONV2D_GROUPED_H_
#define ROOFGAP_KERNELS_CONV2D_GROUPED_H_

#include <memory>

#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/threads.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/group_conv.h"

namespace roofgap {

// kernels/simd/group_conv.h for a Conv2d.

inline GroupConv GroupConvOf(const Conv2d& p) { return {p.mb, p.g, p.ic / p.g, p.rows(), p.columns(), p.act}; }

inline bool GroupedApplies(const Conv2d& p) { return p.g > 1 && p.ic == p.oc && GroupConvApplies(GroupConvOf(p)); }

inline Invocation PrepareGrouped(const Conv2d& p, const Context& context) {
  const int threads = ConvThreads(p, ChosenGemmShape().nr, context.threads);
  const auto plan = std::make_shared<const GroupConvPlan>(MakeGroupConvPlan(GroupConvOf(p), threads));
  Invocation invocation;
  invocation.run = [plan, run = ChosenGroupConvRun(), has_bias = p.bia != 0](const Args& args) {
    const GroupConvData data = {.src = args.at<float>(Conv2d::kSrc),
                                .packed = reinterpret_cast<const float*>(args.packed),
                                .bias = has_bias ? args.at<float>(Conv2d::kBia) : nullptr,
                                .dst = args.at<float>(Conv2d::kDst)};
    Parallel(static_cast<int>(plan->parts.size()), [&](int thread) { run(*plan, data, thread); });
  };
  invocation.pack = [plan](const Args& args) {
    PackGroupConv(*plan, args.at<float>(Conv2d::kWei), reinterpret_cast<float*>(args.packed));
  };
  invocation.impl = plan->Name() + OnThreads(threads, context.threads);
  invocation.executed_flops = 2 * plan->Macs();
  invocation.packed_bytes = plan->packed_bytes();
  return invocation;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_GROUPED_H_
