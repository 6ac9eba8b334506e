#ifndef ROOFGAP_HARNESS_CLI_EXAMPLES_H_
#define ROOFGAP_HARNESS_CLI_EXAMPLES_H_

// What `--help` shows below the options: of the program, and of its subcommands.

namespace roofgap {

inline constexpr const char* kListExamples = R"(Examples:
  roofgap list
  roofgap list --op conv2d
Of each op the letters of its problems, those with a default as LETTER=DEFAULT, and what each of its variants does;
below, what --isa and --threads of `roofgap run` may be here.)";

inline constexpr const char* kRunExamples = R"(Examples:
  roofgap run --suite configs/suites/default.json --out my-run
  roofgap run --problem fc:mb16ic768oc3072 --variant gemm,onednn --threads 1,all --budget-s 3
  roofgap run --resume my-run
Exit codes: 1 a result is wrong; 130, 143 interrupted by Ctrl-C or SIGTERM, with the measured rows kept.)";

inline constexpr const char* kSelftestExamples = R"(Examples:
  roofgap selftest
  roofgap selftest --suite configs/suites/fc.json --pairs 1000
Exit codes: 1 more or fewer pairs differ than chance explains, or measuring adds 1 % to a call or more; 130, 143
interrupted by Ctrl-C or SIGTERM.)";

inline constexpr const char* kGapExamples = R"(Examples:
  roofgap gap my-run
  roofgap gap my-run --usd-per-hour 0.34 --utilisation 0.6
  roofgap gap my-run --json -
  roofgap gap my-run --csv gaps.csv --json gaps.json
In the table, gap = median / what FLOPs promise = algorithm x memory x implementation; roof and att are the row's parts
of its hard and its attainable roof; bound is what the attainable one rests on; lever is what helps. gap.csv in the run
directory says it in a sentence.
Written into the run directory: gap.csv and predictors.csv; of a run with attention, linformer or performer also
attention.csv and, where lengths differ, complexity.csv and crossovers.csv: how their time and memory grow with the
length, which is faster up to where, and what the textbook expects. A file that would have no row is removed.
Exit code 1: a row is wrong, or above its hard roof.)";

inline constexpr const char* kParetoExamples = R"(Examples:
  roofgap pareto my-run
  roofgap pareto my-run --dims latency,memory,threads
  roofgap pareto my-run --dims latency,usd,energy --usd-per-hour 0.34 --utilisation 0.6
  roofgap pareto my-run --dims latency,workspace_bytes --match '^conv2d:.*kh3' --tolerance 1
  roofgap pareto my-run --dims latency,memory,flops --match 'tention|former' --together
A dimension is one of flops, memory (peak_bytes), latency (median_ns), energy (energy_j) and usd (of 1000 inferences),
or a column of measurements.csv or gap.csv. The rows of one problem and cache state are alternatives of each other. One
is better in latency, or what follows from it, only where the 95 % intervals part. The frontiers are written to
pareto.csv in the run directory too.
Exit code 1: a row, of those that --match keeps, is wrong.)";

inline constexpr const char* kBudgetsExamples = R"(Examples:
  roofgap budgets my-run
  roofgap budgets my-run --budgets my-targets.json --csv verdicts.csv
Each row is held against each target's latency, memory and power (configs/README.md). The verdicts are written to
budgets.csv in the run directory too.
Exit code 1: a row is wrong; what misses a budget is not.)";

inline constexpr const char* kRatioExamples = R"(Examples:
  roofgap ratio my-run --of direct --over onednn_best
  roofgap ratio my-run --of winograd_f23,winograd_f43 --over onednn,onednn_best --under 1
  roofgap ratio my-run --of direct --over onednn_best --match '1x1=kh1(?!\d|kw)' --match '3x3 stride 1=kh3ph1$'
  roofgap ratio my-run --of gemv,gemm --over onednn --csv ratio.csv
Only rows of one run are compared: their times were taken in turns. With ceilings, `bound` is the ratio that the first
side would have at its attainable time, and `reached` the part of that bound that its ratio is.
Exit code 1: a row of either side is wrong.)";

inline constexpr const char* kSeparableExamples = R"(Examples:
  roofgap run --suite configs/suites/separable.json --out my-run && roofgap separable my-run
  roofgap run --problem conv2d:ic64ih56oc64kh3ph1 --problem dwsep:ic64ih56oc64kh3ph1 --out one && roofgap separable one
A standard and a separable convolution are a pair where mb, ic, oc, ih, iw, kh, kw, sh, sw, ph, pw, bia, act and the
conditions of measuring are the same. The pairs are written to separable.csv in the run directory too.
Exit code 1: a row of conv2d or dwsep is wrong.)";

inline constexpr const char* kCompareExamples = R"(Examples:
  roofgap compare old-run new-run                      # what became faster, what slower
  roofgap compare old-run new-run --fail-over 5        # exit code 1 where a kernel takes over 5 % longer
  roofgap compare old-1,old-2 new-1,new-2              # two runs of each build: how much is chance?
  roofgap compare old-run new-run --unchanged onednn,onednn_best
  roofgap compare laptop-run phone-run board-run       # each against the first
  roofgap compare old-run new-run --csv compared.csv --json -
  roofgap compare old.json new.json                    # as Google Benchmark's --benchmark_out writes them
Rows are paired by problem, variant, dtype, isa (not where each run has one only), threads and cache. `ratio` is the
time of a over that of b; `machine` how much faster the machine of b was for this row, by the fixed work beside the
samples, or, for two machines, by their roofs. What that explains for certain is no regression. Of several runs each is
compared with the first; means and regressions are those of one pair of runs.
One run a side cannot tell by how much runs of one build differ. Several (commas between; a path that exists is one run,
whatever it holds) can, and so can variants that are known to be the same code.
Exit code 1: a row of a run is wrong, or, with --fail-over, a stable row of any run behind the first is slower by more
or skipped where the first has a time.)";

inline constexpr const char* kMergeExamples = R"(Examples:
  roofgap merge laptop-run phone-run board-run --csv all.csv
  roofgap merge results --csv all.csv                  # every run below results/
Each row of the table holds what measurements.csv says, its machine, and how near to its roofs it is.
Exit code 1: a row is wrong.)";

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_CLI_EXAMPLES_H_
