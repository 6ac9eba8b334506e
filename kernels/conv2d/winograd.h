#ifndef ROOFGAP_KERNELS_CONV2D_WINOGRAD_H_
#define ROOFGAP_KERNELS_CONV2D_WINOGRAD_H_

#include <memory>
#include <span>
#include <vector>

#include "kernels/api/activation.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/threads.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/winograd.h"
#include "kernels/simd/winograd_error.h"

namespace roofgap {

// What the Winograd variants of conv2d share: kernels/simd/winograd.h for a Conv2d, tiles of kOut x kOut outputs.

inline Support SupportsWinograd(const Conv2d& p, const Context& context) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  if (p.kh != 3 || p.kw != 3) return {false, "needs kh = kw = 3"};
  if (p.sh != 1 || p.sw != 1) return {false, "needs sh = sw = 1"};
  if (p.dh != 1 || p.dw != 1) return {false, "needs dh = dw = 1"};
  if (p.g != 1) return {false, "needs g = 1"};
  return {};
}

inline WinogradConv WinogradConvOf(const Conv2d& p) { return {p.mb, p.ic, p.ih, p.iw, p.oc, p.ph, p.pw, p.act}; }

// Invocation::extra_error of a convolution by these matrices.
template <class Matrices>
auto WinogradExtraError(const Conv2d& p) {
  return [conv = WinogradConvOf(p)](const Args& args, std::span<const int64_t> outputs) {
    std::vector<double> errors =
        WinogradError<Matrices>(conv, args.at<float>(Conv2d::kSrc), args.at<float>(Conv2d::kWei), outputs);
    for (double& error : errors) error *= ActivationSlope(conv.act, UnitRoundoff(DType::kF32));
    return errors;
  };
}

template <int kOut>
Invocation PrepareWinograd(const Conv2d& p, const Context& context) {
  const WinogradConv conv = WinogradConvOf(p);
  const int threads = ConvThreads(p, ChosenGemmShape().nr, context.threads);
  const auto plan = std::make_shared<const WinogradPlan>(MakeWinogradPlan<kOut>(conv, threads));
  Invocation invocation;
  invocation.run = [plan, run = ChosenWinogradRun<kOut>(), has_bias = p.bia != 0](const Args& args) {
    const WinogradData data = {.src = args.at<float>(Conv2d::kSrc),
                               .packed = reinterpret_cast<const float*>(args.packed),
                               .bias = has_bias ? args.at<float>(Conv2d::kBia) : nullptr,
                               .dst = args.at<float>(Conv2d::kDst),
                               .workspace = reinterpret_cast<float*>(args.workspace)};
    Parallel(static_cast<int>(plan->parts.size()), [&](int thread) { run(*plan, data, thread); });
  };
  invocation.pack = [plan](const Args& args) {
    PackWinograd<kOut>(*plan, args.at<float>(Conv2d::kWei), reinterpret_cast<float*>(args.packed));
  };
  invocation.extra_error = WinogradExtraError<WinogradMatrices<kOut>>(p);
  invocation.impl = plan->Name() + OnThreads(threads, context.threads);
  invocation.executed_flops = 2 * plan->Macs();
  invocation.packed_bytes = plan->packed_bytes();
  invocation.workspace_bytes = plan->workspace_bytes();
  return invocation;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_CONV2D_WINOGRAD_H_
