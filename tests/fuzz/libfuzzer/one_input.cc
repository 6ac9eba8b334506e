#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_target.h"

// What libFuzzer calls; its program holds one target.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const roofgap::fuzz::Target& target : roofgap::fuzz::Targets()) target.check(input);
  return 0;
}
