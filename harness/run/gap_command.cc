#include "harness/run/gap_command.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "harness/analysis/columns.h"
#include "harness/analysis/drift.h"
#include "harness/analysis/gap.h"
#include "harness/analysis/table.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {

int GapCommand(const std::filesystem::path& run_dir) {
  const std::vector<Record> records = ReadMeasurements(run_dir / files::kMeasurements);
  if (!std::filesystem::exists(run_dir / files::kCeilings)) {
    throw Error((run_dir / files::kCeilings).string() + ": not there; run `hwprobe` on the machine of the run, then " +
                "`roofgap run` again, or copy the ceilings.csv that it wrote to here");
  }
  const Ceilings ceilings = ReadCeilings(run_dir / files::kCeilings);
  // What `hwprobe --recheck` measured after the run; without it the roofs stand as they were.
  const std::filesystem::path again = run_dir / files::kCeilingsEnd;
  const Ceilings end = std::filesystem::exists(again) ? ReadCeilings(again) : Ceilings{};
  const std::vector<Gap> gaps = JoinRoofs(records, WithBetterBest(ceilings, end));
  ReplaceFile(run_dir / files::kGap, CsvText<Gap>(gaps));
  std::fputs(RenderGapTable(gaps).c_str(), stdout);
  std::fputs(("\n" + RenderFindings(gaps) + RenderDrift(FindDrift(ceilings, end))).c_str(), stdout);
  const bool broken =
      std::any_of(gaps.begin(), gaps.end(), [](const Gap& gap) { return gap.status == kWrong || AboveRoof(gap); });
  return broken ? 1 : 0;
}

int ColumnsCommand() {
  std::fputs(RenderColumnsDoc().c_str(), stdout);
  return 0;
}

}  // namespace roofgap
