#include "kernels/api/dtype.h"

#include <cmath>
#include <string>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

struct Traits {
  std::string_view name;
  size_t bytes;
  double unit_roundoff;
};

const Traits& Of(DType dtype) {
  static const std::array<Traits, kDTypes.size()> kTraits = {{
      {"f32", 4, std::ldexp(1.0, -24)},
      {"f64", 8, std::ldexp(1.0, -53)},
      {"bf16", 2, std::ldexp(1.0, -24)},
      {"s8", 1, 0.0},
  }};
  return kTraits[static_cast<size_t>(dtype)];
}

}  // namespace

std::string_view Name(DType dtype) { return Of(dtype).name; }

DType ParseDType(std::string_view name) {
  for (DType dtype : kDTypes) {
    if (Name(dtype) == name) return dtype;
  }
  throw Error("unknown dtype '" + Shown(name) + "': allowed are f32, f64, bf16, s8");
}

size_t SizeOf(DType dtype) { return Of(dtype).bytes; }

double UnitRoundoff(DType dtype) { return Of(dtype).unit_roundoff; }

}  // namespace roofgap
