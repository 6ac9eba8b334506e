#ifndef ROOFGAP_HARNESS_RUN_PATTERN_H_
#define ROOFGAP_HARNESS_RUN_PATTERN_H_

#include <regex>
#include <string>

namespace roofgap {

// A regular expression of ECMAScript that was given with `option`. Throws Error for what is none, and for one of more
// than 1000 bytes, for the library follows nested ones by recursion, or with numbers of more than 10 digits.
std::regex ParsePattern(const std::string& option, const std::string& text);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_PATTERN_H_
