#include "harness/run/problem_of.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {

std::optional<Problem> ProblemOf(std::span<const Record> records, size_t i, const std::filesystem::path& run_dir) {
  const Record& record = records[i];
  const std::vector<std::string_view> ops = OpNames();
  if (std::find(ops.begin(), ops.end(), record.op) == ops.end()) return std::nullopt;
  const std::string where = (run_dir / files::kMeasurements).string() + ", row " + std::to_string(i + 1) + ": ";
  try {
    const Problem problem = ParseProblem(record.problem);
    if (OpOf(problem) == record.op) return problem;
  } catch (const Error& error) {
    throw Error(where + error.what());
  }
  throw Error(where + "the problem '" + Shown(record.problem) + "' is not of op '" + record.op +
              "', which stands there");
}

}  // namespace roofgap
