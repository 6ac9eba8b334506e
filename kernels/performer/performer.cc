#include "kernels/performer/performer.h"

namespace roofgap {

std::string Performer::Exact() const {
  const auto group = [](const char* letters, int64_t value) { return letters + std::to_string(value); };
  return "attention:" + group("b", b) + group("h", h) + group("kvh", kvh) + group("s", s) + group("t", t) +
         group("d", d) + group("causal", causal);
}

std::string Validate(const Performer& p) {
  if (p.h % p.kvh != 0) {
    return "'kvh' is " + std::to_string(p.kvh) + "; allowed are divisors of h = " + std::to_string(p.h);
  }
  if (p.causal && p.t < p.s) {
    return "'t' is " + std::to_string(p.t) + "; with causal1 allowed is s = " + std::to_string(p.s) + " or more";
  }
  return "";
}

Work Count(const Performer& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const double rows = static_cast<double>(p.b * p.h) * static_cast<double>(p.s);
  const double keys = static_cast<double>(p.b * p.kvh) * static_cast<double>(p.t);
  const auto d = static_cast<double>(p.d);
  const auto m = static_cast<double>(p.m);
  const double flops = 2 * (rows + keys) * m * (d + (d + 1));
  return {
      .flops = flops,
      .flops_nominal = flops,
      .bytes_read = element * ((rows + 2 * keys) * d + m * d),
      .bytes_written = element * rows * d,
  };
}

std::vector<Operand> Operands(const Performer& p) {
  return {
      {"q", Role::kInput, {p.b, p.h, p.s, p.d}},    {"k", Role::kInput, {p.b, p.kvh, p.t, p.d}},
      {"v", Role::kInput, {p.b, p.kvh, p.t, p.d}},  {"w", Role::kWeight, {p.m, p.d}, Fill::kOrthogonal},
      {"dst", Role::kOutput, {p.b, p.h, p.s, p.d}},
  };
}

}  // namespace roofgap
