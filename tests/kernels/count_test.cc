// Work counts are what loops over the definition count.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "kernels/api/problem.h"
#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

// What a convolution does per channel pair and map, by trying each tap of each output.
struct Taps {
  int64_t valid = 0;
  int64_t all = 0;
  std::set<std::pair<int64_t, int64_t>> touched;  // inputs
  std::set<std::pair<int64_t, int64_t>> used;     // of the kernel
};

Taps TryAllTaps(const Window& rows, const Window& columns) {
  Taps taps;
  for (int64_t oh = 0; oh < rows.outputs(); ++oh) {
    for (int64_t ow = 0; ow < columns.outputs(); ++ow) {
      for (int64_t kh = 0; kh < rows.taps; ++kh) {
        for (int64_t kw = 0; kw < columns.taps; ++kw) {
          const int64_t ih = oh * rows.stride - rows.pad + kh * rows.dilation;
          const int64_t iw = ow * columns.stride - columns.pad + kw * columns.dilation;
          ++taps.all;
          if (ih < 0 || ih >= rows.in || iw < 0 || iw >= columns.in) continue;
          ++taps.valid;
          taps.touched.insert({ih, iw});
          taps.used.insert({kh, kw});
        }
      }
    }
  }
  return taps;
}

int64_t Touched(const Taps& taps) { return static_cast<int64_t>(taps.touched.size()); }
int64_t Used(const Taps& taps) { return static_cast<int64_t>(taps.used.size()); }

struct Counts {
  int64_t macs = 0;
  int64_t nominal_macs = 0;
  int64_t read = 0;
};

Counts ByHand(const Conv2d& p) {
  const Taps taps = TryAllTaps(p.rows(), p.columns());
  const int64_t pairs = p.mb * p.oc * (p.ic / p.g);
  return {.macs = pairs * taps.valid,
          .nominal_macs = pairs * taps.all,
          .read = p.mb * Touched(taps) * p.ic + p.oc * Used(taps) * (p.ic / p.g) + p.bia * p.oc};
}

Counts ByHand(const DwConv2d& p) {
  const Taps taps = TryAllTaps(p.rows(), p.columns());
  return {.macs = p.mb * p.c * taps.valid,
          .nominal_macs = p.mb * p.c * taps.all,
          .read = p.mb * Touched(taps) * p.c + Used(taps) * p.c + p.bia * p.c};
}

Counts ByHand(const DwSep& p) {
  const Taps taps = TryAllTaps(p.rows(), p.columns());
  const int64_t pointwise = p.mb * p.oh() * p.ow() * p.ic * p.oc;
  return {.macs = p.mb * p.ic * taps.valid + pointwise,
          .nominal_macs = p.mb * p.ic * taps.all + pointwise,
          .read = p.mb * Touched(taps) * p.ic + Used(taps) * p.ic + p.oc * p.ic + p.bia * (p.ic + p.oc)};
}

Counts ByHand(const InvRes& p) {
  const Taps taps = TryAllTaps(p.window(), p.window());
  const int64_t expand = p.mc == p.c ? 0 : p.c * p.mc;  // of a pixel, and weights
  const int64_t project = p.oh() * p.oh() * p.mc * p.oc;
  const int64_t se = 2 * p.mc * p.se;
  return {.macs = p.mb * (Touched(taps) * expand + p.mc * taps.valid + se + project),
          .nominal_macs = p.mb * (p.ih * p.ih * expand + p.mc * taps.all + se + project),
          .read = p.mb * Touched(taps) * p.c + expand + (p.mc == p.c ? 0 : p.mc) + Used(taps) * p.mc + p.mc + se +
                  (p.se > 0 ? p.se + p.mc : 0) + p.oc * p.mc + p.oc};
}

Counts ByHand(const Fc& p) {
  const int64_t macs = p.mb * p.ic * p.oc;
  return {.macs = macs, .nominal_macs = macs, .read = p.mb * p.ic + p.ic * p.oc + p.bia * p.oc};
}

Counts ByHand(const Attention& p) {
  int64_t pairs = 0;
  for (int64_t i = 0; i < p.s; ++i) {
    for (int64_t j = 0; j < p.t; ++j) pairs += !p.causal || j <= i + p.t - p.s;
  }
  // Twice the nominal causal pairs are 2 s t - s^2: whole, where s t - s^2 / 2 may not be.
  const int64_t twice_nominal = p.causal ? 2 * p.s * p.t - p.s * p.s : 2 * p.s * p.t;
  return {.macs = 2 * p.b * p.h * pairs * p.d,
          .nominal_macs = p.b * p.h * twice_nominal * p.d,
          .read = p.b * p.d * (p.h * p.s + 2 * p.kvh * p.t)};
}

// Keys are projected as values are.
Counts ByHand(const Linformer& p) {
  const int64_t project = 2 * p.b * p.kvh * p.k * p.t * p.d;
  const int64_t attend = 2 * p.b * p.h * p.s * p.k * p.d;
  return {.macs = project + attend,
          .nominal_macs = project + attend,
          .read = p.b * p.d * (p.h * p.s + 2 * p.kvh * p.t) + 2 * p.k * p.t};
}

// Key by key: its features, then they times the value and 1; query by query: its features, then they times the sums.
Counts ByHand(const Performer& p) {
  int64_t macs = 0;
  for (int64_t key = 0; key < p.b * p.kvh * p.t; ++key) macs += p.m * p.d + p.m * (p.d + 1);
  for (int64_t query = 0; query < p.b * p.h * p.s; ++query) macs += p.m * p.d + p.m * (p.d + 1);
  return {.macs = macs, .nominal_macs = macs, .read = p.b * p.d * (p.h * p.s + 2 * p.kvh * p.t) + p.m * p.d};
}

int64_t OutputElements(const Problem& problem) { return Operands(problem).back().elements(); }

void ExpectCounted(std::string_view text) {
  SCOPED_TRACE(text);
  const Problem problem = ParseProblem(text);
  const Counts by_hand = std::visit([](const auto& p) { return ByHand(p); }, problem);
  for (DType dtype : {DType::kF32, DType::kF64}) {
    const auto element = static_cast<double>(SizeOf(dtype));
    const Work work = Count(problem, dtype);
    EXPECT_EQ(work.flops, 2.0 * static_cast<double>(by_hand.macs));
    EXPECT_EQ(work.flops_nominal, 2.0 * static_cast<double>(by_hand.nominal_macs));
    EXPECT_EQ(work.bytes_read, element * static_cast<double>(by_hand.read));
    EXPECT_EQ(work.bytes_written, element * static_cast<double>(OutputElements(problem)));
  }
}

TEST(CountTest, EqualsTheLoopsOnEveryTestedShape) {
  for (std::string_view op : OpNames()) {
    for (std::string_view shape : ShapesOf(op)) ExpectCounted(shape);
  }
}

TEST(CountTest, PublishedLayersHaveTheirPublishedCounts) {
  // ResNet-50 conv1: 118 M multiply-accumulates as papers count them (7x7x3x64 on 112x112).
  EXPECT_EQ(Count(ParseProblem("conv2d:ic3ih224oc64kh7sh2ph3"), DType::kF32).macs(), 118013952.0);
  // A fully connected layer of ResNet-50.
  EXPECT_EQ(Count(ParseProblem("fc:ic2048oc1000"), DType::kF32).flops, 2.0 * 2048 * 1000);
  EXPECT_EQ(Count(ParseProblem("attention:h12s197d64"), DType::kF32).flops, 4.0 * 12 * 197 * 197 * 64);
  // A key and value cache for each of 32 heads, and one for all of them, beside q.
  const double q = 4.0 * 32 * 128, cache = 4.0 * 2 * 8192 * 128;
  EXPECT_EQ(Count(ParseProblem("attention:h32s1t8192d128"), DType::kF32).bytes_read, q + 32 * cache);
  EXPECT_EQ(Count(ParseProblem("attention:h32kvh1s1t8192d128"), DType::kF32).bytes_read, q + cache);
}

TEST(CountTest, AnInvertedResidualCountsItsTwoConvolutionsItsTapsAndItsBiases) {
  // 4 to 24 channels on 3x3 and back. Taps inside the map: (2 + 3 + 2)^2 = 49 of 81.
  const Work work = Count(ParseProblem("invres:c4mc24oc4ih3kh3ph1res1"), DType::kF32);
  EXPECT_EQ(work.flops, 2.0 * 24 * (9 * 4 + 49 + 9 * 4));
  EXPECT_EQ(work.flops_nominal, 2.0 * 24 * (9 * 4 + 81 + 9 * 4));
  EXPECT_EQ(work.bytes_read, 4.0 * (9 * 4 + (4 * 24 + 24) + (9 * 24 + 24) + (24 * 4 + 4)));
  EXPECT_EQ(work.bytes_written, 4.0 * 9 * 4);
  // Without an expansion its weights are not there; squeeze-and-excite to 2 channels is two matrices and their biases.
  const Work plain = Count(ParseProblem("invres:c24mc24oc4ih3kh3ph1se2"), DType::kF32);
  EXPECT_EQ(plain.flops, 2.0 * 24 * (49 + 9 * 4 + 2 * 2));
  EXPECT_EQ(plain.bytes_read, 4.0 * (9 * 24 + (9 * 24 + 24) + (2 * 24 + 2) + (24 * 2 + 24) + (24 * 4 + 4)));
}

TEST(CountTest, PixelsThatNoTapReadsAreNotExpanded) {
  const Work work = Count(ParseProblem("invres:c4mc8oc3ih5kh1sh2"), DType::kF32);
  EXPECT_EQ(work.flops, 2.0 * 8 * (9 * 4 + 9 + 9 * 3));
  EXPECT_EQ(work.flops_nominal, 2.0 * 8 * (25 * 4 + 9 + 9 * 3));
}

TEST(CountTest, ApproximateAttentionGrowsWithTheLengthAndExactAttentionWithItsSquare) {
  const auto flops = [](std::string_view text) { return Count(ParseProblem(text), DType::kF32).flops; };
  // Both projections, scores and weighted sums: 4 n k d each.
  EXPECT_EQ(flops("linformer:h12s4096d64k256"), 2 * 4.0 * 12 * 4096 * 256 * 64);
  // Features 2 n m d of queries and of keys, sums over keys and their products 2 n m (d + 1) each.
  EXPECT_EQ(flops("performer:h12s4096d64m256"), 12 * 4096 * 256 * (4.0 * 64 + 4 * 65));
  EXPECT_EQ(flops("performer:h12s4096d64causal1m256"), flops("performer:h12s4096d64m256"));
  for (std::string_view shared : {"h12kvh3s", "h12s"}) {
    const auto at = [&](std::string_view op, std::string_view rest, int n) {
      return flops(std::string(op) + ":" + std::string(shared) + std::to_string(n) + std::string(rest));
    };
    EXPECT_EQ(at("linformer", "d64k256", 8192), 2 * at("linformer", "d64k256", 4096));
    EXPECT_EQ(at("performer", "d64m256", 8192), 2 * at("performer", "d64m256", 4096));
    EXPECT_EQ(at("attention", "d64", 8192), 4 * at("attention", "d64", 4096));
  }
}

TEST(CountTest, StridedPointwiseConvolutionReadsAQuarterOfItsMap) {
  const Work work = Count(ParseProblem("conv2d:ic64ih8oc1kh1sh2"), DType::kF32);
  EXPECT_EQ(work.bytes_read, 4.0 * (4 * 4 * 64 + 64));
}

TEST(CountTest, WeightsThatMeetOnlyPaddingAreNotRead) {
  const Work work = Count(ParseProblem("conv2d:ic512ih1oc512kh3ph1"), DType::kF32);
  EXPECT_EQ(work.bytes_read, 4.0 * (512 + 512 * 512));
}

TEST(CountTest, HugeProblemsDoNotOverflow) {
  const Work work = Count(ParseProblem("fc:mb1048576ic33554432oc33554432"), DType::kF32);
  EXPECT_EQ(work.flops, 0x1p71);
}

// Every window of a small family: strides beyond the taps, gaps from dilation, padding wider than the kernel.
TEST(WindowTest, ClosedFormsEqualTheLoops) {
  int64_t windows = 0;
  for (int64_t in = 1; in <= 7; ++in) {
    for (int64_t taps = 1; taps <= 4; ++taps) {
      for (int64_t stride = 1; stride <= 5; ++stride) {
        for (int64_t pad = 0; pad <= 4; ++pad) {
          for (int64_t dilation = 1; dilation <= 4; ++dilation) {
            const Window window{.in = in, .taps = taps, .stride = stride, .pad = pad, .dilation = dilation};
            if (window.span() > window.padded()) continue;
            SCOPED_TRACE(testing::Message() << in << " " << taps << " " << stride << " " << pad << " " << dilation);
            const Taps tried = TryAllTaps(window, Window{.in = 1, .taps = 1});
            EXPECT_EQ(window.ValidPairs(), tried.valid);
            EXPECT_EQ(window.TouchedInputs(), Touched(tried));
            EXPECT_EQ(window.UsedTaps(), Used(tried));
            for (int64_t o = 0; o < window.outputs(); ++o) {
              const Range range = window.TapsAt(o);
              const Range inputs = window.InputsOf({o, o + 1});
              for (int64_t k = 0; k < taps; ++k) {
                const int64_t i = o * stride - pad + k * dilation;
                EXPECT_EQ(k >= range.begin && k < range.end, i >= 0 && i < in);
                EXPECT_EQ(i >= inputs.begin && i < inputs.end, i >= 0 && i < in);
              }
            }
            ++windows;
          }
        }
      }
    }
  }
  EXPECT_GT(windows, 1000);
}

}  // namespace
}  // namespace roofgap
