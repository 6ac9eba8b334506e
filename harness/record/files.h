#ifndef ROOFGAP_HARNESS_RECORD_FILES_H_
#define ROOFGAP_HARNESS_RECORD_FILES_H_

#include <filesystem>
#include <string>
#include <string_view>

// The files of a run directory and of a probe directory (which has the first three), and how files are read and
// written: whole or not at all. Every failure is an Error that names the file and the system's reason.

namespace roofgap {

namespace files {
inline constexpr std::string_view kMachine = "machine.json";
inline constexpr std::string_view kCeilings = "ceilings.csv";
inline constexpr std::string_view kCurve = "curve.csv";
inline constexpr std::string_view kCeilingsEnd = "ceilings_end.csv";  // the same roofs, measured again after the run
inline constexpr std::string_view kMeasurements = "measurements.csv";
inline constexpr std::string_view kGap = "gap.csv";
inline constexpr std::string_view kPredictors = "predictors.csv";
inline constexpr std::string_view kPareto = "pareto.csv";
inline constexpr std::string_view kBudgets = "budgets.csv";
inline constexpr std::string_view kSeparable = "separable.csv";
inline constexpr std::string_view kAttention = "attention.csv";
inline constexpr std::string_view kComplexity = "complexity.csv";
inline constexpr std::string_view kCrossovers = "crossovers.csv";
inline constexpr std::string_view kRun = "run.json";
inline constexpr std::string_view kSuite = "suite.json";  // what was asked for, all axes filled in: `--resume` reads it
}  // namespace files

// Makes `dir`, and what is missing above it, ready for a run. It may exist if it is empty. Throws Error when it is a
// file, holds anything (a run, above all), or cannot be written.
void CreateRunDir(const std::filesystem::path& dir);

// Makes `dir`, and what is missing above it, for files that may be replaced (a probe). Throws Error when it is a file
// or cannot be written.
void CreateWritableDir(const std::filesystem::path& dir);

std::string ReadFile(const std::filesystem::path& path);

// Puts `text` in the place of `path` in one step (a temporary file beside it, then a rename): after a failure or a
// crash the file is what it was before. A symbolic link stays, and what it leads to is replaced; into a pipe or a
// device the text is written, and into what a descriptor of this process leads to (/dev/stdout, /dev/fd/3) behind what
// was written there before.
void ReplaceFile(const std::filesystem::path& path, std::string_view text);

// Throws Error where ReplaceFile could not, as far as a try tells that leaves nothing behind: a pipe is not opened.
void CheckReplaceable(const std::filesystem::path& path);

// Throws Error unless all that was printed is with the system: what a full disk cut off must not pass for a result.
void CheckStandardOutput();

// Removes the temporary files in `dir` of processes that ended in the middle of ReplaceFile.
void SweepTemporaries(const std::filesystem::path& dir);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_FILES_H_
