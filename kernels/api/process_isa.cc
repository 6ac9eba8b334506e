#include "kernels/api/process_isa.h"

#include <cstdlib>

namespace roofgap {
namespace {

ProcessIsaControl& Control() {
  static ProcessIsaControl control;
  return control;
}

}  // namespace

Support LimitProcessIsa(std::string_view isa) {
  if (Control().limit == nullptr) return {};
  return Control().limit(isa);
}

std::string ProcessIsa() {
  if (Control().in_effect == nullptr) return {};
  return Control().in_effect();
}

std::string ProcessLibrary() {
  if (Control().library == nullptr) return {};
  return Control().library();
}

bool RegisterProcessIsa(const ProcessIsaControl& control) {
  if (Control().limit != nullptr) std::abort();
  Control() = control;
  return true;
}

}  // namespace roofgap
