#ifndef ROOFGAP_HARNESS_MEASURE_ISA_SCOPE_H_
#define ROOFGAP_HARNESS_MEASURE_ISA_SCOPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roofgap {

// Names of the Highway targets that were compiled and run on this machine, best first: {"AVX3", "AVX2", "SSE4", ...}.
std::vector<std::string> SupportedIsas();

// While it lives, everything that Highway dispatches uses the named target. The state is the process's: scopes
// nest, on one thread only. Made before a variant's prepare, which fetches the function; calls made later keep what
// prepare fetched.
class IsaScope {
 public:
  // Throws Error, listing SupportedIsas(), for any other name.
  explicit IsaScope(std::string_view isa);
  ~IsaScope();
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;

 private:
  int64_t before_;  // Highway's mask outside of this scope
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_ISA_SCOPE_H_
