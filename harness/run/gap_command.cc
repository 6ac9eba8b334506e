#include "harness/run/gap_command.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "harness/analysis/columns.h"
#include "harness/analysis/drift.h"
#include "harness/analysis/findings.h"
#include "harness/analysis/gap_json.h"
#include "harness/analysis/predictors.h"
#include "harness/analysis/table.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/attention_findings.h"
#include "harness/run/run_gaps.h"
#include "kernels/api/error.h"

namespace roofgap {

int GapCommand(const GapOptions& options) {
  if (options.csv == "-" && options.json == "-") {
    throw Error("--csv -, --json -: only one of them can be printed; give the other a file");
  }
  const RunGaps run = ReadRunGaps(options.run_dir, options.price);
  if (!run.ceilings) throw Error(NoCeilings(options.run_dir));
  const std::string csv = CsvText<Gap>(run.gaps);
  const std::string json = options.json.empty() ? "" : GapJson(run.gaps);
  const std::string attention = AttentionFindings(run.records, options.run_dir);
  ReplaceFile(options.run_dir / files::kGap, csv);
  ReplaceFile(options.run_dir / files::kPredictors, CsvText<PredictorRow>(JudgeSettings(run.gaps)));
  if (!options.csv.empty() && options.csv != "-") ReplaceFile(options.csv, csv);
  if (!options.json.empty() && options.json != "-") ReplaceFile(options.json, json);

  if (options.csv == "-") {
    std::fputs(csv.c_str(), stdout);
  } else if (options.json == "-") {
    std::fputs(json.c_str(), stdout);
  } else {
    const std::string drift = RenderDrift(FindDrift(run.ceilings->begin, run.ceilings->end));
    std::fputs((RenderGapTable(run.gaps) + "\n" + RenderFindings(run.gaps) + drift + attention).c_str(), stdout);
  }
  const bool broken = std::any_of(run.gaps.begin(), run.gaps.end(),
                                  [](const Gap& gap) { return gap.status == kWrong || AboveRoof(gap); });
  return broken ? 1 : 0;
}

int ColumnsCommand() {
  std::fputs(RenderColumnsDoc().c_str(), stdout);
  return 0;
}

}  // namespace roofgap
