// Fully connected layers of any batch on the register-tile GEMM, weights packed in panels.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fc/gemm.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>
#include <string>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/fc/fc.h"
#include "kernels/fc/threads.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// Rows `rows`, output channels of the panels `panels`.
void RunPart(const Fc& p, const Args& args, Range rows, Range panels) {
  const int64_t column = panels.begin * kGemmNR;
  const float* src = args.at<float>(Fc::kSrc) + rows.begin * p.ic;
  float* dst = args.at<float>(Fc::kDst) + rows.begin * p.oc + column;
  const float* packed = reinterpret_cast<const float*>(args.packed) + column * p.ic;
  const float* bias = p.bia != 0 ? args.at<float>(Fc::kBia) + column : nullptr;
  const int64_t columns = std::min(panels.end * kGemmNR, p.oc) - column;
  GemmB weights = PackedB(packed, p.ic, kGemmNR);
  weights.stream = true;
  Gemm({src, p.ic}, weights, {dst, p.oc}, rows.end - rows.begin, columns, p.ic, {bias, p.act, false});
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunPart);

Invocation Prepare(const Fc& p, const Context& context) {
  const GemmShape shape = ChosenGemmShape();
  const auto run = &HWY_DYNAMIC_DISPATCH(RunPart);
  const int threads = FcThreads(p, shape, context.threads);
  const int64_t panels = (p.oc + shape.nr - 1) / shape.nr;
  // Each thread reads all of one operand and its share of the other: the larger one is divided, so far as it goes.
  const bool split_oc = p.oc >= p.mb && panels >= threads;
  Invocation invocation;
  invocation.run = [=](const Args& args) {
    Parallel(threads, [&](int thread) {
      const Range rows = split_oc ? Range{0, p.mb} : Share(p.mb, threads, thread);
      const Range own = split_oc ? Share(panels, threads, thread) : Range{0, panels};
      if (rows.begin < rows.end) run(p, args, rows, own);
    });
  };
  invocation.pack = [=](const Args& args) {
    PackB({args.at<float>(Fc::kWei), p.ic}, p.oc, p.ic, shape.nr, reinterpret_cast<float*>(args.packed));
  };
  invocation.impl = shape.Name() + OnThreads(threads, context.threads);
  invocation.executed_flops = 2.0 * p.mb * p.ic * p.oc;
  invocation.packed_bytes = PackedFloats(p.oc, p.ic, shape.nr) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "gemm",
    .summary = "register-tiled matrix product, weights packed in panels of output channels",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
