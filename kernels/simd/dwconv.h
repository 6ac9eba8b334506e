#ifndef ROOFGAP_KERNELS_SIMD_DWCONV_H_
#define ROOFGAP_KERNELS_SIMD_DWCONV_H_

#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"
#include "kernels/api/window.h"

namespace roofgap {

// A depthwise convolution of one map: dst[oh][ow][c] = act(bias[c] + sum of src * wei over the window), with src
// [ih][iw][c], unless it is `blocked`, and wei [kh][kw][c].
struct DwConv {
  int64_t c = 0;
  Window rows;
  Window columns;
  int64_t act = 0;         // kernels/api/activation.h
  int64_t src_floats = 0;  // of what the map is a part of; 0: it is all. Decides how it is computed, nothing else
  // Each vector of channels is a map of its own, [(c + lanes - 1) / lanes][ih][iw][lanes], inputs and outputs. The last
  // one ends with channel c, so that it may repeat channels of the one before. Weights and bias as ever. Needs c >=
  // lanes.
  bool blocked = false;

  int64_t SrcFloats() const { return src_floats > 0 ? src_floats : rows.in * columns.in * c; }
};

struct DwConvData {
  const float* src = nullptr;  // the whole map
  const float* wei = nullptr;
  const float* bias = nullptr;  // [c], or null for none
};

// How a convolution is computed on the instruction set that Highway dispatches to now.
struct DwConvPlan {
  int64_t rows = 1;      // rows of outputs are best divided at multiples of it
  int64_t height = 1;    // rows of outputs computed together, at most
  int64_t columns = 1;   // of outputs in a block, at most
  int64_t lanes = 1;     // channels of a vector
  bool slides = false;   // a strip of rows at a time, along its columns
  bool tiled = false;    // in blocks of rows and columns; taps on padding left and right are then multiplied, by zero
  bool flat = false;     // several pixels in a vector
  const char* isa = "";  // hwy::TargetName

  // "AVX3 7 rows sliding", "AVX2 2x4", "AVX3 flat" or "AVX3 taps".
  std::string Name() const;
  // Strip `i` of `count` rows of outputs in strips of at most `most`: even ones where it slides, else full ones, which
  // leave no single rows but at the end (`most` being a multiple of `rows`).
  Range Strip(int64_t count, int64_t most, int64_t i) const;
  // Multiply-accumulates per channel and map.
  double Macs(const DwConv& conv) const;
};

DwConvPlan ChosenDwConvPlan(const DwConv& conv);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_DWCONV_H_
