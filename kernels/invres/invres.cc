#include "kernels/invres/invres.h"

namespace roofgap {

std::string Validate(const InvRes& p) {
  std::string wrong = ValidateFit(p.window(), p.window());
  if (!wrong.empty() || !p.res) return wrong;
  if (p.oc != p.c) return "'oc' is " + std::to_string(p.oc) + "; with res1 allowed is c = " + std::to_string(p.c);
  if (p.sh != 1) return "'sh' is " + std::to_string(p.sh) + "; with res1 allowed is 1";
  if (p.oh() != p.ih) {
    return "the result has " + std::to_string(p.oh()) + " rows; with res1 allowed is ih = " + std::to_string(p.ih);
  }
  return "";
}

Work Count(const InvRes& p, DType dtype) {
  const auto element = static_cast<double>(SizeOf(dtype));
  const auto square = [](int64_t side) { return static_cast<double>(side) * static_cast<double>(side); };
  const auto maps = static_cast<double>(p.mb);
  const auto c = static_cast<double>(p.c);
  const auto mc = static_cast<double>(p.mc);
  const auto oc = static_cast<double>(p.oc);
  const auto se = static_cast<double>(p.se);
  const double expand = p.expands() ? c : 0;  // per expanded element
  const double outputs = square(p.oh());
  const double valid = square(p.window().ValidPairs());
  // A residual needs stride 1 and a map of the same size, where every input is touched by a tap.
  const double touched = square(p.window().TouchedInputs());
  const double used = square(p.window().UsedTaps());
  const double excite = 2 * se;  // squeezing and exciting: per channel
  const double parameters =
      mc * (expand + (p.expands() ? 1 : 0) + used + 1 + oc) + oc + (p.se > 0 ? se * (2 * mc + 1) + mc : 0);
  return {
      .flops = 2 * maps * mc * (touched * expand + valid + excite + outputs * oc),
      .flops_nominal = 2 * maps * mc * (square(p.ih) * expand + outputs * square(p.kh) + excite + outputs * oc),
      .bytes_read = element * (maps * touched * c + parameters),
      .bytes_written = element * maps * outputs * oc,
  };
}

std::vector<Operand> Operands(const InvRes& p) {
  const int64_t expanded = p.expands() ? p.mc : 0;
  const int64_t excited = p.se > 0 ? p.mc : 0;
  return {
      {"src", Role::kInput, {p.mb, p.ih, p.ih, p.c}},
      {"expand_wei", Role::kWeight, {expanded, p.c}},
      {"expand_bia", Role::kWeight, {expanded}},
      {"dw_wei", Role::kWeight, {p.kh, p.kh, p.mc}},
      {"dw_bia", Role::kWeight, {p.mc}},
      {"squeeze_wei", Role::kWeight, {p.se, p.mc}},
      {"squeeze_bia", Role::kWeight, {p.se}},
      {"excite_wei", Role::kWeight, {p.mc, p.se}},
      {"excite_bia", Role::kWeight, {excited}},
      {"project_wei", Role::kWeight, {p.oc, p.mc}},
      {"project_bia", Role::kWeight, {p.oc}},
      {"dst", Role::kOutput, {p.mb, p.oh(), p.oh(), p.oc}},
  };
}

}  // namespace roofgap
