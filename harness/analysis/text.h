#ifndef ROOFGAP_HARNESS_ANALYSIS_TEXT_H_
#define ROOFGAP_HARNESS_ANALYSIS_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "harness/record/record.h"

// Numbers and texts for a terminal. Widths count UTF-8 code points.

namespace roofgap {

size_t Width(std::string_view text);

// "12.34 us", four digits, in the unit that suits, at most 9 wide; "" when empty.
std::string Duration(const Number& ns);

// "97.3%", at most 7 wide; "" when empty.
std::string Percent(const Number& fraction);

// "97%", at most 6 wide; "" when empty.
std::string RoundPercent(const Number& fraction);

// "1.234 MB": four digits and a prefix from p to T, at most 8 wide with a unit of one letter (where it is not negative
// nor beyond the prefixes); "" when empty.
std::string Scaled(const Number& value, std::string_view unit);

// "$0.00123", three digits, at most 9 wide; "" when empty.
std::string Usd(const Number& value);

// "0.05", "1.23", "45.6", "2310", "1e+06": so many decimals (up to 3) below 10, one less for each further digit; at
// most 5 wide where it is not negative; "" when empty.
std::string Short(const Number& value, int decimals = 2);

// At most `width` wide: the middle gives way to "..", for the ends tell most (the op, the last letters). width >= 6.
std::string Shorten(std::string_view text, size_t width);

std::string PadLeft(std::string_view text, size_t width);
std::string PadRight(std::string_view text, size_t width);

// A line of a table: without the blanks at its end, with '\n'.
std::string Trimmed(std::string line);

// `text` as lines of at most `width`, each begun with `indent` and ended with '\n'; breaks at white space, and inside a
// word only where it is longer than a line.
std::string Wrap(std::string_view text, size_t width, std::string_view indent);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_TEXT_H_
