#ifndef ROOFGAP_KERNELS_SIMD_GEMM_H_
#define ROOFGAP_KERNELS_SIMD_GEMM_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace roofgap {

// The words of the register-tile GEMM (kernels/simd/gemm_tile-inl.h): C[m][n] (+)= sum over k of A[m][k] * B[k][n].

// A matrix of rows that lie `pitch` floats apart (pitch >= the number of columns).
struct GemmIn {
  const float* data = nullptr;
  int64_t pitch = 0;
};

struct GemmOut {
  float* data = nullptr;
  int64_t pitch = 0;
};

// One row of A and the row of C that it makes, in floats from where the rows are counted from.
struct GemmRow {
  int64_t a = 0;
  int64_t c = 0;
};

// Rows that no one pitch describes (the pixels of a convolution): row i is at a + rows[i].a, its result at
// c + rows[i].c. One pattern of offsets serves every tile of the same form: filling in 14 pairs of pointers for each
// cost 23 ns, a tenth of a tile of k = 64.
struct GemmRows {
  const float* a = nullptr;
  float* c = nullptr;
  std::span<const GemmRow> rows;
  // GemmTile: the places, counted from a and c, where the same rows are met again: one tile each. None: once, at a and
  // c.
  std::span<const GemmRow> places = {};
};

// A run of consecutive k: the k floats of a row that begin `a` behind its first, times the rows [b, b + k) of B. A sum
// over several runs (one for each kernel row of a convolution) stays in registers from the first to the last.
struct GemmRun {
  int64_t a = 0;
  int64_t b = 0;
  int64_t k = 0;
};

// B, in panels of NR columns. Row k of panel p begins at data + p * panel + k * pitch.
struct GemmB {
  const float* data = nullptr;
  int64_t panel = 0;
  int64_t pitch = 0;
  bool padded = false;  // the last panel's rows hold NR readable floats too, whatever n is
  bool stream = false;  // packed, and not in L2 yet: Gemm prefetches it, a panel while its rows use the one before
  // What one tile prefetches: a row of a panel at `ahead` with its first k, `ahead_pitch` floats further with each one
  // more. Null: what suits a panel near by.
  const float* ahead = nullptr;
  int64_t ahead_pitch = 0;
};

// Packed [ceil(n/nr)][k][nr], the last panel padded with zeros: what PackB writes.
inline GemmB PackedB(const float* data, int64_t k, int64_t nr) { return {data, k * nr, nr, true}; }

// B as it is, row-major [k][n]. Nothing beyond column n is read.
inline GemmB RowMajorB(GemmIn b, int64_t nr) { return {b.data, nr, b.pitch, false}; }

// What happens to the sums: C = act((accumulate ? C : 0) + bias + sums).
struct GemmEpilogue {
  const float* bias = nullptr;  // [n], or null for none
  int64_t act = 0;              // kernels/api/activation.h
  bool accumulate = false;
};

// The register tile of an instruction set: mr rows of A by nr columns of B, which is also the width of a panel; or
// wide_mr rows by two panels (0: there is no such tile).
struct GemmShape {
  int64_t mr = 0;
  int64_t nr = 0;
  int64_t wide_mr = 0;
  const char* isa = "";  // hwy::TargetName

  std::string Name() const { return std::string(isa) + " " + std::to_string(mr) + "x" + std::to_string(nr); }
};

// The rows that a tile should have, at most mr, when the rows of A lie `pitch` floats apart: rows a multiple of 4 KiB
// apart share one set of an L1 cache of 8 ways or a few more, and 14 of them throw each other out.
inline int64_t GemmRowsPerTile(int64_t pitch, int64_t mr) { return pitch % 1024 == 0 ? std::min<int64_t>(mr, 8) : mr; }

// That of the instruction set which Highway dispatches to now.
GemmShape ChosenGemmShape();

// Floats of PackB's result.
inline int64_t PackedFloats(int64_t n, int64_t k, int64_t nr) { return (n + nr - 1) / nr * k * nr; }

// Packs the transpose of w, [n][k] (a weight matrix [oc][ic], or the keys of attention), as PackedB reads it.
void PackB(GemmIn w, int64_t n, int64_t k, int64_t nr, float* packed);

// The same for each of `g` matrices [n][k] that lie behind each other, the results behind each other too.
void PackGroups(const float* w, int64_t g, int64_t n, int64_t k, int64_t nr, float* packed);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_GEMM_H_
