#include "harness/analysis/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace roofgap {
namespace {

bool BeginsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Bytes of the first `count` code points.
size_t Prefix(std::string_view text, size_t count) {
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (BeginsCodePoint(text[i]) && count-- == 0) break;
  }
  return i;
}

template <class... Args>
std::string Print(const char* format, Args... args) {
  std::array<char, 400> text{};  // the longest double has 309 digits before its point
  std::snprintf(text.data(), text.size(), format, args...);
  return text.data();
}

}  // namespace

size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCodePoint));
}

std::string Duration(const Number& ns) {
  if (!ns) return "";
  double value = *ns;
  const char* unit = "ns";
  for (const char* larger : {"us", "ms", "s"}) {
    if (std::abs(value) < 999.95) break;
    value /= 1000;
    unit = larger;
  }
  return Print(std::abs(value) < 99999.5 ? "%.4g %s" : "%.0e %s", value, unit);
}

std::string Percent(const Number& fraction) {
  if (!fraction) return "";
  const double percent = 100 * *fraction;
  const double size = std::abs(percent);
  if (percent >= 1e100) return ">1e99%";
  return Print(size < 999.95 ? "%.1f%%" : size < 99999.5 ? "%.0f%%" : "%.0e%%", percent);
}

std::string RoundPercent(const Number& fraction) {
  if (!fraction) return "";
  const double percent = 100 * *fraction;
  if (percent >= 1e100) return ">1e99%";
  return Print(std::abs(percent) < 99999.5 ? "%.0f%%" : "%.0e%%", percent);
}

std::string Scaled(const Number& value, std::string_view unit) {
  if (!value) return "";
  constexpr std::array<std::string_view, 9> kPrefixes = {"p", "n", "u", "m", "", "k", "M", "G", "T"};
  double scaled = *value;
  size_t prefix = 4;
  for (; std::abs(scaled) >= 999.95 && prefix + 1 < kPrefixes.size(); ++prefix) scaled /= 1000;
  for (; scaled != 0 && std::abs(scaled) < 0.99995 && prefix > 0; --prefix) scaled *= 1000;
  const std::string suffix = std::string(kPrefixes[prefix]) + std::string(unit);
  return Print("%.4g", scaled) + (suffix.empty() ? "" : " ") + suffix;
}

std::string Usd(const Number& value) { return value ? Print("$%.3g", *value) : ""; }

std::string Short(const Number& value, int decimals) {
  if (!value) return "";
  const double size = std::abs(*value);
  if (size != 0 && size < 1e-99) return "<1e-9";
  if (*value >= 1e100) return ">1e99";
  if (size != 0 && (size < 0.005 || size >= 99999.5)) return Print("%.0e", *value);
  // What rounding carries to the next digit counts as having it.
  for (double next = 10; decimals > 0 && size >= next - 0.5 * std::pow(10, -decimals); next *= 10) --decimals;
  return Print("%.*f", decimals, *value);
}

std::string Shorten(std::string_view text, size_t width) {
  const size_t length = Width(text);
  if (length <= width) return std::string(text);
  const size_t tail = (width - 2) / 2;
  const size_t head = width - 2 - tail;
  return std::string(text.substr(0, Prefix(text, head))) + ".." + std::string(text.substr(Prefix(text, length - tail)));
}

std::string PadLeft(std::string_view text, size_t width) {
  return std::string(width - std::min(width, Width(text)), ' ') + std::string(text);
}

std::string PadRight(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, Width(text)), ' ');
}

std::string Trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string Wrap(std::string_view text, size_t width, std::string_view indent) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t room = width - Width(indent);
  std::string lines, line;
  const auto finish = [&] {
    if (!line.empty()) lines += std::string(indent) + line + '\n';
    line.clear();
  };
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    if (text.empty()) break;
    std::string_view word = text.substr(0, text.find_first_of(kSpace));
    word = word.substr(0, Prefix(word, room));
    text.remove_prefix(word.size());
    if (!line.empty() && Width(line) + 1 + Width(word) > room) finish();
    if (!line.empty()) line += ' ';
    line += word;
  }
  finish();
  return lines;
}

}  // namespace roofgap
