#include "kernels/api/process_isa.h"

#include <cstdlib>

namespace roofgap {
namespace {

ProcessIsaControl& Control() {
  static ProcessIsaControl control;
  return control;
}

}  // namespace

bool LimitProcessIsa(std::string_view isa, std::string* why) {
  return Control().limit == nullptr || Control().limit(isa, why);
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
