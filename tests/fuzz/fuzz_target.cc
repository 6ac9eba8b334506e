#include "tests/fuzz/fuzz_target.h"

#include <algorithm>

namespace roofgap::fuzz {
namespace {

constexpr size_t kLongestMessage = 800;

std::vector<Target>& Storage() {
  static std::vector<Target> targets;
  return targets;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

bool Register(const Target& target) {
  Storage().push_back(target);
  return true;
}

const std::vector<Target>& Targets() { return Storage(); }

void Require(bool holds, const std::string& what, std::string_view detail) {
  if (!holds) throw Broken(what + ": " + std::string(detail.substr(0, 2000)));
}

void RequireMessage(std::string_view message, std::string_view place) {
  Require(std::none_of(message.begin(), message.end(), IsControl), "a message of more than one line", message);
  Require(message.size() <= kLongestMessage, "a message of " + std::to_string(message.size()) + " bytes", message);
  Require(message.starts_with("--") || message.find(place) != message.npos,
          "a message that does not name " + std::string(place), message);
}

}  // namespace roofgap::fuzz
