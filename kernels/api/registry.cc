#include "kernels/api/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace roofgap {
namespace {

// A function-local static: variants of other files register during static initialisation, in any order.
std::vector<Variant>& Storage() {
  static std::vector<Variant> variants;
  return variants;
}

bool Before(const Variant& a, const Variant& b) { return std::tie(a.op, a.name) < std::tie(b.op, b.name); }

}  // namespace

const std::vector<Variant>& AllVariants() { return Storage(); }

std::vector<const Variant*> VariantsOf(std::string_view op) {
  std::vector<const Variant*> found;
  for (const Variant& variant : AllVariants()) {
    if (variant.op == op) found.push_back(&variant);
  }
  return found;
}

const Variant* FindVariant(std::string_view op, std::string_view name) {
  for (const Variant& variant : AllVariants()) {
    if (variant.op == op && variant.name == name) return &variant;
  }
  return nullptr;
}

bool RegisterErased(Variant variant) {
  std::vector<Variant>& variants = Storage();
  const auto at = std::lower_bound(variants.begin(), variants.end(), variant, Before);
  if (at != variants.end() && at->op == variant.op && at->name == variant.name) {
    std::fprintf(stderr, "%s:%u: variant %.*s/%.*s is already registered by %s:%u\n", variant.where.file_name(),
                 variant.where.line(), static_cast<int>(variant.op.size()), variant.op.data(),
                 static_cast<int>(variant.name.size()), variant.name.data(), at->where.file_name(), at->where.line());
    std::abort();
  }
  variants.insert(at, std::move(variant));
  return true;
}

}  // namespace roofgap
