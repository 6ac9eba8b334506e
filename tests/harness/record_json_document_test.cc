#include <gtest/gtest.h>

#include "harness/record/json_document.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {

std::string ErrorOf(const std::string& text) {
  try {
    ParseDocument(text, "a.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string Nested(size_t deep) { return std::string(deep, '[') + std::string(deep, ']'); }

TEST(JsonDocument, AKeyThatStandsTwiceIsNamedWithItsPlace) {
  EXPECT_EQ(ErrorOf(R"({"a": [1, {"b": {}, "c": {"d": 1, "b": 2, "d": 3}}]})"),
            "a.json /a/1/c/d: the key stands there twice; allowed is once");
  EXPECT_EQ(ErrorOf(R"({"a": [{"b": 1}, {"b": 1}], "b": {"b": 1}})"), "");
}

TEST(JsonDocument, NestingHasALimit) {
  EXPECT_EQ(ErrorOf(Nested(100)), "");
  EXPECT_NE(ErrorOf(Nested(101)).find("nested deeper than that; allowed is 100 deep"), std::string::npos);
  EXPECT_LT(ErrorOf(Nested(1000000)).size(), 400u);
}

TEST(JsonDocument, WhatIsNotJsonIsToldByLineAndColumnAndANumberByItsPlace) {
  EXPECT_EQ(ErrorOf("{\n\"a\": }").find("a.json: not JSON: parse error at line 2, column 6: "), 0u);
  EXPECT_EQ(ErrorOf(R"({"a": [1, 1e999]})"), "a.json /a/1: number overflow parsing '1e999'");
  EXPECT_LT(ErrorOf("\"" + std::string(100000, 'x')).size(), 400u);
}

}  // namespace
}  // namespace roofgap
