#include <algorithm>
#include <optional>
#include <string_view>

#include "kernels/api/registry.h"
#include "kernels/conv2d/onednn.h"
#include "kernels/conv2d/winograd.h"
#include "kernels/onednn/session.h"

// oneDNN's Winograd convolution, the faster where it offers several: `convolution_winograd` must be asked for, is there
// for AVX-512 alone, and left the library in 3.2. Tile and matrices follow from the implementation's name and are as in
// its source of 2.6; one with another name is declined, as neither its work nor its error would be known.

namespace roofgap {
namespace {

// `wino_2x3`: the points 0, 1, -1. One addition in each B^T, two in each A^T, two and a halving in each G.
struct Wino2x3 : WinogradMatrices<2> {
  static constexpr int kWeightRoundings = 6;
};

// `wino_4x3`: the points 0, a, -a, b, -b with a = 5/8 and b = 3/2, not scaled. Each row of a transform is a sum of at
// most 5 terms (4 in B^T, 3 in G, whose constants are rounded too), each of them multiplied at most twice.
struct Wino4x3 {
  static constexpr double a = 0.625, b = 1.5, a2 = a * a, b2 = b * b;
  static constexpr double ga = 1 / (2 * a2 * (a2 - b2)), gb = 1 / (2 * b2 * (b2 - a2));
  static constexpr double kAT[4][6] = {
      {1, 1, 1, 1, 1, 0}, {0, a, -a, b, -b, 0}, {0, a2, a2, b2, b2, 0}, {0, a* a2, -a* a2, b* b2, -b* b2, 1}};
  static constexpr double kG[6][3] = {{1 / (a2 * b2), 0, 0}, {ga, ga* a, ga* a2},  {ga, -ga* a, ga* a2},
                                      {gb, gb* b, gb* b2},   {gb, -gb* b, gb* b2}, {0, 0, 1}};
  static constexpr double kBT[6][6] = {{a2 * b2, 0, -a2 - b2, 0, 1, 0}, {0, -a* b2, -b2, a, 1, 0},
                                       {0, a* b2, -b2, -a, 1, 0},       {0, -a2* b, -a2, b, 1, 0},
                                       {0, a2* b, -a2, -b, 1, 0},       {0, a2* b2, 0, -a2 - b2, 0, 1}};
  static constexpr int kInputRoundings = 3 + 2, kOutputRoundings = 4 + 2, kWeightRoundings = 2 * (2 + 2 + 1);
};

// The outputs of a tile along one axis; none where the name does not tell.
std::optional<int> Tile(const onednn::Convolution& convolution) {
  const std::string_view name = convolution.primitive.impl_info_str();
  if (name.find("wino_2x3") != std::string_view::npos) return 2;
  if (name.find("wino_4x3") != std::string_view::npos) return 4;
  return std::nullopt;
}

std::vector<onednn::Convolution> DescribeAll(const Conv2d& p) {
  onednn::ConvolutionShape shape = OneDnnShape(p);
  shape.algorithm = dnnl::algorithm::convolution_winograd;
  std::vector<onednn::Convolution> all = onednn::DescribeAll(shape);
  std::erase_if(all, [](const onednn::Convolution& one) { return !Tile(one); });
  if (all.empty()) throw dnnl::error(dnnl_unimplemented, "no Winograd convolution whose tile is known");
  return all;
}

Support Supports(const Conv2d& problem, const Context& context) {
  return onednn::Supported(problem, context, DescribeAll);
}

Invocation PrepareOne(const Conv2d& p, const Context& context, const onednn::Convolution& convolution) {
  const int out = *Tile(convolution);
  const auto tiles = static_cast<double>(p.mb * ((p.oh() + out - 1) / out) * ((p.ow() + out - 1) / out));
  const double macs = (out + 2) * (out + 2) * tiles * static_cast<double>(p.ic) * static_cast<double>(p.oc);
  Invocation invocation = PrepareAlone(convolution, context, 2 * macs);
  if (out == 2) {
    invocation.extra_error = WinogradExtraError<Wino2x3>(p);
  } else {
    invocation.extra_error = WinogradExtraError<Wino4x3>(p);
  }
  return invocation;
}

Invocation Prepare(const Conv2d& problem, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  return onednn::PrepareFastest(problem, context, DescribeAll(problem),
                                [&](const onednn::Convolution& one) { return PrepareOne(problem, context, one); });
}

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "onednn_winograd",
    .summary = "the fastest of oneDNN's Winograd convolutions (2.x, AVX-512), by trial",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
