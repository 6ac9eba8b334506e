#include "kernels/api/reference.h"

#include "kernels/dwsep/dwsep.h"

namespace roofgap {
namespace {

// mid[n][oh][ow][c] of all channels, with its bounds.
template <class T>
std::vector<Expected> Depthwise(const DwSep& p, const Args& args, double unit, int64_t pixel) {
  const int64_t ow = pixel % p.ow();
  const int64_t oh = pixel / p.ow() % p.oh();
  const int64_t n = pixel / (p.ow() * p.oh());
  const Range rows = p.rows().TapsAt(oh);
  const Range columns = p.columns().TapsAt(ow);
  std::vector<Expected> mid(static_cast<size_t>(p.ic));
  for (int64_t c = 0; c < p.ic; ++c) {
    Sum sum;
    for (int64_t kh = rows.begin; kh < rows.end; ++kh) {
      for (int64_t kw = columns.begin; kw < columns.end; ++kw) {
        const int64_t ih = oh * p.sh - p.ph + kh;
        const int64_t iw = ow * p.sw - p.pw + kw;
        const double src = args.at<T>(DwSep::kSrc)[((n * p.ih + ih) * p.iw + iw) * p.ic + c];
        const double wei = args.at<T>(DwSep::kDwWei)[(kh * p.kw + kw) * p.ic + c];
        sum.Add(src * wei);
      }
    }
    const T* bia = p.bia ? args.at<T>(DwSep::kDwBia) + c : nullptr;
    mid[static_cast<size_t>(c)] = WithBiasAndActivation(sum, bia, p.act, unit);
  }
  return mid;
}

}  // namespace

// A kernel's own mid differs from the exact one by up to its bound m_c. The pointwise sum over that mid rounds by at
// most (ic + 1) u (sum (|mid_c| + m_c) |pw_wei_c| + |pw_bia|), and is itself off by at most sum m_c |pw_wei_c|.
std::vector<Expected> Reference(const DwSep& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const double unit = ErrorUnit(dtype);
  return WithElementType(dtype, [&]<class T>(T) {
    return ForRows(outputs, p.oc, [&](int64_t pixel) {
      return [=, &p, &args, mid = Depthwise<T>(p, args, unit, pixel)](int64_t oc) {
        const T* wei = args.at<T>(DwSep::kPwWei) + oc * p.ic;
        double value = p.bia ? static_cast<double>(args.at<T>(DwSep::kPwBia)[oc]) : 0;
        double magnitude = std::abs(value);
        double inherited = 0;
        for (int64_t c = 0; c < p.ic; ++c) {
          const Expected& of_mid = mid[static_cast<size_t>(c)];
          const double weight = wei[c];
          value += of_mid.value * weight;
          magnitude += (std::abs(of_mid.value) + of_mid.bound) * std::abs(weight);
          inherited += of_mid.bound * std::abs(weight);
        }
        const double rounding = (static_cast<double>(p.ic) + 1) * unit * magnitude;
        return Activate(p.act, {value, inherited + rounding}, unit);
      };
    });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<DwSep>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<DwSep>,
    .prepare = PrepareReference<DwSep>,
});

}  // namespace
}  // namespace roofgap
