#include "harness/measure/isa_scope.h"

#include "hwy/targets.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

struct Isa {
  std::string name;
  int64_t target;
};

const std::vector<Isa>& Isas() {
  // Highway orders the targets by bit, best first. Kept from the first use on: inside a scope Highway lists only one.
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) found.push_back({hwy::TargetName(target), target});
    return found;
  }();
  return isas;
}

int64_t chosen = 0;

// Mask 0 stands for "whatever the machine has". The update is needed as well: setting the mask leaves the choice
// undone, and a pointer fetched in that state chooses again at every call, inside whatever is being timed.
void Choose(int64_t mask) {
  chosen = mask;
  hwy::SetSupportedTargetsForTest(mask);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

std::vector<std::string> SupportedIsas() {
  std::vector<std::string> names;
  for (const Isa& isa : Isas()) names.push_back(isa.name);
  return names;
}

IsaScope::IsaScope(std::string_view isa) : before_(chosen) {
  std::string allowed;
  for (const Isa& candidate : Isas()) {
    if (candidate.name == isa) {
      Choose(candidate.target);
      return;
    }
    allowed += (allowed.empty() ? "" : ", ") + candidate.name;
  }
  throw Error("isa: got \"" + std::string(isa) + "\", this machine runs " + allowed);
}

IsaScope::~IsaScope() { Choose(before_); }

}  // namespace roofgap
