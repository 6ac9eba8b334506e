#include "harness/run/list_command.h"

#include <algorithm>
#include <cstdio>

#include "harness/measure/host.h"
#include "harness/measure/isa_scope.h"
#include "kernels/api/error.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

void PrintOp(std::string_view op) {
  std::printf("%s\n  keys: %s\n", std::string(op).c_str(), GrammarOf(op).c_str());
  for (const Variant* variant : VariantsOf(op)) {
    std::printf("  %-14s %s\n", std::string(variant->name).c_str(), std::string(variant->summary).c_str());
  }
}

}  // namespace

int ListCommand(const std::string& op) {
  const std::vector<std::string_view> ops = OpNames();
  std::string names;
  for (std::string_view name : ops) names += (names.empty() ? "" : ", ") + std::string(name);
  if (!op.empty() && std::find(ops.begin(), ops.end(), op) == ops.end()) {
    throw Error("--op: unknown op '" + op + "'; allowed are " + names);
  }
  for (std::string_view name : ops) {
    if (op.empty() || name == op) PrintOp(name);
  }
  std::printf("isa:");
  for (const std::string& isa : SupportedIsas()) std::printf(" %s", isa.c_str());
  std::printf("   threads: 1 to %d\n", ReadHost().max_threads());
  return 0;
}

}  // namespace roofgap
