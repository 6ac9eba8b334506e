#ifndef ROOFGAP_HARNESS_PLAN_EXPAND_H_
#define ROOFGAP_HARNESS_PLAN_EXPAND_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/request.h"
#include "kernels/api/registry.h"

namespace roofgap {

// One row to be: a problem, a contender and the conditions. A case that cannot be run keeps its place and says why.
struct Case {
  std::string label;
  Problem problem;
  const Variant* variant = nullptr;
  DType dtype = DType::kF32;
  std::string isa;
  int threads = 1;
  bool cold = false;
  double budget_s = 1;
  Support support;  // not ok: the row is skipped, for this reason
};

// What this machine and process offer.
struct Offer {
  int max_threads = 1;
  std::vector<std::string> isas;  // best first
  std::string process_isa;        // what variants of IsaControl::kProcess are held to
  bool onednn = true;             // the build has oneDNN's variants; else those that are named are skipped
};

// Names of all instruction sets in the vocabulary, whether they run here or not.
const std::vector<std::string_view>& IsaVocabulary();

// Whether the word is in the vocabulary of its axis.
bool IsIsa(std::string_view name);
bool IsDType(std::string_view name);
bool IsCache(std::string_view name);

// The one instruction set that all problems ask for (its default filled in), or "" where they ask for several. Variants
// of IsaControl::kProcess can be held to it.
std::string OnlyIsa(const Request& request, const std::vector<std::string>& isas);

// The thread counts of the command line: whole numbers from 1 on, or all.
std::vector<int> ParseThreads(std::span<const std::string> words);

// Throws Error, naming the option, when axes from the command line hold unknown words, or thread counts or instruction
// sets that this machine does not have. The latter two make skipped rows in a suite, which travels between machines.
void CheckOffered(const Axes& axes, const Offer& offer);

// All combinations of the request's axes, problem by problem, contenders for the same problem together. Throws Error
// for a problem, variant, dtype, isa or cache state that does not exist. A combination asked for twice is one case.
std::vector<Case> Expand(const Request& request, const Offer& offer);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_EXPAND_H_
