#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/pointwise.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/dwsep/pointwise-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

PointwiseShape ShapeFor(const DwSep& p) {
  const int64_t vectors = std::min((p.oc + pointwise::kLanes - 1) / pointwise::kLanes, pointwise::kVectors);
  return {pointwise::kRowsOf[vectors], vectors * pointwise::kLanes, kGemmNR};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(ShapeFor);

}  // namespace

PointwiseShape ChosenPointwiseShape(const DwSep& p) { return HWY_DYNAMIC_DISPATCH(ShapeFor)(p); }

int64_t PackedPointwiseFloats(const DwSep& p, int64_t nr) {
  return PackedFloats(p.oc, p.ic, nr) + PackedFloats(p.oc, 1, nr);
}

void PackPointwise(const DwSep& p, int64_t nr, const Args& args) {
  float* const packed = reinterpret_cast<float*>(args.packed);
  PackB({args.at<float>(DwSep::kPwWei), p.ic}, p.oc, p.ic, nr, packed);
  float* const bias = packed + PackedFloats(p.oc, p.ic, nr);
  std::fill_n(bias, PackedFloats(p.oc, 1, nr), 0.0f);
  if (p.bia) std::copy_n(args.at<float>(DwSep::kPwBia), p.oc, bias);
}

PointwiseWeights PackedPointwise(const DwSep& p, int64_t nr, const Args& args) {
  const float* const packed = reinterpret_cast<const float*>(args.packed);
  return {packed, packed + PackedFloats(p.oc, p.ic, nr), p.oc, p.ic, p.act};
}

}  // namespace roofgap
#endif  // HWY_ONCE
