#include "kernels/linformer/linformer.h"

namespace roofgap {

std::string Linformer::Exact() const {
  const auto group = [](const char* letters, int64_t value) { return letters + std::to_string(value); };
  return "attention:" + group("b", b) + group("h", h) + group("kvh", kvh) + group("s", s) + group("t", t) +
         group("d", d);
}

std::string Validate(const Linformer& p) {
  if (p.h % p.kvh == 0) return "";
  return "'kvh' is " + std::to_string(p.kvh) + "; allowed are divisors of h = " + std::to_string(p.h);
}

Work Count(const Linformer& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const double rows = static_cast<double>(p.b * p.h) * static_cast<double>(p.s);
  const double keys = static_cast<double>(p.b * p.kvh) * static_cast<double>(p.t);
  const auto d = static_cast<double>(p.d);
  const auto k = static_cast<double>(p.k);
  const double flops = 4 * (keys + rows) * k * d;
  return {
      .flops = flops,
      .flops_nominal = flops,
      .bytes_read = element * ((rows + 2 * keys) * d + 2 * k * static_cast<double>(p.t)),
      .bytes_written = element * rows * d,
  };
}

std::vector<Operand> Operands(const Linformer& p) {
  return {
      {"q", Role::kInput, {p.b, p.h, p.s, p.d}},        {"k", Role::kInput, {p.b, p.kvh, p.t, p.d}},
      {"v", Role::kInput, {p.b, p.kvh, p.t, p.d}},      {"e", Role::kWeight, {p.k, p.t}, Fill::kPooling},
      {"f", Role::kWeight, {p.k, p.t}, Fill::kPooling}, {"dst", Role::kOutput, {p.b, p.h, p.s, p.d}},
  };
}

}  // namespace roofgap
