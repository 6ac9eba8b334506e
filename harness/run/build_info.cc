#include "harness/run/build_info.h"

#include "harness/record/provenance.h"
#include "kernels/api/process_isa.h"

namespace roofgap {

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
