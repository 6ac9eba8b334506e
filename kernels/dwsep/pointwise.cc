// Beside kernels/simd/gemm_tile.cc it knows that pixels are at a fixed pitch and tiles behind each other, so that no
// integer spills (to vector registers, whose way back waits behind the multiply-adds) and the loop over the tiles is
// inside.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dwsep/pointwise.cc"
#include "hwy/foreach_target.h"
// clang-format off: foreach_target.h comes first
#include "kernels/dwsep/pointwise-inl.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/gemm_tile-inl.h"
// clang-format on
#include <algorithm>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Panels that a tile covers, and its most rows by its vectors of columns.
#if HWY_TARGET == HWY_AVX3
constexpr int64_t kTogether = 2;
constexpr int kRowsOf[] = {0, 14, 14, 9, 6};
#elif HWY_ARCH_ARM
constexpr int64_t kTogether = 1;
constexpr int kRowsOf[] = {0, 14, 12, 8};
#else
constexpr int64_t kTogether = 1;
constexpr int kRowsOf[] = {0, 10, 6};
#endif
constexpr int64_t kVectors = kTogether * kGemmNV;
constexpr int64_t kColumns = kTogether * kGemmNR;

// What tiles prefetch: `step` floats further with each k.
struct Stream {
  const float* at;
  int64_t step;
};

// Tiles behind each other, from `column` on.
struct Job {
  const PointwisePixels& pixels;
  const PointwiseWeights& weights;
  int64_t column;
  int64_t tiles;
};

HWY_INLINE void StoreFirst(V v, float* to, int64_t count) {
#if HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(D(), static_cast<size_t>(count)), D(), to);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, D(), lanes);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#endif
}

// Not folded into the multiply-adds, which would load the scalar once for each vector.
template <int NV>
HWY_INLINE V Broadcast(const float* scalar) {
  V v = hn::Set(D(), *scalar);
#if HWY_TARGET <= HWY_SSE4 && HWY_ARCH_X86
  if constexpr (NV > 1) asm("" : "+v"(v.raw));
#endif
  return v;
}

// Vectors of a row of weights, of panels that lie `panel` floats apart.
template <int NV>
HWY_INLINE void LoadRow(const float* row, int64_t panel, V (&to)[NV]) {
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) to[v] = hn::LoadU(D(), row + v / kGemmNV * panel + v % kGemmNV * kLanes);
}

// The last step of the sum, bias, activation and storing, row by row: a burst of stores takes slots of the
// multiply-adds (2 % of a tile with k = 32, Zen 5).
template <Activation kAct, int MR, int NV, class At>
HWY_INLINE void Finish(const V (&sum)[MR][NV], const V (&b)[NV], const float* bias, const At& scalar, float* c,
                       int64_t c_pitch, int64_t last) {
  const D d;
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m, c += c_pitch) {
    const V av = Broadcast<NV>(scalar(m));
    V row[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) row[v] = hn::Add(hn::MulAdd(av, b[v], sum[m][v]), hn::LoadU(d, bias + v * kLanes));
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) row[v] = Activated<kAct>(d, row[v]);
#pragma GCC unroll 8
    for (int v = 0; v + 1 < NV; ++v) hn::StoreU(row[v], d, c + v * kLanes);
    if (last == kLanes) {
      hn::StoreU(row[NV - 1], d, c + (NV - 1) * kLanes);
    } else {
      StoreFirst(row[NV - 1], c + (NV - 1) * kLanes, last);
    }
  }
}

// Tiles of MR pixels by NV vectors.
template <Activation kAct, int NV, int MR>
void Tiles(const Job& job, Stream& stream) {
  const int64_t pitch = job.pixels.mid_pitch;
  const int64_t oc = job.weights.oc;
  const int64_t ic = job.weights.ic;
  const int64_t panel = ic * kGemmNR;
  const int64_t last = std::min(oc - job.column - (NV - 1) * kLanes, kLanes);
  const float* const packed = job.weights.packed + job.column * ic;
  const float* const bias = job.weights.bias + job.column;
  const float* a = job.pixels.mid;
  float* c = job.pixels.dst + job.column;
  const float* ahead = stream.at;
  const int64_t step = stream.step;
  for (int64_t t = job.tiles; t > 0; --t, a += MR * pitch, c += MR * oc) {
    // Begun with bias, the sums would be copies of a register: that took 5 % of a tile with k = 32 (Zen 5).
    V sum[MR][NV];
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[m][v] = hn::Zero(D());
    }
    // Three rows for each pointer, as x86 addresses a base, base + pitch and base + 2 pitch: 14 pointers would spill.
    constexpr int kBases = (MR + 2) / 3;
    const float* base[kBases];
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * pitch;
    const auto scalar = [&](int m) HWY_ATTR { return base[m / 3] + m % 3 * pitch; };
    const float* b = packed;
    V bv[NV];
    for (int64_t k = ic - 1; k > 0; --k) {
      __builtin_prefetch(ahead, 0, 2);
      ahead += step;
      LoadRow(b, panel, bv);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const V av = Broadcast<NV>(scalar(m));
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) sum[m][v] = hn::MulAdd(av, bv[v], sum[m][v]);
      }
      b += kGemmNR;
#pragma GCC unroll 8
      for (int i = 0; i < kBases; ++i) ++base[i];
    }
    LoadRow(b, panel, bv);
    Finish<kAct>(sum, bv, bias, scalar, c, oc, last);
  }
  stream.at = ahead;
}

// Direct branches choose the rows, by halving [kFirst, kFirst + kCount): see kernels/simd/README.md.
template <Activation kAct, int NV, int kFirst, int kCount>
HWY_INLINE void ByRows(int64_t rows, const Job& job, Stream& stream) {
  if constexpr (kCount == 1) {
    Tiles<kAct, NV, kFirst>(job, stream);
  } else {
    constexpr int kHalf = kCount / 2;
    rows < kFirst + kHalf ? ByRows<kAct, NV, kFirst, kHalf>(rows, job, stream)
                          : ByRows<kAct, NV, kFirst + kHalf, kCount - kHalf>(rows, job, stream);
  }
}

// Equal tiles: the first `higher` have a row more.
template <Activation kAct, int NV>
HWY_INLINE void ByVectors(int64_t vectors, const PointwisePixels& pixels, const PointwiseWeights& weights,
                          int64_t column, Stream& stream) {
  if (NV > 1 && vectors < NV) return ByVectors<kAct, std::max(NV - 1, 1)>(vectors, pixels, weights, column, stream);
  constexpr int kRows = kRowsOf[NV];
  const int64_t most = GemmRowsPerTile(pixels.mid_pitch, kRows);
  const int64_t tiles = (pixels.count + most - 1) / most;
  const int64_t rows = pixels.count / tiles;
  const int64_t higher = pixels.count % tiles;
  if (higher > 0) ByRows<kAct, NV, 1, kRows>(rows + 1, {pixels, weights, column, higher}, stream);
  PointwisePixels rest = pixels;
  rest.mid += higher * (rows + 1) * pixels.mid_pitch;
  rest.dst += higher * (rows + 1) * weights.oc;
  ByRows<kAct, NV, 1, kRows>(rows, {rest, weights, column, tiles - higher}, stream);
}

template <Activation kAct>
void ByColumns(const PointwisePixels& pixels, const PointwiseWeights& weights, Range columns, Stream stream) {
  for (int64_t column = columns.begin; column < columns.end; column += kColumns) {
    const int64_t vectors = std::min((columns.end - column + kLanes - 1) / kLanes, kVectors);
    ByVectors<kAct, static_cast<int>(kVectors)>(vectors, pixels, weights, column, stream);
  }
}

PointwiseShape ShapeFor(const DwSep& p) {
  const int64_t vectors = std::min((p.oc + kLanes - 1) / kLanes, kVectors);
  return {kRowsOf[vectors], kColumns, kGemmNR};
}

}  // namespace

void Pointwise(const PointwisePixels& pixels, const PointwiseWeights& weights, Range columns,
               const PointwiseAhead& ahead) {
  constexpr int64_t kLine = 16;
  Stream stream = {weights.packed, 0};
  if (ahead.floats > 0) {
    const int64_t groups = (columns.end - columns.begin + kColumns - 1) / kColumns;
    const int64_t steps = groups * (pixels.count / kRowsOf[kVectors] + 1) * weights.ic;
    stream = {ahead.data, std::min(ahead.floats / steps + 1, kLine)};
  }
  if (weights.act == 0) return ByColumns<Activation::kNone>(pixels, weights, columns, stream);
  if (weights.act == 1) return ByColumns<Activation::kRelu>(pixels, weights, columns, stream);
  if (weights.act == 2) return ByColumns<Activation::kRelu6>(pixels, weights, columns, stream);
  ByColumns<Activation::kHSwish>(pixels, weights, columns, stream);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roofgap {
namespace {

HWY_EXPORT(ShapeFor);

}  // namespace

PointwiseShape ChosenPointwiseShape(const DwSep& p) { return HWY_DYNAMIC_DISPATCH(ShapeFor)(p); }

size_t PackedPointwiseBytes(const DwSep& p, const PointwiseShape& shape) {
  return static_cast<size_t>(PackedFloats(p.oc, p.ic + 1, shape.nr)) * sizeof(float);
}

void PackPointwise(const DwSep& p, const PointwiseShape& shape, const Args& args) {
  float* const packed = reinterpret_cast<float*>(args.packed);
  PackB({args.at<float>(DwSep::kPwWei), p.ic}, p.oc, p.ic, shape.nr, packed);
  float* const bias = packed + PackedFloats(p.oc, p.ic, shape.nr);
  std::fill_n(bias, PackedFloats(p.oc, 1, shape.nr), 0.0f);
  if (p.bia != 0) std::copy_n(args.at<float>(DwSep::kPwBia), p.oc, bias);
}

PointwiseWeights PackedPointwise(const DwSep& p, const PointwiseShape& shape, const Args& args) {
  const float* const packed = reinterpret_cast<const float*>(args.packed);
  return {packed, packed + PackedFloats(p.oc, p.ic, shape.nr), p.oc, p.ic, p.act};
}

}  // namespace roofgap
#endif  // HWY_ONCE
