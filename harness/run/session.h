#ifndef ROOFGAP_HARNESS_RUN_SESSION_H_
#define ROOFGAP_HARNESS_RUN_SESSION_H_

#include <filesystem>
#include <optional>
#include <string>

#include "harness/plan/request.h"
#include "harness/run/energy_pass.h"

namespace roofgap {

// What `roofgap run` was asked for.
struct RunOptions {
  Request request;
  Axes overrides;                                       // the axes of the command line: they replace those of the suite
  std::optional<std::filesystem::path> probe;           // default: results/<machine_id>/probe, where that exists
  std::optional<std::filesystem::path> out;             // default: results/<machine_id>/<utc>-<suite>
  std::optional<std::filesystem::path> benchmark_json;  // the rows as Google Benchmark's JSON too; `-`: printed
  std::string command;                                  // as it was typed, for run.json
  double energy_s = EnergyPass::kWindowS;               // calls of each row back to back for its energy; 0: none
  bool dry_run = false;                                 // print the cases and stop
};

// Runs the request into a run directory, a row at a time, and prints where it is. Returns the exit code: 0, 1 when a
// result was wrong, 128 + signal when interrupted. Throws Error for anything wrong with the request, before the first
// row is measured.
int RunSuite(const RunOptions& options);

// Goes on with an interrupted or killed run: a torn last row is dropped, the cases that have no row are measured.
// Throws Error when `dir` holds no run, is complete, or was measured by another machine, other cores of it, or another
// build, for such rows do not belong into one file; and when suite.json does not ask for as many cases as then.
int ResumeRun(const std::filesystem::path& dir);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_SESSION_H_
