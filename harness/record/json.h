#ifndef ROOFGAP_HARNESS_RECORD_JSON_H_
#define ROOFGAP_HARNESS_RECORD_JSON_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/record/record.h"

// machine.json and run.json. Keys are those of fields.h, in its order; unknown keys are ignored, for later versions add
// some. Reading throws Error with file, JSON pointer, what was got and what is allowed; writing replaces the file in
// one step.

namespace roofgap {

Machine ParseMachine(std::string_view text, const std::filesystem::path& file);
Machine ReadMachine(const std::filesystem::path& path);
std::string MachineText(const Machine& machine);
void WriteMachine(const std::filesystem::path& path, const Machine& machine);

RunInfo ParseRunInfo(std::string_view text, const std::filesystem::path& file);
RunInfo ReadRunInfo(const std::filesystem::path& path);
std::string RunInfoText(const RunInfo& info);
void WriteRunInfo(const std::filesystem::path& path, const RunInfo& info);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_H_
