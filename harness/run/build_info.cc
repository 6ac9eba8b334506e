#include "harness/run/build_info.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "harness/record/provenance.h"
#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

// FNV-1a of the file that runs, 16 hex digits; empty where it cannot be read.
std::string ProgramFingerprint() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  if (!file) return "";
  uint64_t hash = 0xcbf29ce484222325;
  for (auto byte = std::istreambuf_iterator<char>(file); byte != std::istreambuf_iterator<char>(); ++byte) {
    hash = (hash ^ static_cast<unsigned char>(*byte)) * 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, hash);
  return text;
}

}  // namespace

RunInfo NewRunInfo() {
  RunInfo info;
  info.utc = UtcNow();
  info.roofgap_version = ROOFGAP_VERSION;
  info.compiler = Compiler();
  info.build_type = ROOFGAP_BUILD_TYPE;
  static const std::string program = ProgramFingerprint();
  info.program = program;
  if (const std::string library = ProcessLibrary(); !library.empty()) info.libraries.push_back(library);
  return info;
}

}  // namespace roofgap
