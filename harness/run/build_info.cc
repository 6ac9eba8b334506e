#include "harness/run/build_info.h"

#include <cinttypes>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "harness/record/provenance.h"
#include "kernels/api/fnv.h"
#include "kernels/api/format.h"
#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

// FNV-1a of the file that runs, 16 hex digits; empty where it cannot be read.
std::string ProgramFingerprint() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  if (!file) return "";
  Fnv1a fingerprint;
  for (auto byte = std::istreambuf_iterator<char>(file); byte != std::istreambuf_iterator<char>(); ++byte) {
    fingerprint.Add(*byte);
  }
  return Format("%016" PRIx64, fingerprint.hash());
}

}  // namespace

std::string Version() { return ROOFGAP_VERSION; }

RunInfo NewRunInfo() {
  RunInfo info;
  info.utc = UtcNow();
  info.roofgap_version = Version();
  info.compiler = Compiler();
  info.build_type = ROOFGAP_BUILD_TYPE;
  static const std::string program = ProgramFingerprint();
  info.program = program;
  if (const std::string library = ProcessLibrary(); !library.empty()) info.libraries.push_back(library);
  return info;
}

}  // namespace roofgap
