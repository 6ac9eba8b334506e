#include "kernels/api/descriptor.h"

#include <cctype>
#include <charconv>

namespace roofgap::grammar {

void Fail(std::string_view whole, const std::string& what) { throw Error("problem '" + Shown(whole) + "': " + what); }

std::string JoinNames(std::span<const std::string_view> names) {
  std::string text;
  for (std::string_view name : names) {
    if (!text.empty()) text += ' ';
    text += name;
  }
  return text;
}

std::vector<Group> Split(std::string_view body, std::string_view whole) {
  std::vector<Group> groups;
  const char* const end = body.data() + body.size();
  for (const char* at = body.data(); at != end;) {
    const char* const name = at;
    while (at != end && *at >= 'a' && *at <= 'z') ++at;
    Group group{.name = std::string_view(name, static_cast<size_t>(at - name))};
    if (group.name.empty()) {
      Fail(whole, "expected a key (lower-case letters) at '" + Shown({name, end}, 20) + "'");
    }
    const auto [next, error] = std::from_chars(at, end, group.value);
    if (error == std::errc::invalid_argument || *at == '-') {
      Fail(whole, "expected a whole number after '" + Shown(group.name, 20) + "'");
    }
    if (error == std::errc::result_out_of_range) {
      Fail(whole, "the number after '" + Shown(group.name, 20) + "' overflows; allowed is up to 2147483648");
    }
    for (const Group& earlier : groups) {
      if (earlier.name == group.name) Fail(whole, "'" + Shown(group.name, 20) + "' is given twice");
    }
    groups.push_back(group);
    at = next;
  }
  return groups;
}

}  // namespace roofgap::grammar
