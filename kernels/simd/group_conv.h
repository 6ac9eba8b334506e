#ifndef ROOFGAP_KERNELS_SIMD_GROUP_CONV_H_
#define ROOFGAP_KERNELS_SIMD_GROUP_CONV_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/api/parallel.h"
#include "kernels/api/window.h"

namespace roofgap {

// A convolution in g groups of c channels in and c channels out, channels last:
//
//   dst[n][oh][ow][o] = act(bias[o] + sum over kh, kw and j < c of src[n][ih][iw][o / c * c + j] * wei[o][kh][kw][j])
//
// with src [mb][ih][iw][g c] zero outside the map. A vector holds output channels of several groups; channel j of each
// group, repeated for the group's lanes, is their common operand.
struct GroupConv {
  int64_t mb = 1;
  int64_t g = 0;
  int64_t c = 0;
  Window rows;
  Window columns;
  int64_t act = 0;  // kernels/api/activation.h

  int64_t channels() const { return g * c; }
};

struct GroupConvData {
  const float* src;
  const float* packed;  // what PackGroupConv wrote
  const float* bias;    // [g c], or null for none
  float* dst;
};

// Columns of outputs side by side, and what they read. An input is `stride` pixels from the next where taps are taken
// one by one, else one.
struct GroupConvColumns {
  Range outputs;
  bool edge;                     // some inputs do not exist
  std::vector<uint32_t> inputs;  // by tap (by taps unrolled together): bit i says that input i exists
};

// What one thread does: blocks of rows, numbered through all maps, by vectors of output channels.
struct GroupConvPart {
  Range blocks, vectors;
};

struct GroupConvPlan {
  GroupConv conv;
  int64_t lanes = 0;           // output channels of a vector
  int64_t rows = 1;            // of outputs in a block
  int64_t max_columns = 0;     // of outputs in a block
  int64_t taps = 1;            // of a kernel row, unrolled: 3, 5, or 1 for any kernel, stride and dilation
  std::vector<int32_t> table;  // [c][lanes]: the lane of the inputs that each lane multiplies by
  std::vector<GroupConvColumns> columns;
  int64_t input_pitch = 0;  // floats from an input of a tile to the next
  int64_t row_pitch = 0;    // floats from the inputs of one output row to those of the next
  int64_t out_row_pitch = 0;
  bool gathers = false;              // the inputs of a block are copied side by side first
  std::vector<GroupConvPart> parts;  // by thread
  const char* isa = "";              // hwy::TargetName

  int64_t blocks() const { return (conv.rows.outputs() + rows - 1) / rows; }  // of rows, of one map
  int64_t vectors() const { return (conv.channels() + lanes - 1) / lanes; }
  // The last vector overlaps the one before it.
  int64_t FirstChannel(int64_t vector) const;
  int64_t vector_floats() const { return conv.rows.taps * conv.columns.taps * conv.c * lanes; }  // of packed weights
  size_t packed_bytes() const { return static_cast<size_t>(vectors() * vector_floats()) * sizeof(float); }
  // Multiply-accumulates: taps on padding are left out.
  double Macs() const;
  // "AVX3 grouped 1x14 K=3".
  std::string Name() const;
};

inline constexpr int64_t kGroupConvMaxTaps = 128;

using GroupConvRun = void (*)(const GroupConvPlan&, const GroupConvData&, int thread);

// Whether the instruction set that Highway dispatches to now has a kernel: channels for at least one vector, and
// groups that divide a vector or fill it; kernels of at most kGroupConvMaxTaps taps.
bool GroupConvApplies(const GroupConv& conv);

// A plan for the instruction set that Highway dispatches to now, and what runs it there.
GroupConvPlan MakeGroupConvPlan(const GroupConv& conv, int threads);
GroupConvRun ChosenGroupConvRun();

// Packs wei, [g c][kh][kw][c], as [vectors][kh][kw / taps][c][taps][lanes].
void PackGroupConv(const GroupConvPlan& plan, const float* wei, float* packed);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_SIMD_GROUP_CONV_H_
