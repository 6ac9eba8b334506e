#ifndef ROOFGAP_KERNELS_SIMD_WINOGRAD_H_
#define ROOFGAP_KERNELS_SIMD_WINOGRAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/api/parallel.h"

namespace roofgap {

// Winograd's convolution F(m x m, 3 x 3), stride 1, channels last (Lavin and Gray, Fast algorithms for convolutional
// neural networks, 2016). A tile of m x m outputs comes from (m + 2)^2 inputs d and the 3 x 3 weights g by
//
//   Y = A^T [ sum over ic of (G g G^T) * (B^T d B) ] A        (* element by element)
//
// so that a block of tiles is (m + 2)^2 independent GEMMs, tiles x ic by ic x oc, between two transforms.

// The 1-d matrices. m + 1 finite points and infinity; A^T and G may be scaled against each other, point by point.
// Beside them how often a transform rounds (winograd_error.h); weights are transformed in double and rounded once.
template <int kOut>
struct WinogradMatrices;

// Points 0, 1, -1. At most 1 rounding in each B^T, 2 in each A^T.
template <>
struct WinogradMatrices<2> {
  static constexpr double kAT[2][4] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
  static constexpr double kG[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
  static constexpr double kBT[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
  static constexpr int kInputRoundings = 1, kOutputRoundings = 2, kWeightRoundings = 1;
};

// Points 0, 1/2, -1/2, 2, -2. Beside the usual 0, 1, -1, 2, -2 the mean of |A^T| (|G| |B^T|) is 2.6 times smaller in
// two dimensions and errors of random data 1.5 times; products of the points are 1 or powers of two, hence exact. The
// points 1/2 and 2 are scaled so that the second row of A^T needs no multiplication. At most 2 roundings in each B^T
// (4.25 is the only factor that is no power of two), 3 in each A^T.
template <>
struct WinogradMatrices<4> {
  static constexpr double kAT[4][6] = {
      {1, 2, 2, .5, .5, 0}, {0, 1, -1, 1, -1, 0}, {0, .5, .5, 2, 2, 0}, {0, .25, -.25, 4, -4, 1}};
  static constexpr double kG[6][3] = {{1, 0, 0},
                                      {-4. / 15, -2. / 15, -1. / 15},
                                      {-4. / 15, 2. / 15, -1. / 15},
                                      {1. / 15, 2. / 15, 4. / 15},
                                      {1. / 15, -2. / 15, 4. / 15},
                                      {0, 0, 1}};
  static constexpr double kBT[6][6] = {{1, 0, -4.25, 0, 1, 0},  {0, -2, -4, .5, 1, 0},   {0, 2, -4, -.5, 1, 0},
                                       {0, -.5, -.25, 2, 1, 0}, {0, .5, -.25, -2, 1, 0}, {0, 1, 0, -4.25, 0, 1}};
  static constexpr int kInputRoundings = 2, kOutputRoundings = 3, kWeightRoundings = 1;
};

struct WinogradConv {
  int64_t mb, ic, ih, iw, oc, ph, pw;
  int64_t act;  // kernels/api/activation.h
  int64_t oh() const { return ih + 2 * ph - 2; }
  int64_t ow() const { return iw + 2 * pw - 2; }
};

struct WinogradData {
  const float* src;
  const float* packed;  // what PackWinograd wrote
  const float* bias;    // null for none
  float* dst;
  float* workspace;
};

// What one thread does: tiles, numbered through all maps, by panels of output channels.
struct WinogradPart {
  Range tiles, panels;
};

struct WinogradPlan {
  WinogradConv conv{};
  int out = 0;             // m
  int64_t mr = 0, nr = 0;  // the register tile
  int64_t tiles_h = 0, tiles_w = 0, panels = 0;
  int64_t block = 0;                // tiles that go through the transforms and the GEMMs together
  int64_t input_pitch = 0;          // floats from a tile's transformed channels to the next tile's
  int64_t input_step = 0;           // floats from one GEMM's transformed inputs to the next GEMM's
  int64_t output_step = 0;          // the same for its results
  int64_t workspace_floats = 0;     // of one thread
  std::vector<WinogradPart> parts;  // by thread
  const char* isa = "";

  int64_t gemms() const { return int64_t{out + 2} * (out + 2); }
  int64_t tiles() const { return conv.mb * tiles_h * tiles_w; }
  size_t packed_bytes() const { return static_cast<size_t>(gemms() * panels * conv.ic * nr) * sizeof(float); }
  size_t workspace_bytes() const { return parts.size() * static_cast<size_t>(workspace_floats) * sizeof(float); }
  double Macs() const;
  std::string Name() const;
};

using WinogradRun = void (*)(const WinogradPlan&, const WinogradData&, int thread);

// A plan for the instruction set that Highway dispatches to now, and what runs it there. kOut is 2 or 4.
template <int kOut>
WinogradPlan MakeWinogradPlan(const WinogradConv& conv, int threads);
template <int kOut>
WinogradRun ChosenWinogradRun();

// Transforms wei, [oc][3][3][ic], in double and packs it as [oc / nr][(m + 2)^2][ic][nr], zeros behind the last
// channel.
template <int kOut>
void PackWinograd(const WinogradPlan& plan, const float* wei, float* packed);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_WINOGRAD_H_
