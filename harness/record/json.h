#ifndef ROOFGAP_HARNESS_RECORD_JSON_H_
#define ROOFGAP_HARNESS_RECORD_JSON_H_

#include <filesystem>

#include "harness/record/record.h"

// machine.json and run.json. Keys are those of fields.h, in its order; unknown keys are ignored, for later versions add
// some. Reading throws Error with file, JSON pointer, what was got and what is allowed; writing replaces the file in
// one step.

namespace roofgap {

Machine ReadMachine(const std::filesystem::path& path);
void WriteMachine(const std::filesystem::path& path, const Machine& machine);

RunInfo ReadRunInfo(const std::filesystem::path& path);
void WriteRunInfo(const std::filesystem::path& path, const RunInfo& info);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_H_
