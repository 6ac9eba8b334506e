#ifndef ROOFGAP_TESTS_FUZZ_FUZZ_TARGET_H_
#define ROOFGAP_TESTS_FUZZ_FUZZ_TARGET_H_

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/error.h"

// What the fuzz programs and the replay of their corpora share. A fuzz target is one file, <name>_fuzz.cc, that
// registers itself in its last lines.

namespace roofgap::fuzz {

// `check` throws Broken, or crashes, where the code under test does not keep a promise about `input`.
struct Target {
  std::string_view name;
  void (*check)(std::string_view input);
};

bool Register(const Target& target);
const std::vector<Target>& Targets();

struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

// Throws Broken, with `detail`, unless `holds`.
void Require(bool holds, const std::string& what, std::string_view detail);

// Throws Broken unless the message is one line of printable text, of a length that a person reads, and names `place`, or
// begins with an option.
void RequireMessage(std::string_view message, std::string_view place);

// What `read` returns; nothing where it throws Error, as it may for any input. Whatever else it throws is a fault.
template <class Read>
auto Reading(std::string_view place, Read&& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    RequireMessage(error.what(), place);
    return std::nullopt;
  }
}

}  // namespace roofgap::fuzz

#endif  // ROOFGAP_TESTS_FUZZ_FUZZ_TARGET_H_
