#ifndef ROOFGAP_HARNESS_RUN_OFFER_H_
#define ROOFGAP_HARNESS_RUN_OFFER_H_

#include "harness/measure/host.h"
#include "harness/plan/expand.h"

namespace roofgap {

// Holds variants that can be held only once per process to the isa that is asked for, and says what is offered.
Offer MakeOffer(const Request& request, const Host& host);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_OFFER_H_
