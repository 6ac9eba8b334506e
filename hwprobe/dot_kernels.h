#ifndef ROOFGAP_HWPROBE_DOT_KERNELS_H_
#define ROOFGAP_HWPROBE_DOT_KERNELS_H_

#include <span>

#include "hwprobe/compute_kernels.h"

namespace roofgap {

// Loops of the dot-product instructions that this processor has, op_mix `dot`. Each 32-bit lane of an accumulator adds
// up the products of 2 pairs of bf16 (in f32) or 4 pairs of bytes (in s32); a multiply-add counts 2 FLOPs.
//
//   bf16   AVX3 vdpbf16ps (AVX512_BF16)                      NEON bfdot
//   s8     AVX3 vpdpbusd (AVX512_VNNI), AVX2 the same on     NEON sdot
//          256 bits (AVX-VNNI)
//
// On x86 one operand, the multiplier, is unsigned: u8 x s8 is what there is, and what s8 kernels run there after
// shifting an operand by 128. Of s8 loops the lanes start at 64 * ChainStart(k), multiplier and addend are integers.
std::span<const ComputeLoop> DotLoops();

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_DOT_KERNELS_H_
