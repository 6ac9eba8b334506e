#ifndef ROOFGAP_KERNELS_API_PROCESS_ISA_H_
#define ROOFGAP_KERNELS_API_PROCESS_ISA_H_

#include <string>
#include <string_view>

// The instruction set of variants with IsaControl::kProcess: a library that takes one limit per process, before its
// first use. One such library at most is linked in; without it there is nothing to limit, and all of this still links.

namespace roofgap {

// Holds the process to `isa`, a Highway target name. To be called before any supports() or prepare() of such a variant
// and before ProcessIsa(), each of which fixes what is in effect. False, with the reason in `why` where that is not
// null: the library has no such limit, the machine no such instructions, or something else is in effect already.
// True again for what is in effect. Not thread-safe.
bool LimitProcessIsa(std::string_view isa, std::string* why = nullptr);

// What is in effect for the rest of the process, as a Highway target name: the `isa` of those variants' rows. Empty
// when no such library is linked in.
std::string ProcessIsa();

// The library and its version, "oneDNN 2.6.3"; empty when none is linked in.
std::string ProcessLibrary();

// What the library provides; registered before main(). Aborts when there is one already.
struct ProcessIsaControl {
  bool (*limit)(std::string_view isa, std::string* why) = nullptr;
  std::string (*in_effect)() = nullptr;
  std::string (*library)() = nullptr;
};
bool RegisterProcessIsa(const ProcessIsaControl& control);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_PROCESS_ISA_H_
