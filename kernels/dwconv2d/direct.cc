// The textbook way: each vector of outputs reads its taps' inputs and weights. Shows what holding them is worth.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwconv2d/direct.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/simd/activation-inl.h"
// clang-format on
#include <string>

#include "hwy/highway.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"
#include "kernels/dwconv2d/dwconv2d.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// What one pixel of outputs reads and writes.
struct Pixel {
  const float* src;  // where its first tap reads, maybe outside the map
  const float* wei;
  const float* bias;  // null for none
  float* dst;
  Range rows, columns;  // the taps inside the map
};

// The channels from `c` on, as many as `d` has lanes. kTaps: the rows and columns of the kernel, where they are known
// and all inside the map, else 0.
template <int kTaps, class D>
HWY_INLINE void Output(D d, const DwConv2d& p, const Pixel& pixel, int64_t c) {
  const Range rows = kTaps > 0 ? Range{0, kTaps} : pixel.rows;
  const Range columns = kTaps > 0 ? Range{0, kTaps} : pixel.columns;
  hn::Vec<D> sum[1][1] = {{pixel.bias != nullptr ? hn::LoadU(d, pixel.bias + c) : hn::Zero(d)}};
  for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
    for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
      const auto x = hn::LoadU(d, pixel.src + (kh * p.dh * p.iw + kw * p.dw) * p.c + c);
      sum[0][0] = hn::MulAdd(hn::LoadU(d, pixel.wei + (kh * p.kw + kw) * p.c + c), x, sum[0][0]);
    }
  }
  ActivateTile(d, p.act, sum);
  hn::StoreU(sum[0][0], d, pixel.dst + c);
}

template <int kTaps>
void RunPixel(const DwConv2d& p, const Pixel& pixel) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= p.c; c += lanes) Output<kTaps>(d, p, pixel, c);
  for (; c < p.c; ++c) Output<kTaps>(one, p, pixel, c);
}

void RunRow(const DwConv2d& p, const Args& args, int64_t row) {
  const int64_t n = row / p.oh();
  const int64_t oh = row % p.oh();
  const float* src = args.at<float>(DwConv2d::kSrc) + (n * p.ih + oh * p.sh - p.ph) * p.iw * p.c;
  float* dst = args.at<float>(DwConv2d::kDst) + row * p.ow() * p.c;
  for (int64_t ow = 0; ow < p.ow(); ++ow) {
    const Pixel pixel = {
        .src = src + (ow * p.sw - p.pw) * p.c,
        .wei = args.at<float>(DwConv2d::kWei),
        .bias = p.bia ? args.at<float>(DwConv2d::kBia) : nullptr,
        .dst = dst + ow * p.c,
        .rows = p.rows().TapsAt(oh),
        .columns = p.columns().TapsAt(ow),
    };
    const bool whole = pixel.rows.end - pixel.rows.begin == p.kh && pixel.columns.end - pixel.columns.begin == p.kw;
    if (whole && p.kh == 3 && p.kw == 3) {
      RunPixel<3>(p, pixel);
    } else if (whole && p.kh == 5 && p.kw == 5) {
      RunPixel<5>(p, pixel);
    } else {
      RunPixel<0>(p, pixel);
    }
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
