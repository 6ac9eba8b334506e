#include "kernels/api/process_isa.h"

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/onednn/session.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace roofgap {
namespace {

#if defined(__aarch64__)
// oneDNN on ARM takes no limit through its interface: it runs SVE code wherever the system announces SVE.
constexpr unsigned long kHwcapSve = 1UL << 22;  // HWCAP_SVE of the Linux ABI; old headers lack it

std::string InEffect() { return (getauxval(AT_HWCAP) & kHwcapSve) != 0 ? "SVE" : "NEON"; }

void Limit(std::string_view) {}

constexpr std::string_view kAllowed = "what the machine has";
#else
// The library's names are bit masks, each holding those of what it builds on, the same in 2.6 and 3.x.
bool Has(dnnl::cpu_isa all, dnnl::cpu_isa part) {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(part)) == static_cast<unsigned>(part);
}

// Highway's AVX3 is AVX-512 F, BW, CD, DQ and VL, which is avx512_core. VNNI, BF16 and newer members of that family,
// which an unlimited library may report, change nothing for f32 and are AVX3 here too. AVX alone is no Highway target;
// only ONEDNN_MAX_CPU_ISA can ask for it.
std::string InEffect() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  if (Has(isa, dnnl::cpu_isa::avx512_core)) return "AVX3";
  if (Has(isa, dnnl::cpu_isa::avx2)) return "AVX2";
  if (Has(isa, dnnl::cpu_isa::avx)) return "AVX";
  return "SSE4";
}

void Limit(std::string_view isa) {
  std::optional<dnnl::cpu_isa> limit;
  if (isa == "AVX3") limit = dnnl::cpu_isa::avx512_core;
  if (isa == "AVX2") limit = dnnl::cpu_isa::avx2;
  if (isa == "SSE4") limit = dnnl::cpu_isa::sse41;
  if (limit) dnnl::set_max_cpu_isa(*limit);
}

constexpr std::string_view kAllowed = "AVX3, AVX2 and SSE4, where the machine has them, before the first use";
#endif

// Whatever the library answers, what counts is what is in effect afterwards.
bool LimitAndCheck(std::string_view isa, std::string* why) {
  Limit(isa);
  const std::string in_effect = InEffect();
  if (in_effect == isa) return true;
  if (why != nullptr) {
    *why = "oneDNN runs as " + in_effect + " in this process, not as " + std::string(isa) +
           "; it can be held once per process to " + std::string(kAllowed);
  }
  return false;
}

[[maybe_unused]] const bool kRegistered =
    RegisterProcessIsa({.limit = LimitAndCheck, .in_effect = InEffect, .library = onednn::LibraryName});

}  // namespace
}  // namespace roofgap
