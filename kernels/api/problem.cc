#include "kernels/api/problem.h"

#include <utility>

#include "kernels/api/descriptor.h"

namespace roofgap {
namespace {

// A problem whose operands have more elements than this in all is a typing error, whatever the machine.
constexpr double kMaxElements = 4503599627370496.0;  // 2^52: exact as a double, and far from overflow in bytes

constexpr size_t kMostText = 1000;  // several times all keys with their largest numbers

template <class P>
void CheckSizes(const P& problem, std::string_view text) {
  double elements = 0;
  for (const Operand& operand : Operands(problem)) {
    double of_operand = 1;
    for (int64_t dim : operand.dims) of_operand *= static_cast<double>(dim);
    elements += of_operand;
  }
  if (elements > kMaxElements) grammar::Fail(text, "its operands overflow; allowed are 2^52 elements in all");
}

// Parses `text` as the I-th op of Problem, or a later one.
template <size_t I = 0>
Problem ParseAs(std::string_view op, std::string_view body, std::string_view text, std::string* assumed) {
  if constexpr (I < std::variant_size_v<Problem>) {
    using P = std::variant_alternative_t<I, Problem>;
    if (op != P::kOp) return ParseAs<I + 1>(op, body, text, assumed);
    const P problem = ParseLetters<P>(body, text, assumed);
    const std::string wrong = Validate(problem);
    if (!wrong.empty()) grammar::Fail(text, wrong);
    CheckSizes(problem, text);
    return problem;
  } else {
    grammar::Fail(text, "unknown op '" + Shown(op, 20) + "'; allowed are " + grammar::JoinNames(OpNames()));
  }
}

template <size_t I = 0>
std::string GrammarFrom(std::string_view op) {
  if constexpr (I < std::variant_size_v<Problem>) {
    using P = std::variant_alternative_t<I, Problem>;
    return op == P::kOp ? GrammarLetters<P>() : GrammarFrom<I + 1>(op);
  } else {
    throw Error("unknown op '" + Shown(op, 20) + "'; allowed are " + grammar::JoinNames(OpNames()));
  }
}

template <size_t... I>
std::vector<std::string_view> Names(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, Problem>::kOp...};
}

}  // namespace

std::vector<std::string_view> OpNames() { return Names(std::make_index_sequence<std::variant_size_v<Problem>>()); }

std::string GrammarOf(std::string_view op) { return GrammarFrom(op); }

Problem ParseProblem(std::string_view text, std::string* assumed) {
  if (text.size() > kMostText) {
    grammar::Fail(text,
                  "it is " + std::to_string(text.size()) + " bytes long; allowed are " + std::to_string(kMostText));
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    grammar::Fail(text, "expected op:keys, such as fc:mb16ic768oc3072; ops are " + grammar::JoinNames(OpNames()));
  }
  return ParseAs(text.substr(0, colon), text.substr(colon + 1), text, assumed);
}

std::string Describe(const Problem& problem) {
  return std::visit(
      [](const auto& p) { return std::string(std::decay_t<decltype(p)>::kOp) + ":" + DescribeLetters(p); }, problem);
}

std::string_view OpOf(const Problem& problem) {
  return std::visit([](const auto& p) { return std::decay_t<decltype(p)>::kOp; }, problem);
}

int64_t Batch(const Problem& problem) {
  const auto batch = [](const auto& p) -> int64_t {
    if constexpr (requires { p.mb; }) {
      return p.mb;
    } else {
      return p.b;
    }
  };
  return std::visit(batch, problem);
}

Work Count(const Problem& problem, DType dtype) {
  return std::visit([&](const auto& p) { return Count(p, dtype); }, problem);
}

std::vector<Operand> Operands(const Problem& problem) {
  return std::visit([](const auto& p) { return Operands(p); }, problem);
}

std::vector<Expected> Reference(const Problem& problem, DType dtype, const Args& args,
                                std::span<const int64_t> outputs) {
  return std::visit([&](const auto& p) { return Reference(p, dtype, args, outputs); }, problem);
}

}  // namespace roofgap
