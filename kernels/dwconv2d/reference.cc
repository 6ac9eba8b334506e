#include "kernels/api/reference.h"

#include "kernels/dwconv2d/dwconv2d.h"

namespace roofgap {

std::vector<Expected> Reference(const DwConv2d& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  return WithElementType(dtype, [&]<class T>(T) {
    return ForRows(outputs, p.c, [&](int64_t pixel) {
      const int64_t ow = pixel % p.ow();
      const int64_t oh = pixel / p.ow() % p.oh();
      const int64_t n = pixel / (p.ow() * p.oh());
      const Range rows = p.rows().TapsAt(oh);
      const Range columns = p.columns().TapsAt(ow);
      return [=, &p, &args](int64_t c) {
        Sum sum;
        for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
          for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
            const int64_t ih = oh * p.sh - p.ph + kh * p.dh;
            const int64_t iw = ow * p.sw - p.pw + kw * p.dw;
            const double src = args.at<T>(DwConv2d::kSrc)[((n * p.ih + ih) * p.iw + iw) * p.c + c];
            const double wei = args.at<T>(DwConv2d::kWei)[(kh * p.kw + kw) * p.c + c];
            sum.Add(src * wei);
          }
        }
        const T* bia = p.bia ? args.at<T>(DwConv2d::kBia) + c : nullptr;
        return WithBiasAndActivation(sum, bia, p.act, ErrorUnit(dtype));
      };
    });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<DwConv2d>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<DwConv2d>,
    .prepare = PrepareReference<DwConv2d>,
});

}  // namespace
}  // namespace roofgap
