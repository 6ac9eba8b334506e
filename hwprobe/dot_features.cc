#include "hwprobe/dot_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace roofgap {
namespace {

constexpr bool Bit(uint64_t word, int bit) { return (word >> bit & 1) != 0; }

#if defined(__x86_64__)
X86Words ReadX86() {
  X86Words words;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return words;
  constexpr int kOsxsave = 27;
  if (Bit(ecx, kOsxsave)) {
    uint32_t low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    words.xcr0 = uint64_t{high} << 32 | low;
  }
  unsigned last_subleaf = 0;
  if (__get_cpuid_count(7, 0, &last_subleaf, &words.leaf7_ebx, &words.leaf7_ecx, &edx) == 0) return words;
  if (last_subleaf >= 1) __get_cpuid_count(7, 1, &words.leaf7_1_eax, &ebx, &ecx, &edx);
  return words;
}
#endif

}  // namespace

DotFeatures DecodeX86(const X86Words& words) {
  constexpr uint64_t kYmmState = 0x6;   // SSE and AVX registers
  constexpr uint64_t kZmmState = 0xe6;  // and AVX-512's: masks, upper halves, the upper sixteen
  const bool ymm = (words.xcr0 & kYmmState) == kYmmState && Bit(words.leaf7_ebx, 5);   // AVX2
  const bool zmm = (words.xcr0 & kZmmState) == kZmmState && Bit(words.leaf7_ebx, 16);  // AVX512F
  return {.avx512_bf16 = zmm && Bit(words.leaf7_1_eax, 5),
          .avx512_vnni = zmm && Bit(words.leaf7_ecx, 11),
          .avx_vnni = ymm && Bit(words.leaf7_1_eax, 4)};
}

DotFeatures DecodeAarch64(uint64_t hwcap, uint64_t hwcap2) {
  constexpr int kAsimdDotProduct = 20, kBf16 = 14;
  return {.neon_bf16 = Bit(hwcap2, kBf16), .neon_dot = Bit(hwcap, kAsimdDotProduct)};
}

DotFeatures ReadDotFeatures() {
#if defined(__x86_64__)
  return DecodeX86(ReadX86());
#elif defined(__aarch64__) && defined(__linux__)
  return DecodeAarch64(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
#else
  return {};
#endif
}

}  // namespace roofgap
