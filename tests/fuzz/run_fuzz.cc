#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "harness/analysis/budgets.h"
#include "harness/analysis/separable.h"
#include "harness/plan/expand.h"
#include "harness/plan/suite.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/budgets_command.h"
#include "harness/run/compare_command.h"
#include "harness/run/gap_command.h"
#include "harness/run/merge_command.h"
#include "harness/run/pareto_command.h"
#include "harness/run/ratio_command.h"
#include "harness/run/run_rows.h"
#include "harness/run/separable_command.h"
#include "tests/fuzz/fuzz_target.h"

// A run directory of any contents: every command that reads it either does or says why not, and then leaves it as it
// is. The input holds its files, each behind a line "### NAME".

namespace roofgap::fuzz {
namespace {
namespace fs = std::filesystem;

constexpr std::array kNames = {files::kMeasurements, files::kCeilings, files::kCeilingsEnd,
                               files::kMachine,      files::kRun,      files::kSuite};

std::map<std::string, std::string> Sections(std::string_view input) {
  constexpr std::string_view kMark = "### ";
  std::map<std::string, std::string> sections;
  while (!input.empty()) {
    const size_t end_of_name = input.find('\n');
    if (!input.starts_with(kMark) || end_of_name == input.npos) return sections;
    const std::string name(input.substr(kMark.size(), end_of_name - kMark.size()));
    input.remove_prefix(end_of_name + 1);
    size_t next = input.starts_with(kMark) ? 0 : input.find("\n### ");
    if (next == input.npos) next = input.size() - 1;
    const size_t length = input.empty() || input.starts_with(kMark) ? 0 : next + 1;
    for (std::string_view known : kNames) {
      if (name == known) sections[name] = input.substr(0, length);
    }
    input.remove_prefix(length);
  }
  return sections;
}

std::map<std::string, std::string> Contents(const fs::path& dir) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::directory_iterator(dir)) {
    contents[entry.path().filename().string()] = ReadFile(entry.path());
  }
  return contents;
}

void Fill(const fs::path& dir, const std::map<std::string, std::string>& contents) {
  fs::remove_all(dir);
  fs::create_directories(dir);
  for (const auto& [name, text] : contents) {
    std::FILE* const file = std::fopen((dir / name).c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
}

// Holds back what is printed.
class Silence {
 public:
  Silence() {
    std::fflush(stdout);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
  }
  ~Silence() {
    std::fflush(stdout);
    dup2(stdout_, STDOUT_FILENO);
    close(stdout_);
  }

 private:
  int stdout_ = dup(STDOUT_FILENO);
};

template <class Row>
void CheckStored(const fs::path& path) {
  if (!fs::exists(path)) return;
  const std::string text = ReadFile(path);
  Require(CsvText<Row>(ParseCsv<Row>(text, path.string())) == text, "a table that does not read as it is", text);
}

// Runs a command on the directory of these contents.
void CheckCommand(const fs::path& dir, const std::map<std::string, std::string>& contents,
                  const std::function<int()>& command) {
  const auto code = Reading(dir.string(), command);
  if (code) {
    Require(*code == 0 || *code == 1, "an exit code", std::to_string(*code));
    CheckStored<Gap>(dir / files::kGap);
    CheckStored<SeparablePair>(dir / files::kSeparable);
    CheckStored<BudgetRow>(dir / files::kBudgets);
    Fill(dir, contents);
  } else {
    Require(Contents(dir) == contents, "an error that leaves something behind", "");
  }
}

int Resume(const fs::path& dir) {
  const Offer offer{.max_threads = 2, .isas = {"AVX3", "AVX2"}, .process_isa = "AVX3", .onednn = false};
  const std::vector<Case> cases = Expand(ReadSuite(dir / files::kSuite), offer);
  RunRows::Resume(dir / files::kMeasurements, cases);
  ReadMeasurements(dir / files::kMeasurements);
  return 0;
}

void Check(std::string_view input) {
  static const fs::path root = fs::temp_directory_path() / ("roofgap_fuzz." + std::to_string(getpid()));
  const fs::path dir = root / "run";
  const std::map<std::string, std::string> contents = Sections(input);
  if (contents.empty()) return;
  const Silence silence;
  Fill(dir, contents);
  const auto check = [&](const std::function<int()>& command) { CheckCommand(dir, contents, command); };
  const std::string json = input.size() % 2 == 0 ? "-" : "";
  check([&] { return GapCommand({.run_dir = dir, .price = {.usd_per_hour = 0.5}, .json = json}); });
  check([&] { return RatioCommand({.run_dir = dir, .sides = {.of = {"direct"}, .over = {"onednn"}}}); });
  check([&] { return SeparableCommand({.run_dir = dir}); });
  check([&] { return ParetoCommand({.run_dir = dir}); });
  check([&] {
    return BudgetsCommand({.run_dir = dir, .budgets = fs::path(ROOFGAP_SOURCE_DIR) / "configs" / "budgets.json"});
  });
  check([&] { return CompareCommand({.runs = {dir, dir}, .fail_over = 0.05}); });
  check([&] { return MergeCommand({.dirs = {dir}, .csv = "-"}); });
  if (contents.contains(std::string(files::kSuite))) check([&] { return Resume(dir); });
  fs::remove_all(root);
}

[[maybe_unused]] const bool kRegistered = Register({.name = "run", .check = Check});

}  // namespace
}  // namespace roofgap::fuzz
