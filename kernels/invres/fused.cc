// By bands of output rows and chunks of channels: what is expanded and what is filtered stays in cache, and neither is
// ever whole in memory, except that squeeze-and-excite needs all depthwise results before it scales any.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/invres/fused.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/invres/squeeze-inl.h"
#include "kernels/simd/dwconv-inl.h"
#include "kernels/simd/row_gemm-inl.h"
// clang-format on
#include <algorithm>
#include <cstring>
#include <vector>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/invres/fused.h"
#include "kernels/simd/far.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t kLanes = static_cast<int64_t>(hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));

float* Workspace(const Args& args) { return reinterpret_cast<float*>(args.workspace); }
const float* Packed(const Args& args) { return reinterpret_cast<const float*>(args.packed); }

// Channels of a chunk that are computed: the last vector is filled up, with weights of zero.
int64_t ComputedWidth(const FusedPlan& plan, int64_t chunk) {
  if (!plan.p.expands()) return plan.width;
  return (plan.RealWidth(chunk) + kLanes - 1) / kLanes * kLanes;
}

// Rows of e, one chunk of channels, [row][ih][width].
void Expand(const FusedPlan& plan, const Args& args, int64_t n, Range rows, int64_t chunk, bool far, float* to) {
  const InvRes& p = plan.p;
  if (rows.begin >= rows.end) return;
  const int64_t first = chunk * plan.width;
  RowGemm of = {
      .a = args.at<float>(InvRes::kSrc) + (n * p.ih + rows.begin) * p.ih * p.c,
      .a_pitch = p.c,
      .chunk = p.c,
      .chunk_pitch = 0,
      .b = Packed(args) + first * p.c,
      .panel = plan.tiles.expand_nr,
      .bias = Packed(args) + plan.ExpandBiasAt() + first,
      .added = nullptr,
      .c = to,
      .c_pitch = plan.width,
      .m = (rows.end - rows.begin) * p.ih,
      .n = ComputedWidth(plan, chunk),
      .k = p.c,
      .act = p.act,
  };
  // The weights of the next chunk, or of the projection, which come behind.
  if (far) {
    const bool last = chunk + 1 == plan.chunks;
    of.ahead = Packed(args) + (last ? plan.ProjectAt() : (chunk + 1) * plan.width * p.c);
    of.ahead_floats = last ? plan.tiles.project_nr * p.mc : plan.width * p.c;
  }
  Gemm(of);
}

// Rows of d, one chunk of channels, [row][oh][width], from `e`, where row band.in.begin of the chunk begins.
void Filter(const FusedPlan& plan, const Args& args, const InvResBand& band, int64_t chunk, const float* e, float* to) {
  const InvRes& p = plan.p;
  DwConv conv = plan.conv;
  conv.rows.in = band.in.end - band.in.begin;
  conv.rows.pad = band.in.begin - (band.out.begin * p.sh - p.ph);
  const DwConvData data = {
      .src = e,
      .wei = Packed(args) + plan.DwAt() + chunk * p.kh * p.kh * plan.width,
      .bias = Packed(args) + plan.DwBiasAt() + chunk * plan.width,
  };
  DwConvRows(conv, data, to, {0, band.out.end - band.out.begin}, {0, ComputedWidth(plan, chunk)});
}

// Projects `pixels` pixels of d, the first of which begins in the first chunk at `d`, to `dst`; adds `residual` unless
// that is null.
void Project(const FusedPlan& plan, const Args& args, const float* d, int64_t pixels, const float* residual, bool far,
             float* dst) {
  const InvRes& p = plan.p;
  constexpr int64_t kRows = 112;  // stay in L2 for all panels of weights
  for (int64_t begin = 0; begin < pixels; begin += kRows) {
    const RowGemm of = {
        .a = d + begin * plan.width,
        .a_pitch = plan.width,
        .chunk = plan.width,
        .chunk_pitch = plan.filtered_chunk(),
        .b = Packed(args) + plan.ProjectAt(),
        .panel = plan.tiles.project_nr,
        .bias = Packed(args) + plan.ProjectBiasAt(),
        .added = residual != nullptr ? residual + begin * p.oc : nullptr,
        .c = dst + begin * p.oc,
        .c_pitch = p.oc,
        .m = std::min(kRows, pixels - begin),
        .n = p.oc,
        .k = p.mc,
        .act = 0,
        .far = far,
    };
    Gemm(of);
  }
}

// Expands and filters a thread's bands; projects them too unless that has to wait for other threads.
void RunBands(const FusedPlan& plan, const Args& args, bool far, int thread) {
  const InvRes& p = plan.p;
  const Range chunks = plan.by_chunks ? Share(plan.chunks, plan.threads, thread) : Range{0, plan.chunks};
  float* const sums = Workspace(args) + plan.SqueezeAt() + plan.squeeze.Sums(thread);
  if (p.se > 0) std::fill_n(sums, p.mb * plan.squeeze.pitch, 0.0f);
  const int64_t row = p.ih * plan.width;
  const auto touch = [&](const InvResBand& band) {
    const int64_t first = (band.n * p.ih + band.in.begin + band.kept) * p.ih * p.c;
    Touch({args.at<float>(InvRes::kSrc) + first, (band.in.end - band.in.begin - band.kept) * p.ih * p.c});
  };
  for (const InvResBand& band : plan.bands[static_cast<size_t>(thread)]) {
    const int64_t pixels = (band.out.end - band.out.begin) * p.oh();
    if (far) touch(band);
    float* const d =
        Workspace(args) + plan.FilteredAt() +
        (plan.whole ? band.n * plan.filtered() + band.out.begin * p.oh() * plan.width : thread * plan.filtered());
    for (int64_t chunk = chunks.begin; chunk < chunks.end; ++chunk) {
      const float* from = args.at<float>(InvRes::kSrc) + (band.n * p.ih + band.in.begin) * row;
      if (p.expands()) {
        float* const e = Workspace(args) + thread * plan.expanded() + (plan.slides ? chunk * plan.expanded_chunk() : 0);
        float* const at = e + band.at * row;
        if (band.kept > 0 && band.moved != band.at) {
          std::memmove(at, e + band.moved * row, static_cast<size_t>(band.kept * row) * sizeof(float));
        }
        Expand(plan, args, band.n, {band.in.begin + band.kept, band.in.end}, chunk, far, at + band.kept * row);
        from = at;
      }
      float* const to = d + chunk * plan.filtered_chunk();
      Filter(plan, args, band, chunk, from, to);
      if (p.se > 0) {
        AddToSums(to, plan.width, pixels, plan.RealWidth(chunk),
                  sums + band.n * plan.squeeze.pitch + chunk * plan.width);
      }
    }
    if (plan.whole) continue;
    const int64_t first = (band.n * p.oh() + band.out.begin) * p.oh();
    Project(plan, args, d, pixels, p.res ? args.at<float>(InvRes::kSrc) + first * p.oc : nullptr, far,
            args.at<float>(InvRes::kDst) + first * p.oc);
  }
}

void RunSqueeze(const FusedPlan& plan, const Args& args, bool, int thread) {
  SqueezeShare(plan.squeeze, Workspace(args) + plan.SqueezeAt(), Packed(args) + plan.PackedSqueezeAt(),
               args.at<float>(InvRes::kSqueezeBia), thread);
}

void RunExcite(const FusedPlan& plan, const Args& args, bool, int thread) {
  ExciteShare(plan.squeeze, Workspace(args) + plan.SqueezeAt(), Packed(args) + plan.PackedSqueezeAt(),
              args.at<float>(InvRes::kExciteBia), thread);
}

// Scales and projects a thread's share of the pixels, from depthwise results that are whole.
void RunProject(const FusedPlan& plan, const Args& args, bool far, int thread) {
  const InvRes& p = plan.p;
  const int64_t map = p.oh() * p.oh();
  constexpr int64_t kPixels = 112;  // scaled in L2 just before they are projected
  const Range share = Share(p.mb * map, plan.threads, thread);
  for (int64_t first = share.begin; first < share.end;) {
    const int64_t n = first / map;
    const int64_t pixels = std::min({kPixels, share.end - first, (n + 1) * map - first});
    float* const d = Workspace(args) + plan.FilteredAt() + n * plan.filtered() + (first - n * map) * plan.width;
    for (int64_t chunk = 0; p.se > 0 && chunk < plan.chunks; ++chunk) {
      ScaleRows(
          d + chunk * plan.filtered_chunk(), plan.width, pixels, plan.RealWidth(chunk),
          Workspace(args) + plan.SqueezeAt() + plan.squeeze.Gates() + n * plan.squeeze.pitch + chunk * plan.width);
    }
    Project(plan, args, d, pixels, p.res ? args.at<float>(InvRes::kSrc) + first * p.oc : nullptr, far,
            args.at<float>(InvRes::kDst) + first * p.oc);
    first += pixels;
  }
}

FusedTiles TilesFor(const InvRes& p) {
  return {.expand_nr = RowGemmPanel(p.mc), .project_nr = RowGemmPanel(p.oc), .gemm = ChosenGemmShape()};
}

using Phase = void (*)(const FusedPlan&, const Args&, bool, int);

std::vector<Phase> PhasesOf(const FusedPlan& plan) {
  std::vector<Phase> phases = {&RunBands};
  if (plan.p.se > 0) {
    for (const Phase phase : {&RunSqueeze, &RunExcite}) phases.push_back(phase);
  }
  if (plan.whole) phases.push_back(&RunProject);
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

HWY_EXPORT(TilesFor);
HWY_EXPORT(PhasesOf);

void Pack(const FusedPlan& plan, const Args& args) {
  const InvRes& p = plan.p;
  float* const packed = reinterpret_cast<float*>(args.packed);
  std::fill_n(packed, plan.PackedFloatsInAll(), 0.0f);
  if (p.expands()) {
    PackB({args.at<float>(InvRes::kExpandWei), p.c}, p.mc, p.c, plan.tiles.expand_nr, packed);
    std::copy_n(args.at<float>(InvRes::kExpandBia), p.mc, packed + plan.ExpandBiasAt());
  }
  // [chunk][kh][kh][width]
  for (int64_t tap = 0; tap < p.kh * p.kh; ++tap) {
    for (int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
      std::copy_n(args.at<float>(InvRes::kDwWei) + tap * p.mc + chunk * plan.width, plan.RealWidth(chunk),
                  packed + plan.DwAt() + (chunk * p.kh * p.kh + tap) * plan.width);
    }
  }
  std::copy_n(args.at<float>(InvRes::kDwBia), p.mc, packed + plan.DwBiasAt());
  PackB({args.at<float>(InvRes::kProjectWei), p.mc}, p.oc, p.mc, plan.tiles.project_nr, packed + plan.ProjectAt());
  std::copy_n(args.at<float>(InvRes::kProjectBia), p.oc, packed + plan.ProjectBiasAt());
  plan.squeeze.Pack(args, packed + plan.PackedSqueezeAt());
}

Invocation Prepare(const InvRes& p, const Context& context) {
  const FusedPlan plan = PlanFused(p, context.threads, HWY_DYNAMIC_DISPATCH(TilesFor)(p));
  Invocation invocation;
  invocation.run = [plan, phases = HWY_DYNAMIC_DISPATCH(PhasesOf)(plan)](const Args& args) {
    const bool far = IsFar(reinterpret_cast<const float*>(args.packed), plan.PackedFloatsInAll());
    for (const auto phase : phases) {
      Parallel(plan.threads, [&](int thread) { phase(plan, args, far, thread); });
    }
  };
  invocation.pack = [plan](const Args& args) { Pack(plan, args); };
  invocation.impl = plan.Name();
  invocation.executed_flops = 2 * FusedMacs(plan);
  invocation.packed_bytes = static_cast<size_t>(plan.PackedFloatsInAll()) * sizeof(float);
  invocation.workspace_bytes = static_cast<size_t>(plan.WorkspaceFloats()) * sizeof(float);
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<InvRes>({
    .name = "fused",
    .summary = "bands of rows by chunks of channels: what is expanded and filtered stays in cache",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
