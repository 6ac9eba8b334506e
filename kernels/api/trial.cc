#include "kernels/api/trial.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/api/buffer.h"
#include "kernels/api/error.h"
#include "kernels/api/fill.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

constexpr double kBudgetS = 0.1;
constexpr int kFewestRounds = 5;
constexpr int kMostRounds = 40;

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Operands that all contenders share, and packed constants and a workspace for each.
class Field {
 public:
  Field(const Problem& problem, const Context& context, std::span<const Invocation> contenders) {
    Args shared;
    const std::vector<Operand> operands = Operands(problem);
    for (size_t i = 0; i < operands.size(); ++i) {
      shared.operand[i] = Own(operands[i].bytes(context.dtype));
      FillOperand(operands[i], shared.operand[i], context.dtype, i + 1, context.threads);
    }
    for (const Invocation& contender : contenders) {
      Args& args = args_.emplace_back(shared);
      args.packed = Own(contender.packed_bytes);
      args.workspace = Own(contender.workspace_bytes);
      if (contender.pack) contender.pack(args);
      if (contender.reorder_in) contender.reorder_in(args);
    }
  }

  const Args& args(size_t contender) const { return args_[contender]; }

 private:
  std::byte* Own(size_t bytes) { return memory_.emplace_back(bytes).data(); }

  std::vector<Buffer> memory_;
  std::vector<Args> args_;
};

// Whether a contender whose shortest call took `least_s`, of calls that took `spent_s` in all, may as well leave. What
// takes less may be the fault of cold caches, or of a thread whose core another program has for some milliseconds: two
// such calls made `auto` take a block that is slower by 40 %.
bool IsBehind(double least_s, double best_s, double spent_s) {
  constexpr double kPatienceS = 0.02;
  return spent_s > kPatienceS && least_s > 1.5 * best_s;
}

}  // namespace

size_t Fastest(const Problem& problem, const Context& context, std::span<const Invocation> contenders) {
  assert(!contenders.empty());
  if (contenders.size() == 1) return 0;
  const Field field(problem, context, contenders);
  std::vector<double> least(contenders.size(), std::numeric_limits<double>::infinity());
  std::vector<double> spent(contenders.size());
  const Clock::time_point begin = Clock::now();
  for (int round = 0; round < kMostRounds && (round < kFewestRounds || Since(begin) < kBudgetS); ++round) {
    const double best = *std::min_element(least.begin(), least.end());
    for (size_t i = 0; i < contenders.size(); ++i) {
      if (IsBehind(least[i], best, spent[i])) continue;
      // Untimed first: what another has just put in the caches is not this one's fault, nor part of a warm row.
      const Clock::time_point start = Clock::now();
      contenders[i].run(field.args(i));
      const Clock::time_point second = Clock::now();
      contenders[i].run(field.args(i));
      least[i] = std::min(least[i], Since(second));
      spent[i] += Since(start);
    }
  }
  return static_cast<size_t>(std::min_element(least.begin(), least.end()) - least.begin());
}

Invocation PrepareFastestOf(std::span<const std::string_view> names, const Problem& problem, const Context& context) {
  std::vector<Invocation> contenders;
  for (std::string_view name : names) {
    const Variant* variant = FindVariant(OpOf(problem), name);
    if (variant == nullptr || !variant->supports(problem, context).ok) continue;
    contenders.push_back(variant->prepare(problem, context));
    contenders.back().impl += " [" + std::string(name) + "]";
  }
  if (contenders.empty()) throw Error(SupportsAnyOf(names, problem, context).reason);
  return std::move(contenders[Fastest(problem, context, contenders)]);
}

Support SupportsAnyOf(std::span<const std::string_view> names, const Problem& problem, const Context& context) {
  Support support{false, "no variant to choose from"};
  for (std::string_view name : names) {
    const Variant* variant = FindVariant(OpOf(problem), name);
    if (variant == nullptr) continue;
    support = variant->supports(problem, context);
    if (support.ok) return support;
  }
  return support;
}

}  // namespace roofgap
