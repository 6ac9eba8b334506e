#ifndef ROOFGAP_KERNELS_API_ERROR_H_
#define ROOFGAP_KERNELS_API_ERROR_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace roofgap {

// `text` in one line: what would move the cursor stands as in a C string, "\n".
std::string OneLine(std::string_view text);

// What was got, for a message, in one line: its beginning, where that is longer than `most` bytes.
std::string Shown(std::string_view got, size_t most = 80);

// A fault of the input: a command line, a file, a problem string. The message says what, where (file and place),
// what was got and what is allowed, in one line. Thrown at the edges, caught once in main(), which exits with 2.
// Never thrown from a timed callable; a fault of the program itself is an assertion.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(OneLine(message)) {}
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_ERROR_H_
