#include "kernels/dwsep/dwsep.h"

namespace roofgap {

std::string Validate(const DwSep& p) { return ValidateFit(p.rows(), p.columns()); }

Work Count(const DwSep& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const Window rows = p.rows();
  const Window columns = p.columns();
  const auto maps = static_cast<double>(p.mb);
  const auto ic = static_cast<double>(p.ic);
  const auto oc = static_cast<double>(p.oc);
  const double kernel = static_cast<double>(p.kh) * static_cast<double>(p.kw);
  const double outputs = static_cast<double>(p.oh()) * static_cast<double>(p.ow());
  const double valid = static_cast<double>(rows.ValidPairs()) * static_cast<double>(columns.ValidPairs());
  const double touched = static_cast<double>(rows.TouchedInputs()) * static_cast<double>(columns.TouchedInputs());
  const double used = static_cast<double>(rows.UsedTaps()) * static_cast<double>(columns.UsedTaps());
  const double parameters = ic * used + ic * oc + static_cast<double>(p.bia) * (ic + oc);
  return {
      .flops = 2 * maps * ic * (valid + outputs * oc),
      .flops_nominal = 2 * maps * ic * outputs * (kernel + oc),
      .bytes_read = element * (maps * touched * ic + parameters),
      .bytes_written = element * maps * outputs * oc,
  };
}

std::vector<Operand> Operands(const DwSep& p) {
  return {
      {"src", Role::kInput, {p.mb, p.ih, p.iw, p.ic}}, {"dw_wei", Role::kWeight, {p.kh, p.kw, p.ic}},
      {"dw_bia", Role::kWeight, {p.bia * p.ic}},       {"pw_wei", Role::kWeight, {p.oc, p.ic}},
      {"pw_bia", Role::kWeight, {p.bia * p.oc}},       {"dst", Role::kOutput, {p.mb, p.oh(), p.ow(), p.oc}},
  };
}

}  // namespace roofgap
