#include "kernels/attention/attention.h"

namespace roofgap {

std::string Validate(const Attention& p) {
  if (p.h % p.kvh != 0) {
    return "'kvh' is " + std::to_string(p.kvh) + "; allowed are divisors of h = " + std::to_string(p.h);
  }
  if (p.causal && p.t < p.s) {
    return "'t' is " + std::to_string(p.t) + "; with causal1 allowed is s = " + std::to_string(p.s) + " or more";
  }
  return "";
}

Work Count(const Attention& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const double heads = static_cast<double>(p.b) * static_cast<double>(p.h);
  const double kv_heads = static_cast<double>(p.b) * static_cast<double>(p.kvh);
  const auto s = static_cast<double>(p.s);
  const auto t = static_cast<double>(p.t);
  const auto d = static_cast<double>(p.d);
  // Query i sees t - s + i + 1 keys; the sum over i of what it does not see is s (s - 1) / 2.
  const double pairs = s * t - (p.causal ? s * (s - 1) / 2 : 0);
  const double nominal_pairs = s * t - (p.causal ? s * s / 2 : 0);
  return {
      .flops = 4 * heads * pairs * d,
      .flops_nominal = 4 * heads * nominal_pairs * d,
      .bytes_read = element * (heads * s + 2 * kv_heads * t) * d,
      .bytes_written = element * heads * s * d,
  };
}

std::vector<Operand> Operands(const Attention& p) {
  return {
      {"q", Role::kInput, {p.b, p.h, p.s, p.d}},
      {"k", Role::kInput, {p.b, p.kvh, p.t, p.d}},
      {"v", Role::kInput, {p.b, p.kvh, p.t, p.d}},
      {"dst", Role::kOutput, {p.b, p.h, p.s, p.d}},
  };
}

}  // namespace roofgap
