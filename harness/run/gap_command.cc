#include "harness/run/gap_command.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "harness/analysis/columns.h"
#include "harness/analysis/drift.h"
#include "harness/analysis/gap.h"
#include "harness/analysis/table.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/attention_findings.h"
#include "harness/run/run_ceilings.h"
#include "kernels/api/error.h"

namespace roofgap {

int GapCommand(const std::filesystem::path& run_dir) {
  const std::vector<Record> records = ReadMeasurements(run_dir / files::kMeasurements);
  const std::optional<RunCeilings> ceilings = ReadRunCeilings(run_dir);
  if (!ceilings) throw Error(NoCeilings(run_dir));
  const std::vector<Gap> gaps = JoinRoofs(records, WithBetterBest(ceilings->begin, ceilings->end));
  ReplaceFile(run_dir / files::kGap, CsvText<Gap>(gaps));
  std::fputs(RenderGapTable(gaps).c_str(), stdout);
  std::fputs(("\n" + RenderFindings(gaps) + RenderDrift(FindDrift(ceilings->begin, ceilings->end))).c_str(), stdout);
  std::fputs(AttentionFindings(records, run_dir).c_str(), stdout);
  const bool broken =
      std::any_of(gaps.begin(), gaps.end(), [](const Gap& gap) { return gap.status == kWrong || AboveRoof(gap); });
  return broken ? 1 : 0;
}

int ColumnsCommand() {
  std::fputs(RenderColumnsDoc().c_str(), stdout);
  return 0;
}

}  // namespace roofgap
