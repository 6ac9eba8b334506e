#include "harness/run/build_info.h"

#include <ctime>

#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

std::string Compiler() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
  return "gcc " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
}

}  // namespace

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

RunInfo NewRunInfo() {
  RunInfo info;
  info.utc = UtcNow();
  info.roofgap_version = ROOFGAP_VERSION;
  info.compiler = Compiler();
  info.build_type = ROOFGAP_BUILD_TYPE;
  if (const std::string library = ProcessLibrary(); !library.empty()) info.libraries.push_back(library);
  return info;
}

}  // namespace roofgap
