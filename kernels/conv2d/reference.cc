#include "kernels/api/reference.h"

#include "kernels/conv2d/conv2d.h"

namespace roofgap {

std::vector<Expected> Reference(const Conv2d& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  return WithElementType(dtype, [&]<class T>(T) {
    return ForRows(outputs, p.oc, [&](int64_t pixel) {
      const int64_t ow = pixel % p.ow();
      const int64_t oh = pixel / p.ow() % p.oh();
      const int64_t n = pixel / (p.ow() * p.oh());
      const Range rows = p.rows().TapsAt(oh);
      const Range columns = p.columns().TapsAt(ow);
      return [=, &p, &args](int64_t oc) {
        const int64_t group_ic = p.ic / p.g;
        const int64_t group = oc / (p.oc / p.g);
        Sum sum;
        for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
          for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
            const int64_t ih = oh * p.sh - p.ph + kh * p.dh;
            const int64_t iw = ow * p.sw - p.pw + kw * p.dw;
            const T* src = args.at<T>(Conv2d::kSrc) + ((n * p.ih + ih) * p.iw + iw) * p.ic + group * group_ic;
            const T* wei = args.at<T>(Conv2d::kWei) + ((oc * p.kh + kh) * p.kw + kw) * group_ic;
            sum.Add(Dot(src, wei, group_ic));
          }
        }
        const T* bia = p.bia ? args.at<T>(Conv2d::kBia) + oc : nullptr;
        return WithBiasAndActivation(sum, bia, p.act, ErrorUnit(dtype));
      };
    });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<Conv2d>,
    .prepare = PrepareReference<Conv2d>,
});

}  // namespace
}  // namespace roofgap
