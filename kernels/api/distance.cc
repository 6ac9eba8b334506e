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

std::vector<Expected> ExactReference(const Problem& problem, DType dtype, const Args& args,
                                     std::span<const int64_t> outputs) {
  const Problem exact = ExactProblem(problem).value();
  const std::vector<Operand> own = Operands(problem);
  Args shared;
  size_t at = 0;
  for (const Operand& operand : Operands(exact)) {
    const auto same = std::find_if(own.begin(), own.end(), [&](const Operand& o) { return o.name == operand.name; });
    assert(same != own.end() && same->dims == operand.dims);
    shared.operand[at++] = args.operand[static_cast<size_t>(same - own.begin())];
  }
  return Reference(exact, dtype, shared, outputs);
}

double RelativeDistance(const std::byte* dst, DType dtype, std::span<const int64_t> outputs,
                        std::span<const Expected> exact) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    difference += std::pow(Compare(dst, dtype, outputs.subspan(i, 1), exact.subspan(i, 1)).error, 2);
    norm += std::pow(exact[i].value, 2);
  }
  return std::sqrt(difference / norm);
}

}  // namespace roofgap
