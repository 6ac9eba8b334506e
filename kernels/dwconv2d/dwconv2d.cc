#include "kernels/dwconv2d/dwconv2d.h"

namespace roofgap {

std::string Validate(const DwConv2d& p) { return ValidateFit(p.rows(), p.columns()); }

Work Count(const DwConv2d& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const Window rows = p.rows();
  const Window columns = p.columns();
  const auto channels = static_cast<double>(p.c);
  const double maps = static_cast<double>(p.mb) * channels;
  const double kernel = static_cast<double>(p.kh) * static_cast<double>(p.kw);
  const double outputs = static_cast<double>(p.oh()) * static_cast<double>(p.ow());
  const double valid = static_cast<double>(rows.ValidPairs()) * static_cast<double>(columns.ValidPairs());
  const double touched = static_cast<double>(rows.TouchedInputs()) * static_cast<double>(columns.TouchedInputs());
  const double used = static_cast<double>(rows.UsedTaps()) * static_cast<double>(columns.UsedTaps());
  const double parameters = channels * (used + static_cast<double>(p.bia));
  return {
      .flops = 2 * maps * valid,
      .flops_nominal = 2 * maps * outputs * kernel,
      .bytes_read = element * (maps * touched + parameters),
      .bytes_written = element * maps * outputs,
  };
}

std::vector<Operand> Operands(const DwConv2d& p) {
  return {
      {"src", Role::kInput, {p.mb, p.ih, p.iw, p.c}},
      {"wei", Role::kWeight, {p.kh, p.kw, p.c}},
      {"bia", Role::kWeight, {p.bia * p.c}},
      {"dst", Role::kOutput, {p.mb, p.oh(), p.ow(), p.c}},
  };
}

}  // namespace roofgap
