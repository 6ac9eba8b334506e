// The textbook way: each vector of outputs reads its taps' inputs and weights. Shows what holding them is worth.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwconv2d/direct.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwconv2d/dwconv2d.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// The channels from `c` on of one output, as many as `d` has lanes.
template <class D>
HWY_INLINE void Output(D d, const DwConv2d& p, const Args& args, int64_t n, int64_t oh, int64_t ow, int64_t c) {
  using V = hn::Vec<D>;
  const float* src = args.at<float>(DwConv2d::kSrc) + n * p.ih * p.iw * p.c + c;
  const float* wei = args.at<float>(DwConv2d::kWei) + c;
  const Range rows = p.rows().TapsAt(oh);
  const Range columns = p.columns().TapsAt(ow);
  V sum[1][1] = {{p.bia ? hn::LoadU(d, args.at<float>(DwConv2d::kBia) + c) : hn::Zero(d)}};
  for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
    const int64_t row = (oh * p.sh - p.ph + kh * p.dh) * p.iw + ow * p.sw - p.pw;
    for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
      const V x = hn::LoadU(d, src + (row + kw * p.dw) * p.c);
      sum[0][0] = hn::MulAdd(hn::LoadU(d, wei + (kh * p.kw + kw) * p.c), x, sum[0][0]);
    }
  }
  ActivateTile(d, p.act, sum);
  hn::StoreU(sum[0][0], d, args.at<float>(DwConv2d::kDst) + ((n * p.oh() + oh) * p.ow() + ow) * p.c + c);
}

void RunRow(const DwConv2d& p, const Args& args, int64_t row) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = row / p.oh();
  const int64_t oh = row % p.oh();
  for (int64_t ow = 0; ow < p.ow(); ++ow) {
    int64_t c = 0;
    for (; c + lanes <= p.c; c += lanes) Output(d, p, args, n, oh, ow, c);
    for (; c < p.c; ++c) Output(one, p, args, n, oh, ow, c);
  }
}

const char* Isa() { return hwy::TargetName(HWY_TARGET); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(RunRow);
HWY_EXPORT(Isa);

Invocation Prepare(const DwConv2d& p, const Context& context) {
  const auto run_row = &HWY_DYNAMIC_DISPATCH(RunRow);
  Invocation invocation;
  invocation.run = [p, run_row, threads = context.threads](const Args& args) {
    Parallel(threads, [&](int thread) {
      const Range rows = Share(p.mb * p.oh(), threads, thread);
      for (int64_t row = rows.begin; row < rows.end; ++row) run_row(p, args, row);
    });
  };
  invocation.impl = std::string(HWY_DYNAMIC_DISPATCH(Isa)()) + " an output at a time";
  invocation.executed_flops = Count(p, DType::kF32).flops;
  return invocation;
}

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "direct",
    .summary = "the textbook way: each vector of outputs reads its taps' inputs and weights",
    .isa_control = IsaControl::kHighway,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
#endif  // HWY_ONCE
