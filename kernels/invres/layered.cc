// Layer by layer: each stage for everything before the next begins, with the whole of both intermediates in workspace.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/invres/layered.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/invres/squeeze-inl.h"
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>
#include <vector>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/invres/invres.h"

#ifndef ROOFGAP_KERNELS_INVRES_LAYERED_CC_
#define ROOFGAP_KERNELS_INVRES_LAYERED_CC_
namespace roofgap {
namespace {

struct LayeredPlan {
  InvRes p{};
  DwConv conv;
  DwConvPlan depthwise;
  GemmShape gemm;
  Squeeze squeeze;
  int threads = 1;

  int64_t expanded() const { return p.expands() ? p.mb * p.ih * p.ih * p.mc : 0; }
  int64_t filtered() const { return p.mb * p.oh() * p.oh() * p.mc; }
  // In floats: e, d, squeeze-and-excite; and expand_wei, project_wei, those of squeeze-and-excite.
  int64_t FilteredAt() const { return Squeeze::Padded(expanded()); }
  int64_t SqueezeAt() const { return FilteredAt() + Squeeze::Padded(filtered()); }
  int64_t ProjectAt() const { return p.expands() ? PackedFloats(p.mc, p.c, gemm.nr) : 0; }
  int64_t PackedSqueezeAt() const { return ProjectAt() + PackedFloats(p.oc, p.mc, gemm.nr); }
};

float* Workspace(const Args& args) { return reinterpret_cast<float*>(args.workspace); }
const float* Packed(const Args& args) { return reinterpret_cast<const float*>(args.packed); }

}  // namespace
}  // namespace roofgap
#endif

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

// A 1x1 convolution of `pixels` pixels, of which a thread has its share: of the output channels where they are more
// than the pixels (each thread reads all of one operand and its share of the other), else of the pixels.
// `residual`: null, or what is added, [pixels][oc].
struct Pointwise {
  const float* src;
  const float* packed;
  const float* bias;
  const float* residual;
  float* dst;
  int64_t pixels, ic, oc, act;
};

void RunPointwise(const Pointwise& conv, int threads, int thread) {
  Range pixels = {0, conv.pixels};
  Range oc = {0, conv.oc};
  if (conv.oc > conv.pixels && conv.oc >= threads * kGemmNR) {
    oc = ShareOfColumns(conv.oc, threads, thread);
  } else {
    pixels = Share(conv.pixels, threads, thread);
  }
  if (oc.begin == oc.end) return;
  constexpr int64_t kRows = 112;  // what is copied is still in L1 when the GEMM adds to it
  for (int64_t pixel = pixels.begin; pixel < pixels.end; pixel += kRows) {
    const int64_t rows = std::min(kRows, pixels.end - pixel);
    float* const dst = conv.dst + pixel * conv.oc;
    if (conv.residual != nullptr) {
      for (int64_t i = 0; i < rows; ++i) {
        const float* const from = conv.residual + (pixel + i) * conv.oc;
        std::copy(from + oc.begin, from + oc.end, dst + i * conv.oc + oc.begin);
      }
    }
    Gemm({conv.src + pixel * conv.ic, conv.ic}, PackedB(conv.packed + oc.begin * conv.ic, conv.ic, kGemmNR),
         {dst + oc.begin, conv.oc}, rows, oc.end - oc.begin, conv.ic,
         {.bias = conv.bias + oc.begin, .act = conv.act, .accumulate = conv.residual != nullptr});
  }
}

void RunExpand(const LayeredPlan& plan, const Args& args, int thread) {
  const InvRes& p = plan.p;
  RunPointwise({.src = args.at<float>(InvRes::kSrc),
                .packed = Packed(args),
                .bias = args.at<float>(InvRes::kExpandBia),
                .residual = nullptr,
                .dst = Workspace(args),
                .pixels = p.mb * p.ih * p.ih,
                .ic = p.c,
                .oc = p.mc,
                .act = p.act},
               plan.threads, thread);
}

void RunDepthwise(const LayeredPlan& plan, const Args& args, int thread) {
  const InvRes& p = plan.p;
  float* const sums = Workspace(args) + plan.SqueezeAt() + plan.squeeze.Sums(thread);
  if (p.se > 0) std::fill(sums, sums + p.mb * plan.squeeze.pitch, 0.0f);
  const int64_t blocks = (p.oh() + plan.depthwise.rows - 1) / plan.depthwise.rows;  // of one map
  const Range share = Share(p.mb * blocks, plan.threads, thread);
  for (int64_t n = share.begin / blocks; n * blocks < share.end; ++n) {
    const int64_t first = std::max<int64_t>(share.begin - n * blocks, 0);
    const int64_t last = std::min(share.end - n * blocks, blocks);
    const Range rows = {first * plan.depthwise.rows, std::min(last * plan.depthwise.rows, p.oh())};
    const DwConvData data = {
        .src = (p.expands() ? Workspace(args) : args.at<float>(InvRes::kSrc)) + n * p.ih * p.ih * p.mc,
        .wei = args.at<float>(InvRes::kDwWei),
        .bias = args.at<float>(InvRes::kDwBia),
    };
    float* const d = Workspace(args) + plan.FilteredAt() + (n * p.oh() + rows.begin) * p.oh() * p.mc;
    DwConvRows(plan.conv, data, d, rows, {0, p.mc});
    if (p.se > 0) AddToSums(d, p.mc, (rows.end - rows.begin) * p.oh(), p.mc, sums + n * plan.squeeze.pitch);
  }
}

void RunSqueeze(const LayeredPlan& plan, const Args& args, int thread) {
  SqueezeShare(plan.squeeze, Workspace(args) + plan.SqueezeAt(), Packed(args) + plan.PackedSqueezeAt(),
               args.at<float>(InvRes::kSqueezeBia), thread);
}

void RunExcite(const LayeredPlan& plan, const Args& args, int thread) {
  ExciteShare(plan.squeeze, Workspace(args) + plan.SqueezeAt(), Packed(args) + plan.PackedSqueezeAt(),
              args.at<float>(InvRes::kExciteBia), thread);
}

void RunScale(const LayeredPlan& plan, const Args& args, int thread) {
  const InvRes& p = plan.p;
  const float* const gates = Workspace(args) + plan.SqueezeAt() + plan.squeeze.Gates();
  const Range rows = Share(p.mb * p.oh(), plan.threads, thread);
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    ScaleRows(Workspace(args) + plan.FilteredAt() + row * p.oh() * p.mc, p.mc, p.oh(), p.mc,
              gates + row / p.oh() * plan.squeeze.pitch);
  }
}

void RunProject(const LayeredPlan& plan, const Args& args, int thread) {
  const InvRes& p = plan.p;
  RunPointwise({.src = Workspace(args) + plan.FilteredAt(),
                .packed = Packed(args) + plan.ProjectAt(),
                .bias = args.at<float>(InvRes::kProjectBia),
                .residual = p.res ? args.at<float>(InvRes::kSrc) : nullptr,
                .dst = args.at<float>(InvRes::kDst),
                .pixels = p.mb * p.oh() * p.oh(),
                .ic = p.mc,
                .oc = p.oc,
                .act = 0},
               plan.threads, thread);
}

using Phase = void (*)(const LayeredPlan&, const Args&, int);

std::vector<Phase> PhasesOf(const InvRes& p) {
  std::vector<Phase> phases;
  if (p.expands()) phases.push_back(&RunExpand);
  phases.push_back(&RunDepthwise);
  if (p.se > 0) {
    for (const Phase phase : {&RunSqueeze, &RunExcite, &RunScale}) phases.push_back(phase);
  }
  phases.push_back(&RunProject);
  return phases;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(PhasesOf);

Invocation Prepare(const InvRes& p, const Context& context) {
  LayeredPlan plan;
  plan.p = p;
  plan.conv = {.c = p.mc, .rows = p.window(), .columns = p.window(), .act = p.act};
  plan.depthwise = ChosenDwConvPlan(plan.conv);
  plan.gemm = ChosenGemmShape();
  plan.squeeze = SqueezeOf(p, context.threads, plan.gemm.nr);
  plan.threads = context.threads;
  Invocation invocation;
  invocation.run = [plan, phases = HWY_DYNAMIC_DISPATCH(PhasesOf)(p)](const Args& args) {
    for (const auto phase : phases) {
      Parallel(plan.threads, [&](int thread) { phase(plan, args, thread); });
    }
  };
  invocation.pack = [plan](const Args& args) {
    const InvRes& shape = plan.p;
    float* const packed = reinterpret_cast<float*>(args.packed);
    if (shape.expands()) PackB({args.at<float>(InvRes::kExpandWei), shape.c}, shape.mc, shape.c, plan.gemm.nr, packed);
    PackB({args.at<float>(InvRes::kProjectWei), shape.mc}, shape.oc, shape.mc, plan.gemm.nr, packed + plan.ProjectAt());
    plan.squeeze.Pack(args, packed + plan.PackedSqueezeAt());
  };
  invocation.impl = plan.depthwise.Name() + ", " + std::to_string(plan.gemm.mr) + "x" + std::to_string(plan.gemm.nr);
  const double expand = p.expands() ? static_cast<double>(p.ih * p.ih * p.c) : 0;
  const auto project = static_cast<double>(p.oh() * p.oh() * p.oc + 2 * p.se);
  invocation.executed_flops =
      2 * static_cast<double>(p.mb * p.mc) * (expand + plan.depthwise.Macs(plan.conv) + project);
  invocation.packed_bytes =
      static_cast<size_t>(plan.PackedSqueezeAt() + plan.squeeze.PackedFloatsInAll()) * sizeof(float);
  invocation.workspace_bytes = static_cast<size_t>(plan.SqueezeAt() + plan.squeeze.WorkspaceFloats()) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "layered",
    .summary = "expand, depthwise and project one after the other, both intermediates whole in the workspace",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
