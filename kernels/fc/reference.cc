#include "kernels/api/reference.h"

#include "kernels/fc/fc.h"

namespace roofgap {

std::vector<Expected> Reference(const Fc& p, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  return WithElementType(dtype, [&]<class T>(T) {
    return ForRows(outputs, p.oc, [&](int64_t n) {
      return [=, &p, &args](int64_t oc) {
        const Sum sum = Dot(args.at<T>(Fc::kSrc) + n * p.ic, args.at<T>(Fc::kWei) + oc * p.ic, p.ic);
        const T* bia = p.bia ? args.at<T>(Fc::kBia) + oc : nullptr;
        return WithBiasAndActivation(sum, bia, p.act, ErrorUnit(dtype));
      };
    });
  });
}

namespace {

[[maybe_unused]] const bool kRegistered = Register<Fc>({
    .name = "reference",
    .summary = kReferenceSummary,
    .supports = SupportsReference<Fc>,
    .prepare = PrepareReference<Fc>,
});

}  // namespace
}  // namespace roofgap
