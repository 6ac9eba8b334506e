#include "kernels/api/distance.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace roofgap {

std::optional<Problem> ExactProblem(const Problem& problem) {
  const auto exact = [](const auto& p) -> std::optional<Problem> {
    if constexpr (requires { p.Exact(); }) {
      return ParseProblem(p.Exact());
    } else {
      return std::nullopt;
    }
  };
  return std::visit(exact, problem);
}

double DistanceFromExact(const Problem& problem, DType dtype, const Args& args, std::span<const int64_t> outputs) {
  const Problem exact = ExactProblem(problem).value();
  const std::vector<Operand> own = Operands(problem);
  Args shared;
  size_t at = 0;
  for (const Operand& operand : Operands(exact)) {
    const auto same = std::find_if(own.begin(), own.end(), [&](const Operand& o) { return o.name == operand.name; });
    assert(same != own.end() && same->dims == operand.dims);
    shared.operand[at++] = args.operand[static_cast<size_t>(same - own.begin())];
  }
  const std::vector<Expected> approximate = Reference(problem, dtype, args, outputs);
  const std::vector<Expected> wanted = Reference(exact, dtype, shared, outputs);
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    difference += std::pow(approximate[i].value - wanted[i].value, 2);
    norm += std::pow(wanted[i].value, 2);
  }
  return std::sqrt(difference / norm);
}

}  // namespace roofgap
