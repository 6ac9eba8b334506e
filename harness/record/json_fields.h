#ifndef ROOFGAP_HARNESS_RECORD_JSON_FIELDS_H_
#define ROOFGAP_HARNESS_RECORD_JSON_FIELDS_H_

#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/record/fields.h"
#include "kernels/api/error.h"

// Structs with a field list to and from JSON; for the .cc files of this folder alone.

namespace roofgap {

using Json = nlohmann::ordered_json;  // what is written: keeps the order of the field list
using Document = nlohmann::json;      // what is read: finds a key among many

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class T>
Json ToJson(const T& value) {
  if constexpr (kIsVector<T>) {
    Json json = Json::array();
    for (const auto& element : value) json.push_back(ToJson(element));
    return json;
  } else if constexpr (std::same_as<T, Number>) {
    return value ? Json(*value) : Json(nullptr);
  } else if constexpr (std::integral<T> || std::floating_point<T> || std::same_as<T, std::string>) {
    return value;
  } else {
    Json json = Json::object();
    VisitFields(value, [&](const Field& field, const auto& member) { json[field.name] = ToJson(member); });
    return json;
  }
}

// Where a value stands: file and JSON pointer.
struct JsonPlace {
  const std::string& file;
  std::string pointer;

  JsonPlace operator/(std::string_view key) const { return {file, pointer + "/" + std::string(key)}; }
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(file + ": " + (pointer.empty() ? "the document" : pointer) + " " + what);
  }
  [[noreturn]] void Fail(const Document& got, const std::string& allowed) const {
    Fail("is " + Shown(got.dump(-1, ' ', false, Document::error_handler_t::replace)) + "; allowed is " + allowed);
  }
};

template <class T>
void FromJson(const JsonPlace& place, const Document& got, T& value) {
  if constexpr (kIsVector<T>) {
    if (!got.is_array()) place.Fail(got, "an array");
    value.clear();
    for (const Document& element : got) {
      const std::string index = std::to_string(value.size());
      FromJson(place / index, element, value.emplace_back());
    }
  } else if constexpr (std::same_as<T, Number>) {
    if (!got.is_number() && !got.is_null()) place.Fail(got, "a number or null");
    if (got.is_number()) value = got.get<double>();
  } else if constexpr (std::floating_point<T>) {
    if (!got.is_number()) place.Fail(got, "a number");
    value = got.get<T>();
  } else if constexpr (std::integral<T>) {
    using Limits = std::numeric_limits<T>;
    const bool fits = got.is_number_unsigned() ? got.get<uint64_t>() <= static_cast<uint64_t>(Limits::max())
                                               : got.is_number_integer() && got.get<int64_t>() >= Limits::min();
    if (!fits) place.Fail(got, "an integer of at most " + std::to_string(Limits::max()));
    value = got.get<T>();
  } else if constexpr (std::same_as<T, std::string>) {
    if (!got.is_string()) place.Fail(got, "a text");
    value = got.get<std::string>();
  } else {
    if (!got.is_object()) place.Fail(got, "an object");
    VisitFields(value, [&](const Field& field, auto& member) {
      const JsonPlace inner = place / field.name;
      const auto found = got.find(std::string(field.name));
      if (found == got.end() && field.later) return;
      if (found == got.end()) inner.Fail("is missing");
      FromJson(inner, *found, member);
      if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::string>) {
        if (member.empty() && field.required) inner.Fail(*found, "a text that is not empty");
        if (!Allows(field, member)) inner.Fail(*found, "one of: " + std::string(field.allowed));
      }
      if (field.name == "schema_version" && *found != kSchemaVersion) {
        inner.Fail(*found, std::to_string(kSchemaVersion) + ", which this program writes");
      }
    });
  }
}

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_FIELDS_H_
