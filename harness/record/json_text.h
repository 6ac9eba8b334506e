#ifndef ROOFGAP_HARNESS_RECORD_JSON_TEXT_H_
#define ROOFGAP_HARNESS_RECORD_JSON_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harness/record/fields.h"

// Rows of any field list as JSON: an object for each row, one per line; numbers as in CSV, an empty field as null.

namespace roofgap {

namespace json {

std::string Quote(std::string_view text);  // bytes that are no UTF-8 are replaced
std::string Format(double value);          // null where it is no finite number
inline std::string Format(const Number& value) { return value ? Format(*value) : "null"; }
inline std::string Format(int value) { return std::to_string(value); }
inline std::string Format(int64_t value) { return std::to_string(value); }
inline std::string Format(const std::string& value) { return Quote(value); }

}  // namespace json

template <class Row>
std::string JsonObject(const Row& row) {
  std::string text;
  VisitFields(row, [&](const Field& field, const auto& value) {
    text += (text.empty() ? "{" : ", ") + json::Quote(field.name) + ": " + json::Format(value);
  });
  return text + "}";
}

template <class Row>
std::string JsonArray(std::span<const Row> rows) {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "\n" : ",\n") + JsonObject(row);
  return "[" + text + "]";
}

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_TEXT_H_
