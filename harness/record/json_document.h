#ifndef ROOFGAP_HARNESS_RECORD_JSON_DOCUMENT_H_
#define ROOFGAP_HARNESS_RECORD_JSON_DOCUMENT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace roofgap {

// Parses a JSON document. Throws Error, which begins with `file`, for what is none, a key that an object has twice, and
// values nested more than 100 deep.
nlohmann::json ParseDocument(std::string_view text, const std::string& file);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RECORD_JSON_DOCUMENT_H_
