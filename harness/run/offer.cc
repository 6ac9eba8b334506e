#include "harness/run/offer.h"

#include <algorithm>

#include "harness/measure/isa_scope.h"
#include "kernels/api/process_isa.h"
#include "kernels/api/registry.h"

namespace roofgap {

Offer MakeOffer(const Request& request, const Host& host) {
  Offer offer{.max_threads = host.max_threads(), .isas = SupportedIsas()};
  const auto& variants = AllVariants();
  offer.onednn = std::any_of(variants.begin(), variants.end(), [](const Variant& v) { return v.name == "onednn"; });
  const std::string only = OnlyIsa(request, offer.isas);
  if (!only.empty()) LimitProcessIsa(only);  // declined: the rows are skipped, with what is in effect
  offer.process_isa = ProcessIsa();
  // A library names families: its AVX3 is Highway's AVX3_ZEN4 too. What no kernel here was compiled for (SVE, on ARM)
  // stands beside the best there is, and impl tells.
  const std::string& best = offer.isas.front();
  const bool known = std::find(offer.isas.begin(), offer.isas.end(), offer.process_isa) != offer.isas.end();
  if (!known || best.starts_with(offer.process_isa)) offer.process_isa = best;
  return offer;
}

}  // namespace roofgap
