#include "kernels/conv2d/conv2d.h"

namespace roofgap {

std::string Validate(const Conv2d& p) {
  if (p.ic % p.g != 0 || p.oc % p.g != 0) {
    return "'g' is " + std::to_string(p.g) + "; allowed are divisors of both ic = " + std::to_string(p.ic) +
           " and oc = " + std::to_string(p.oc);
  }
  return ValidateFit(p.rows(), p.columns());
}

Work Count(const Conv2d& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const Window rows = p.rows();
  const Window columns = p.columns();
  const auto maps = static_cast<double>(p.mb);
  const double channel_pairs = static_cast<double>(p.oc) * static_cast<double>(p.ic / p.g);
  const double kernel = static_cast<double>(p.kh) * static_cast<double>(p.kw);
  const double outputs = static_cast<double>(p.oh()) * static_cast<double>(p.ow());
  const double valid = static_cast<double>(rows.ValidPairs()) * static_cast<double>(columns.ValidPairs());
  const double touched = static_cast<double>(rows.TouchedInputs()) * static_cast<double>(columns.TouchedInputs());
  const double used = static_cast<double>(rows.UsedTaps()) * static_cast<double>(columns.UsedTaps());
  const double parameters = channel_pairs * used + static_cast<double>(p.bia * p.oc);
  return {
      .flops = 2 * maps * channel_pairs * valid,
      .flops_nominal = 2 * maps * channel_pairs * outputs * kernel,
      .bytes_read = element * (maps * touched * static_cast<double>(p.ic) + parameters),
      .bytes_written = element * maps * outputs * static_cast<double>(p.oc),
  };
}

std::vector<Operand> Operands(const Conv2d& p) {
  return {
      {"src", Role::kInput, {p.mb, p.ih, p.iw, p.ic}},
      {"wei", Role::kWeight, {p.oc, p.kh, p.kw, p.ic / p.g}},
      {"bia", Role::kWeight, {p.bia * p.oc}},
      {"dst", Role::kOutput, {p.mb, p.oh(), p.ow(), p.oc}},
  };
}

}  // namespace roofgap
