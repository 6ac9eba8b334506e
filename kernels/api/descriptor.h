#ifndef ROOFGAP_KERNELS_API_DESCRIPTOR_H_
#define ROOFGAP_KERNELS_API_DESCRIPTOR_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/api/error.h"

// The problem grammar: `op:` then letter groups with a number each, `conv2d:mb1ic64ih56oc64kh3ph1`.
//
// Each op lists its letters once, in canonical order, with their defaults; parsing, printing and the documentation
// follow from the list. Parse takes the letters in any order; Describe prints them in the order of the list, leaving
// out what equals its default, so Describe(Parse(s)) is canonical.

namespace roofgap {

// One letter group of an op's grammar: `name` is the letters, `member` where the number goes.
template <class P>
struct Letter {
  std::string_view name;
  int64_t P::*member;
  int64_t min = 1;
  int64_t max = int64_t{1} << 31;
  int64_t fallback = kRequired;   // the default; kRequired: none
  int64_t P::*same_as = nullptr;  // or the default is the value of this member, which stands earlier in the list

  static constexpr int64_t kRequired = -1;
};

namespace grammar {

struct Group {
  std::string_view name;
  int64_t value = 0;
};

// Splits "mb1ic64" into groups. Throws Error on anything but letters followed by digits, on a number beyond 2^31 and
// on a group given twice. `whole` is the text to name in the message.
std::vector<Group> Split(std::string_view body, std::string_view whole);

// Throws Error: the problem `whole` has `what` wrong with it.
[[noreturn]] void Fail(std::string_view whole, const std::string& what);

std::string JoinNames(std::span<const std::string_view> names);

}  // namespace grammar

// Parses what follows the colon into a P and checks each number's own range. `whole` is the text to name in messages;
// the letters that were not given are appended to `assumed` (where not null) with the values taken, "mb1 sh1 act0".
template <class P>
P ParseLetters(std::string_view body, std::string_view whole, std::string* assumed) {
  P problem;
  std::vector<grammar::Group> groups = grammar::Split(body, whole);
  for (const grammar::Group& group : groups) {
    bool known = false;
    for (const Letter<P>& letter : P::Letters()) known = known || letter.name == group.name;
    if (known) continue;
    std::vector<std::string_view> names;
    for (const Letter<P>& letter : P::Letters()) names.push_back(letter.name);
    grammar::Fail(whole, "unknown key '" + Shown(group.name, 20) + "'; allowed are " + grammar::JoinNames(names));
  }
  for (const Letter<P>& letter : P::Letters()) {
    const grammar::Group* given = nullptr;
    for (const grammar::Group& group : groups) {
      if (group.name == letter.name) given = &group;
    }
    int64_t& value = problem.*(letter.member);
    if (given != nullptr) {
      value = given->value;
    } else if (letter.same_as != nullptr) {
      value = problem.*(letter.same_as);
    } else if (letter.fallback != Letter<P>::kRequired) {
      value = letter.fallback;
    } else {
      grammar::Fail(whole, "'" + std::string(letter.name) + "' is missing and has no default");
    }
    if (given == nullptr && assumed != nullptr) {
      if (!assumed->empty()) *assumed += ' ';
      *assumed += std::string(letter.name) + std::to_string(value);
    }
    if (value < letter.min || value > letter.max) {
      grammar::Fail(whole, "'" + std::string(letter.name) + "' is " + std::to_string(value) + "; allowed is " +
                               std::to_string(letter.min) + " to " + std::to_string(letter.max));
    }
  }
  return problem;
}

// Prints the canonical text after the colon.
template <class P>
std::string DescribeLetters(const P& problem) {
  std::string text;
  for (const Letter<P>& letter : P::Letters()) {
    const int64_t value = problem.*(letter.member);
    const int64_t fallback = letter.same_as != nullptr ? problem.*(letter.same_as) : letter.fallback;
    if (value == fallback) continue;
    text += letter.name;
    text += std::to_string(value);
  }
  return text;
}

// The keys with their defaults: "mb=1 ic ih iw=ih".
template <class P>
std::string GrammarLetters() {
  std::string text;
  for (const Letter<P>& letter : P::Letters()) {
    if (!text.empty()) text += ' ';
    text += letter.name;
    for (const Letter<P>& other : P::Letters()) {
      if (letter.same_as == other.member) text += "=" + std::string(other.name);
    }
    if (letter.same_as == nullptr && letter.fallback != Letter<P>::kRequired) {
      text += "=" + std::to_string(letter.fallback);
    }
  }
  return text;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_DESCRIPTOR_H_
