#include "harness/run/pattern.h"

#include "kernels/api/error.h"

namespace roofgap {

std::regex ParsePattern(const std::string& option, const std::string& text) {
  constexpr size_t kMost = 1000;
  if (text.size() > kMost) {
    throw Error(option + ": got '" + Shown(text) + "' of " + std::to_string(text.size()) + " bytes; allowed are " +
                std::to_string(kMost));
  }
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    throw Error(option + ": '" + Shown(text) + "' is no regular expression (" + error.what() +
                "); allowed is ECMAScript's");
  }
}

}  // namespace roofgap
