#include "harness/run/pattern.h"

#include "kernels/api/error.h"

namespace roofgap {

namespace {

// Longer ones overflow in the library, which takes those behind a backslash and in braces for numbers.
constexpr int kMostDigits = 10;

bool HasLongNumber(const std::string& text) {
  int digits = 0;
  for (char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > kMostDigits) return true;
  }
  return false;
}

}  // namespace

std::regex ParsePattern(const std::string& option, const std::string& text) {
  constexpr size_t kMost = 1000;
  if (text.size() > kMost) {
    throw Error(option + ": got '" + Shown(text) + "' of " + std::to_string(text.size()) + " bytes; allowed are " +
                std::to_string(kMost));
  }
  if (HasLongNumber(text)) {
    throw Error(option + ": got '" + Shown(text) + "'; allowed are numbers of up to " + std::to_string(kMostDigits) +
                " digits");
  }
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    throw Error(option + ": '" + Shown(text) + "' is no regular expression (" + error.what() +
                "); allowed is ECMAScript's");
  }
}

}  // namespace roofgap
