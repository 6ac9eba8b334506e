#include "harness/run/run_ceilings.h"

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {

namespace {

// They are of one machine each.
Ceilings ReadOfMachine(const std::filesystem::path& path, std::span<const Record> records) {
  Ceilings ceilings = ReadCeilings(path);
  if (ceilings.rows.empty() || records.empty()) return ceilings;
  const std::string &theirs = ceilings.rows[0].machine_id, &ours = records[0].machine_id;
  if (theirs == ours) return ceilings;
  throw Error(path.string() + ": the ceilings are of machine " + Shown(theirs) + ", the measurements of machine " +
              Shown(ours) + "; allowed are ceilings of the same machine (run hwprobe there)");
}

}  // namespace

std::optional<RunCeilings> ReadRunCeilings(const std::filesystem::path& run_dir, std::span<const Record> records) {
  if (!std::filesystem::exists(run_dir / files::kCeilings)) return std::nullopt;
  RunCeilings ceilings{.begin = ReadOfMachine(run_dir / files::kCeilings, records), .end = {}};
  const std::filesystem::path end = run_dir / files::kCeilingsEnd;
  if (std::filesystem::exists(end)) ceilings.end = ReadOfMachine(end, records);
  return ceilings;
}

std::string NoCeilings(const std::filesystem::path& run_dir) {
  return (run_dir / files::kCeilings).string() + ": not there; run `hwprobe` on the machine of the run, then " +
         "`roofgap run` again, or copy the ceilings.csv that it wrote to here";
}

}  // namespace roofgap
