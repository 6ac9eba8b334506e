#include <cmath>
#include <string>
#include <vector>

#include "harness/analysis/pareto.h"
#include "harness/measure/system_files.h"
#include "harness/plan/expand.h"
#include "harness/run/pattern.h"
#include "kernels/api/problem.h"
#include "tests/fuzz/fuzz_target.h"

namespace roofgap::fuzz {
namespace {

// The problem with the defaults written out says the same.
void CheckAssumed(std::string_view input, std::string assumed, const std::string& canonical) {
  std::erase(assumed, ' ');
  Require(Describe(ParseProblem(std::string(input) + assumed)) == canonical, "defaults that are others", assumed);
}

void CheckProblem(std::string_view input) {
  std::string assumed;
  const auto problem = Reading("problem '", [&] { return ParseProblem(input, &assumed); });
  if (!problem) return;
  const std::string text = Describe(*problem);
  Require(Describe(ParseProblem(text)) == text, "a text that is not canonical", text);
  CheckAssumed(input, assumed, text);
  for (DType dtype : kDTypes) {
    const Work work = Count(*problem, dtype);
    for (double count : {work.flops, work.flops_nominal, work.bytes_read, work.bytes_written}) {
      Require(count >= 0 && std::isfinite(count), "a count of " + std::to_string(count), text);
    }
    // Papers count half of the diagonal of a causal mask.
    Require(work.flops <= 2 * work.flops_nominal, "more to compute than papers print", text);
  }
  for (const Operand& operand : Operands(*problem)) {
    for (int64_t dim : operand.dims) Require(dim >= 0, "an operand of less than nothing", text);
  }
  Require(Batch(*problem) >= 1, "a call of no inferences", text);
}

std::vector<std::string> Words(std::string_view input) {
  std::vector<std::string> words(1);
  for (char c : input) {
    if (c == ',') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

void CheckLists(std::string_view input) {
  const std::vector<std::string> words = Words(input);
  const Offer offer{.max_threads = 64, .isas = {"AVX3", "AVX2"}, .process_isa = "AVX3", .onednn = false};
  const auto offered = [&](const Axes& axes) { return CheckOffered(axes, offer), true; };
  const auto threads = Reading("--threads", [&] { return ParseThreads(words); });
  if (threads) {
    for (int count : *threads) Require(count >= 1 || count == kAllThreads, "a team of no threads", input);
    Reading("--threads", [&] { return offered({.threads = *threads}); });
  }
  Reading("--isa", [&] { return offered({.isas = words}); });
  Reading("--dtype", [&] { return offered({.dtypes = words}); });
  Reading("--cache", [&] { return offered({.caches = words}); });
  Reading("--dims", [&] { return FindDimensions(words).size(); });
  Reading("dtype", [&] { return ParseDType(input); });
  Reading("op", [&] { return GrammarOf(input).size(); });
  const Axes axes{.variants = words, .isas = {"AVX2"}};
  Reading("--match", [&] { return ParsePattern("--match", std::string(input)), true; });
  Reading("variant",
          [&] { return Expand({.name = "", .problems = {{.problem = "fc:ic8oc8", .axes = axes}}}, offer).size(); });
}

void CheckCpuList(std::string_view input) {
  for (int cpu : ParseCpuList(std::string(input))) Require(cpu >= 0, "a processor of a negative number", input);
}

void Check(std::string_view input) {
  CheckProblem(input);
  CheckLists(input);
  CheckCpuList(input);
}

[[maybe_unused]] const bool kRegistered = Register({.name = "grammar", .check = Check});

}  // namespace
}  // namespace roofgap::fuzz
