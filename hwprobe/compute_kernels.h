#ifndef ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_
#define ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace roofgap {

// Steps of a ComputeLoop come in multiples of this: the loop is unrolled, so that its branch costs nothing.
inline constexpr int64_t kComputeUnroll = 4;

// A loop of independent chains of f32 vector operations. In one step each chain does one operation on its own
// accumulator x, whose lanes all start at ChainStart(k) for chain k:
//   the first `fma` chains   x = x * multiplier + addend   (2 FLOPs a lane; without FMA hardware, a multiply and an
//   add) the next `mul` chains    x = x * multiplier            (1 FLOP a lane) the last `add` chains    x = x + addend
//   (1 FLOP a lane)
struct ComputeLoop {
  std::string_view isa;     // what it was compiled for
  std::string_view op_mix;  // fma, fma_add or mul_add: the vocabulary of ceilings.csv
  int fma, mul, add;        // chains of each kind
  bool accumulate;          // which of the two forms the fma chains have
  int lanes;                // f32 elements of a vector
  // Returns the sum over all lanes and chains after `steps` steps. The caller must consume it.
  float (*run)(int64_t steps, float multiplier, float addend);

  constexpr int chains() const { return fma + mul + add; }
  constexpr double flops_per_step() const { return lanes * (2.0 * fma + mul + add); }
};

constexpr float ChainStart(int chain) { return 1.0f + static_cast<float>(chain) / 64.0f; }

// The loops of the instruction set that Highway dispatches to now (IsaScope, harness/measure/isa_scope.h): for each
// mix several numbers of accumulators, because latency x throughput of the units differs between machines.
std::span<const ComputeLoop> ComputeLoops();

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_
