#ifndef ROOFGAP_HWPROBE_DOT_FEATURES_H_
#define ROOFGAP_HWPROBE_DOT_FEATURES_H_

#include <cstdint>

namespace roofgap {

// Which dot-product instructions this processor has and this system lets a program use. Asked of the processor itself,
// because Highway knows them in bundles only (AVX3_DL, AVX3_ZEN4) that a CPU may have in part.
struct DotFeatures {
  bool avx512_bf16 = false;  // vdpbf16ps on 512 bits
  bool avx512_vnni = false;  // vpdpbusd on 512 bits
  bool avx_vnni = false;     // vpdpbusd on 256 bits, VEX encoded
  bool neon_bf16 = false;    // bfdot
  bool neon_dot = false;     // sdot
};

DotFeatures ReadDotFeatures();

// What x86's CPUID (all 0 where it has no such leaf) and the extended control register say.
struct X86Words {
  uint32_t leaf7_ebx = 0, leaf7_ecx = 0;  // leaf 7, subleaf 0
  uint32_t leaf7_1_eax = 0;               // leaf 7, subleaf 1
  uint64_t xcr0 = 0;                      // register state that the system saves; 0: it saves none of the vectors
};
DotFeatures DecodeX86(const X86Words& words);

// What Linux's AT_HWCAP and AT_HWCAP2 say on aarch64.
DotFeatures DecodeAarch64(uint64_t hwcap, uint64_t hwcap2);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_DOT_FEATURES_H_
