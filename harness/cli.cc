#include "harness/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/cli_examples.h"
#include "harness/plan/expand.h"
#include "harness/plan/suite.h"
#include "harness/record/files.h"
#include "harness/run/budgets_command.h"
#include "harness/run/build_info.h"
#include "harness/run/compare_command.h"
#include "harness/run/gap_command.h"
#include "harness/run/list_command.h"
#include "harness/run/merge_command.h"
#include "harness/run/pareto_command.h"
#include "harness/run/ratio_command.h"
#include "harness/run/selftest.h"
#include "harness/run/separable_command.h"
#include "harness/run/session.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

constexpr const char* kExamples = R"(Examples:
  roofgap list --op conv2d
  roofgap run --problem conv2d:ic64ih56oc64kh3ph1 --problem fc:ic2048oc1000 --threads 1,all
  roofgap run --suite configs/suites/default.json --out my-run
  roofgap run --problem attention:h12s197d64 --isa AVX2,AVX3 --cache warm,cold
  roofgap run --resume my-run
  roofgap gap my-run
  roofgap ratio my-run --of direct,winograd_f43 --over onednn_best
  roofgap separable my-run
  roofgap compare old-run new-run --fail-over 5
  roofgap merge results --csv all.csv
  roofgap pareto my-run --dims latency,memory,threads
  roofgap budgets my-run
  roofgap selftest
Ceilings come from hwprobe; run it once per machine, before `roofgap run`.
Exit codes: 0 done; 1 a wrong result, a row above its roof, a regression past --fail-over; 2 usage or input error, in
one line; 130, 143 interrupted by Ctrl-C or SIGTERM. `roofgap gap --help` and so on say what 1 means there.)";

// The command as it was typed, but for the folder of the program: results travel, folders do not.
std::string Typed(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) {
    const std::string word = i == 0 ? std::filesystem::path(argv[0]).filename().string() : argv[i];
    const bool quote = word.empty() || word.find_first_of(" \t\"'$&;()*?") != std::string::npos;
    text += (i > 0 ? " " : "") + (quote ? "'" + word + "'" : word);
  }
  return text;
}

// The options of `roofgap run`, as typed.
struct RunWords {
  std::string suite;
  std::vector<std::string> problems, threads;
  Axes axes;
  double budget_s = 0, energy_s = EnergyPass::kWindowS;
  int64_t seed = 1;
  std::string probe, out, resume, benchmark_json;
  bool dry_run = false;
};

CLI::App* AddRun(CLI::App* app, RunWords* words) {
  CLI::App* run = app->add_subcommand("run", "Verify and measure kernels, into a run directory");
  run->footer(kRunExamples);
  CLI::Option* suite = run->add_option("--suite", words->suite, "Suite file (configs/README.md)");
  run->add_option("--problem", words->problems, "Problem, such as fc:mb16ic768oc3072; may be given several times")
      ->excludes(suite);
  run->add_option("--variant", words->axes.variants, "Variants; default: all that apply but `reference`")
      ->delimiter(',');
  run->add_option("--threads", words->threads, "Thread counts, or all; default: 1,all")->delimiter(',');
  run->add_option("--isa", words->axes.isas, "Instruction sets, see `roofgap list`; default: the best")->delimiter(',');
  run->add_option("--dtype", words->axes.dtypes, "f32, f64, bf16, s8; default: f32")->delimiter(',');
  run->add_option("--cache", words->axes.caches, "warm, cold; default: warm")->delimiter(',');
  run->add_option("--probe", words->probe, "Folder that hwprobe wrote; default: results/<machine_id>/probe");
  run->add_option("--out", words->out, "Run directory; default: results/<machine_id>/<utc>-<suite>");
  run->add_option("--resume", words->resume, "Go on with this interrupted run; stands alone");
  run->add_option("--benchmark-json", words->benchmark_json,
                  "Write the rows as Google Benchmark's JSON too, for its tools; -: print them");
  run->add_option("--budget-s", words->budget_s, "Measuring time per row in seconds, at most; default: 1");
  run->add_option("--energy-s", words->energy_s, "Seconds of calls per row for its energy, 0 for none; default: 2");
  run->add_option("--seed", words->seed, "Seed of operands and of the order of measuring; default: 1");
  run->add_flag("--dry-run", words->dry_run, "Print the cases and stop");
  return run;
}

int Run(const CLI::App& run, const RunWords& words, const std::string& command) {
  if (!words.resume.empty()) {
    if (run.get_options([](const CLI::Option* option) { return option->count() > 0; }).size() > 1) {
      throw Error("--resume: the run says what is left to do; no other option is allowed beside it");
    }
    return ResumeRun(words.resume);
  }
  RunOptions options{.overrides = words.axes, .command = command, .dry_run = words.dry_run};
  options.overrides.threads = ParseThreads(words.threads);
  if (run.count("--budget-s") > 0) {
    if (!(words.budget_s > 0 && words.budget_s <= 3600)) throw Error("--budget-s: allowed is more than 0, up to 3600");
    options.overrides.budget_s = words.budget_s;
  }
  if (!(words.energy_s >= 0 && words.energy_s <= 3600)) throw Error("--energy-s: allowed is 0 to 3600");
  options.energy_s = words.energy_s;
  if (words.suite.empty() && words.problems.empty()) throw Error("run: --suite FILE or --problem P is needed");
  if (!words.suite.empty()) {
    options.request = ReadSuite(Shipped(words.suite));
  } else {
    options.request.name = "adhoc";
    for (const std::string& problem : words.problems) {
      options.request.problems.push_back({.problem = problem, .where = "--problem"});
    }
  }
  if (words.seed < 0) throw Error("--seed: got " + std::to_string(words.seed) + "; allowed is 0 or more");
  options.request.seed = static_cast<uint64_t>(words.seed);
  if (!words.probe.empty()) options.probe = words.probe;
  if (!words.out.empty()) options.out = words.out;
  if (!words.benchmark_json.empty()) options.benchmark_json = words.benchmark_json;
  return RunSuite(options);
}

CLI::App* AddRatio(CLI::App* app, RatioOptions* options) {
  CLI::App* ratio = app->add_subcommand("ratio", "Compare variants within a run: times of the others over theirs");
  ratio->footer(kRatioExamples);
  ratio->add_option("RUN_DIR", options->run_dir, "Run directory")->required();
  // One word each, lest RUN_DIR behind them be taken for another.
  const auto add = [&](const char* name, std::vector<std::string>& words, const char* text) {
    return ratio->add_option(name, words, text)->allow_extra_args(false);
  };
  add("--of", options->sides.of, "Variants; of several the fastest counts, problem by problem")
      ->delimiter(',')
      ->required();
  add("--over", options->sides.over, "Variants to compare with, likewise")->delimiter(',')->required();
  add("--match", options->classes, "REGEX or LABEL=REGEX: a line on the problems it is found in; several times");
  ratio->add_option("--under", options->limit, "Count the ratios under this; default: 0.95");
  ratio->add_option("--csv", options->csv, "Write the pairs to this file; -: print them in place of the table");
  return ratio;
}

// The options of `roofgap compare`, as typed.
struct CompareWords {
  CompareOptions options;
  double fail_over_percent = 0, same_within_percent = 100 * kSameWithin;
};

CLI::App* AddCompare(CLI::App* app, CompareWords* words) {
  CLI::App* compare = app->add_subcommand("compare", "Compare runs, builds or machines with the first of them");
  compare->footer(kCompareExamples);
  compare
      ->add_option(
          "RUN", words->options.runs,
          "Run directories, or Google Benchmark's JSON, the first the baseline; several runs of one build with "
          "commas between: old-1,old-2 new-1,new-2")
      ->required()
      ->expected(2, 1000);
  compare->add_option("--fail-over", words->fail_over_percent,
                      "Exit with 1 where a kernel takes longer by more than so many percent");
  compare
      ->add_option("--unchanged", words->options.unchanged,
                   "Variants whose code is the same on all sides: what they differ by tells how runs do")
      ->delimiter(',');
  compare->add_option("--same-within", words->same_within_percent,
                      "Up to so many percent are the same, however sure; default: 3");
  compare->add_option("--csv", words->options.csv, "Write the pairs to this file; -: print them in place of the table");
  compare->add_option("--json", words->options.json,
                      "Write pairs, means and roofs as JSON; -: print them in place of the table");
  return compare;
}

int Compare(const CLI::App& compare, CompareWords words) {
  const auto check = [](const char* option, double percent) {
    if (!(percent >= 0 && percent <= 1e6)) throw Error(std::string(option) + ": allowed is 0 or more, in percent");
  };
  check("--fail-over", words.fail_over_percent);
  check("--same-within", words.same_within_percent);
  if (compare.count("--fail-over") > 0) words.options.fail_over = words.fail_over_percent / 100;
  words.options.same_within = words.same_within_percent / 100;
  return CompareCommand(words.options);
}

CLI::App* AddMerge(CLI::App* app, MergeOptions* options) {
  CLI::App* merge = app->add_subcommand("merge", "Join runs of many machines into one table");
  merge->footer(kMergeExamples);
  merge->add_option("DIR", options->dirs, "Run directories, or folders with run directories below")->required();
  merge->add_option("--csv", options->csv, "Write the table to this file; -: print it")->required();
  return merge;
}

void AddPrice(CLI::App* command, Price* price) {
  command->add_option("--usd-per-hour", price->usd_per_hour, "Price of the machine, for $ per 1000 inferences");
  command->add_option("--utilisation", price->utilisation,
                      "Part of the paid time that is spent on inferences; default: 1");
}

CLI::App* AddGap(CLI::App* app, GapOptions* options) {
  CLI::App* gap = app->add_subcommand("gap", "Join a run with its machine's ceilings: tables, findings and CSV files");
  gap->footer(kGapExamples);
  gap->add_option("RUN_DIR", options->run_dir, "Run directory")->required();
  AddPrice(gap, &options->price);
  gap->add_option("--csv", options->csv, "Write the rows to this file too; -: print them in place of the table");
  gap->add_option("--json", options->json, "Write rows and findings as JSON; -: print them in place of the table");
  return gap;
}

CLI::App* AddPareto(CLI::App* app, ParetoOptions* options) {
  CLI::App* pareto = app->add_subcommand("pareto", "Of the alternatives for each problem those that no other beats");
  pareto->footer(kParetoExamples);
  pareto->add_option("RUN_DIR", options->run_dir, "Run directory")->required();
  pareto->add_option("--dims", options->dims, "Dimensions, up to 6; default: latency,memory")
      ->delimiter(',')
      ->allow_extra_args(false);
  pareto->add_option("--match", options->match, "Only problems in which this regular expression is found");
  pareto->add_flag("--together", options->choice.together, "All rows are alternatives, whatever their problem");
  pareto
      ->add_option_function<double>(
          "--tolerance", [options](double percent) { options->choice.tolerance = percent / 100; },
          "Per cent that a row has to be better by to beat another; default: 0")
      ->type_name("FLOAT");
  AddPrice(pareto, &options->price);
  pareto->add_option("--csv", options->csv, "Write the rows to this file too; -: print them in place of the table");
  return pareto;
}

CLI::App* AddBudgets(CLI::App* app, BudgetsOptions* options) {
  CLI::App* budgets =
      app->add_subcommand("budgets", "Hold the rows of a run against the budgets of deployment targets");
  budgets->footer(kBudgetsExamples);
  budgets->add_option("RUN_DIR", options->run_dir, "Run directory")->required();
  budgets->add_option("--budgets", options->budgets,
                      "File of budgets; default: configs/budgets.json, here or beside the program");
  budgets->add_option("--csv", options->csv,
                      "Write the verdicts to this file too; -: print them in place of the table");
  return budgets;
}

int Dispatch(int argc, char** argv) {
  CLI::App app("roofgap: the gap between FLOPs and measured latency, kernel by kernel", "roofgap");
  app.require_subcommand(1);
  app.set_version_flag("--version", "roofgap " + Version());
  app.footer(kExamples);

  std::string op;
  CLI::App* list = app.add_subcommand("list", "List ops, their grammar and their variants");
  list->footer(kListExamples);
  list->add_option("--op", op, "Only this op");

  RunWords words;
  CLI::App* run = AddRun(&app, &words);

  GapOptions gap_options;
  CLI::App* gap = AddGap(&app, &gap_options);

  RatioOptions ratio_options;
  CLI::App* ratio = AddRatio(&app, &ratio_options);

  SeparableOptions separable_options;
  CLI::App* separable = app.add_subcommand(
      "separable", "Compare separable with standard convolutions: how much of the FLOPs' promise arrives?");
  separable->footer(kSeparableExamples);
  separable->add_option("RUN_DIR", separable_options.run_dir, "Run directory")->required();
  separable->add_option("--csv", separable_options.csv,
                        "Write the pairs to this file too; -: print them in place of the table");

  CompareWords compare_words;
  CLI::App* compare = AddCompare(&app, &compare_words);

  MergeOptions merge_options;
  CLI::App* merge = AddMerge(&app, &merge_options);

  ParetoOptions pareto_options;
  CLI::App* pareto = AddPareto(&app, &pareto_options);

  BudgetsOptions budgets_options;
  CLI::App* budgets = AddBudgets(&app, &budgets_options);

  SelftestOptions selftest_options;
  std::string selftest_suite = "configs/suites/default.json";
  CLI::App* selftest = app.add_subcommand("selftest", "Measure each variant against itself: how often do they differ?");
  selftest->footer(kSelftestExamples);
  selftest->add_option("--suite", selftest_suite,
                       "Suite file; default: configs/suites/default.json, here or beside the program");
  selftest->add_option("--pairs", selftest_options.pairs, "Pairs, at least; default: 400")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  selftest->add_option("--budget-s", selftest_options.budget_s, "Measuring time per contender in seconds; default: 0.3")
      ->check(CLI::Range(0.05, 60.0));

  // Regenerates results/README.md from the field lists.
  CLI::App* columns = app.add_subcommand("columns", "Print the documentation of all CSV columns")->group("");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      throw Error("unknown subcommand '" + std::string(argv[1]) +
                  "'; allowed are list, run, gap, ratio, separable, compare, merge, pareto, budgets, selftest");
    }
    throw Error(std::string(error.what()) + "; see --help");
  }
  if (*list) return ListCommand(op);
  if (*run) return Run(*run, words, Typed(argc, argv));
  if (*gap) return GapCommand(gap_options);
  if (*ratio) {
    if (!(ratio_options.limit > 0)) throw Error("--under: allowed is more than 0");
    return RatioCommand(ratio_options);
  }
  if (*separable) return SeparableCommand(separable_options);
  if (*compare) return Compare(*compare, compare_words);
  if (*merge) return MergeCommand(merge_options);
  if (*pareto) return ParetoCommand(pareto_options);
  if (*budgets) return BudgetsCommand(budgets_options);
  if (*selftest) {
    selftest_options.request = ReadSuite(ShippedOrNamed(selftest_suite, "--suite"));
    return Selftest(selftest_options);
  }
  if (*columns) return ColumnsCommand();
  return 2;
}

}  // namespace

int RunCli(int argc, char** argv) {
  try {
    const int code = Dispatch(argc, argv);
    CheckStandardOutput();
    return code;
  } catch (const Error& error) {
    std::fprintf(stderr, "roofgap: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {  // out of memory, above all
    std::fprintf(stderr, "roofgap: stopped by %s\n", error.what());
    return 2;
  }
}

}  // namespace roofgap
