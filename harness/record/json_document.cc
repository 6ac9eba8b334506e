#include "harness/record/json_document.h"

#include <cstdint>
#include <set>
#include <vector>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

using nlohmann::json;

constexpr size_t kDeepest = 100;  // far from what recursion over a document can take

// Follows the parser through a document: refuses what it would take, and knows where it is.
class Follower {
 public:
  explicit Follower(const std::string& file) : file_(file) {}

  void See(json::parse_event_t event, const json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::key) return SeeKey(parsed.get<std::string>());
    if (event == Event::object_end || event == Event::array_end) return open_.pop_back();
    Begin();
    if (event == Event::value) return;
    if (open_.size() == kDeepest) {
      throw Error(Where() + ": nested deeper than that; allowed is " + std::to_string(kDeepest) + " deep");
    }
    open_.push_back({.is_array = event == Event::array_start});
  }

  // A value begins; of a number that cannot be read this is not told.
  void Begin() {
    if (!open_.empty() && open_.back().is_array) ++open_.back().elements;
  }

  // "file.json /cases/3"
  std::string Where() const {
    std::string pointer;
    for (const Open& open : open_) {
      if (open.is_array && open.elements == 0) break;
      if (!open.is_array && open.keys.empty()) break;
      pointer += "/" + (open.is_array ? std::to_string(open.elements - 1) : Shown(open.key));
    }
    return file_ + (pointer.empty() ? "" : " " + Shown(pointer, 200));
  }

 private:
  // An object or array that has begun.
  struct Open {
    bool is_array = false;
    int64_t elements = 0;
    std::string key = {};  // the last one
    std::set<std::string> keys = {};
  };

  void SeeKey(const std::string& key) {
    Open& object = open_.back();
    object.key = key;
    if (!object.keys.insert(key).second) throw Error(Where() + ": the key stands there twice; allowed is once");
  }

  const std::string& file_;
  std::vector<Open> open_;
};

// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
std::string WithoutTag(std::string_view what) {
  const size_t tag = what.find("] ");
  return Shown(what.starts_with('[') && tag != what.npos ? what.substr(tag + 2) : what, 300);
}

}  // namespace

json ParseDocument(std::string_view text, const std::string& file) {
  Follower follower(file);
  try {
    return json::parse(text, [&](int, json::parse_event_t event, json& parsed) {
      follower.See(event, parsed);
      return true;
    });
  } catch (const json::parse_error& error) {
    throw Error(file + ": not JSON: " + WithoutTag(error.what()));
  } catch (const json::exception& error) {  // a number beyond what a double holds
    follower.Begin();
    throw Error(follower.Where() + ": " + WithoutTag(error.what()));
  }
}

}  // namespace roofgap
