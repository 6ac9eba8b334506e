#include "kernels/fc/fc.h"

namespace roofgap {

std::string Validate(const Fc&) { return ""; }

Work Count(const Fc& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const auto mb = static_cast<double>(p.mb);
  const auto ic = static_cast<double>(p.ic);
  const auto oc = static_cast<double>(p.oc);
  return {
      .flops = 2 * mb * ic * oc,
      .flops_nominal = 2 * mb * ic * oc,
      .bytes_read = element * (mb * ic + ic * oc + static_cast<double>(p.bia) * oc),
      .bytes_written = element * mb * oc,
  };
}

std::vector<Operand> Operands(const Fc& p) {
  return {
      {"src", Role::kInput, {p.mb, p.ic}},
      {"wei", Role::kWeight, {p.oc, p.ic}},
      {"bia", Role::kWeight, {p.bia * p.oc}},
      {"dst", Role::kOutput, {p.mb, p.oc}},
  };
}

}  // namespace roofgap
