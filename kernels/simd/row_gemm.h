#ifndef ROOFGAP_KERNELS_SIMD_ROW_GEMM_H_
#define ROOFGAP_KERNELS_SIMD_ROW_GEMM_H_

#include <cstdint>

namespace roofgap {

// A GEMM of rows at a fixed pitch, with short sums or sums in chunks (kernels/simd/row_gemm-inl.h):
//
//   c[i][j] = act(bias[j] + (added ? added[i][j] : 0) + sum over k of a[i][k] * b[k][j]),  i < m, j < n
//
// with at least one row, column and k. Beside gemm_tile-inl.h it saves what counts when k is 16 to 64 or n is 16 to 24:
// lists of row pointers (23 ns a tile), copying what is added into c first, and storing the last columns one by one.
struct RowGemm {
  const float* a = nullptr;
  int64_t a_pitch = 0;
  // a[i][k] is at i * a_pitch + k / chunk * chunk_pitch + k % chunk.
  int64_t chunk = 0, chunk_pitch = 0;
  const float* b = nullptr;  // in panels of `panel` columns (PackB), two or three vectors: RowGemmPanel
  int64_t panel = 0;
  const float* bias = nullptr;   // readable in whole vectors
  const float* added = nullptr;  // null: nothing, else act is none; its rows are as far apart as those of c
  float* c = nullptr;
  int64_t c_pitch = 0;
  int64_t m = 0, n = 0, k = 0, act = 0;
  // What will be read next, fetched into L2 meanwhile: 16 floats for each step of a tile at most. May be nothing.
  const float* ahead = nullptr;
  int64_t ahead_floats = 0;
  // Whether b and c lie in memory: then a panel of b is fetched during the one before, and c when its tile begins.
  bool far = false;
};

// The columns of a panel for n columns on the instruction set that Highway dispatches to now.
int64_t ChosenRowGemmPanel(int64_t n);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_ROW_GEMM_H_
