#ifndef ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_
#define ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace roofgap {

// Steps of a ComputeLoop come in multiples of this: the loop is unrolled, so that its branch costs nothing.
inline constexpr int64_t kComputeUnroll = 4;

// A loop of independent chains of vector operations. In one step each chain does one operation on its own accumulator
// x, whose lanes all start at ChainStart(k) for chain k:
//
//   the first `fma` chains   x = x + multiplier * addend   (2 FLOPs a lane), or where not `accumulate`
//                            x = x * multiplier + addend   (the same; a multiply and an add)
//   the next `mul` chains    x = x * multiplier            (1 FLOP a lane)
//   the last `add` chains    x = x + addend                (1 FLOP a lane)
//
// Of a dot product (dot_kernels.h) all chains are the first kind, and each lane adds up `products` of them.
struct ComputeLoop {
  std::string_view isa;     // the Highway target whose vectors it uses
  std::string_view dtype;   // of the operands
  std::string_view op_mix;  // fma, fma_add, mul_add or dot: the vocabulary of ceilings.csv
  int fma, mul, add;        // chains of each kind
  bool accumulate;          // which of the two forms the fma chains have
  int lanes;                // accumulated elements of a vector
  int products;             // multiply-adds of a lane in one operation: 1, of a dot product 2 or 4
  // Returns the sum over all lanes and chains after `steps` steps. The caller must consume it.
  double (*run)(int64_t steps, double multiplier, double addend);

  constexpr int chains() const { return fma + mul + add; }
  constexpr double flops_per_step() const { return lanes * (2.0 * products * fma + mul + add); }
};

constexpr double ChainStart(int chain) { return 1.0 + chain / 64.0; }

// The loops of the instruction set that Highway dispatches to now (IsaScope, harness/measure/isa_scope.h), f32 and,
// where it has them, f64: for each mix several numbers of accumulators, because latency x throughput of the units
// differs between machines.
std::span<const ComputeLoop> ComputeLoops();

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_COMPUTE_KERNELS_H_
