#ifndef ROOFGAP_HARNESS_RUN_PROBLEM_OF_H_
#define ROOFGAP_HARNESS_RUN_PROBLEM_OF_H_

#include <filesystem>
#include <optional>
#include <span>

#include "harness/record/record.h"
#include "kernels/api/problem.h"

namespace roofgap {

// The problem of the i-th row of the run's measurements.csv; nothing where its op is not known here, as in a run of a
// later version. Throws Error, with file and row, for a text that is no problem, or one of another op.
std::optional<Problem> ProblemOf(std::span<const Record> records, size_t i, const std::filesystem::path& run_dir);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_PROBLEM_OF_H_
