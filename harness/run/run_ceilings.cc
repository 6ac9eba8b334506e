#include "harness/run/run_ceilings.h"

#include "harness/record/csv.h"
#include "harness/record/files.h"

namespace roofgap {

std::optional<RunCeilings> ReadRunCeilings(const std::filesystem::path& run_dir) {
  if (!std::filesystem::exists(run_dir / files::kCeilings)) return std::nullopt;
  RunCeilings ceilings{.begin = ReadCeilings(run_dir / files::kCeilings), .end = {}};
  const std::filesystem::path end = run_dir / files::kCeilingsEnd;
  if (std::filesystem::exists(end)) ceilings.end = ReadCeilings(end);
  return ceilings;
}

std::string NoCeilings(const std::filesystem::path& run_dir) {
  return (run_dir / files::kCeilings).string() + ": not there; run `hwprobe` on the machine of the run, then " +
         "`roofgap run` again, or copy the ceilings.csv that it wrote to here";
}

}  // namespace roofgap
