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

using Json = nlohmann::ordered_json;  // keeps the order of the field list

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
  [[noreturn]] void Fail(const Json& got, const std::string& allowed) const {
    Fail("is " + got.dump(-1, ' ', false, Json::error_handler_t::replace) + "; allowed is " + allowed);
  }
};

template <class T>
void FromJson(const JsonPlace& place, const Json& json, T& value) {
  if constexpr (kIsVector<T>) {
    if (!json.is_array()) place.Fail(json, "an array");
    value.clear();
    for (const Json& element : json) {
      const std::string index = std::to_string(value.size());
      FromJson(place / index, element, value.emplace_back());
    }
  } else if constexpr (std::same_as<T, Number>) {
    if (!json.is_number() && !json.is_null()) place.Fail(json, "a number or null");
    if (json.is_number()) value = json.get<double>();
  } else if constexpr (std::floating_point<T>) {
    if (!json.is_number()) place.Fail(json, "a number");
    value = json.get<T>();
  } else if constexpr (std::integral<T>) {
    using Limits = std::numeric_limits<T>;
    const bool fits = json.is_number_unsigned() ? json.get<uint64_t>() <= static_cast<uint64_t>(Limits::max())
                                                : json.is_number_integer() && json.get<int64_t>() >= Limits::min();
    if (!fits) place.Fail(json, "an integer of at most " + std::to_string(Limits::max()));
    value = json.get<T>();
  } else if constexpr (std::same_as<T, std::string>) {
    if (!json.is_string()) place.Fail(json, "a text");
    value = json.get<std::string>();
  } else {
    if (!json.is_object()) place.Fail(json, "an object");
    VisitFields(value, [&](const Field& field, auto& member) {
      const JsonPlace inner = place / field.name;
      const auto found = json.find(std::string(field.name));
      if (found == json.end() && field.later) return;
      if (found == json.end()) inner.Fail("is missing");
      FromJson(inner, *found, member);
      if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::string>) {
        if (member.empty() && field.required) inner.Fail(*found, "a text that is not empty");
      }
      if (field.name == "schema_version" && *found != kSchemaVersion) {
        inner.Fail(*found, std::to_string(kSchemaVersion) + ", which this program writes");
      }
    });
  }
}

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_FIELDS_H_
