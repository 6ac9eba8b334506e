#include "kernels/api/error.h"

#include "kernels/api/format.h"

namespace roofgap {

std::string OneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      line += Format("\\x%02x", byte);
    } else {
      line += c;
    }
  }
  return line;
}

std::string Shown(std::string_view got, size_t most) {
  const std::string line = OneLine(got.substr(0, most + 1));
  if (line.size() <= most) return line;
  size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // no half of a UTF-8 character
  return line.substr(0, end) + "...";
}

}  // namespace roofgap
