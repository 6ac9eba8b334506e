#include "kernels/api/error.h"

#include <gtest/gtest.h>

namespace roofgap {
namespace {

TEST(Error, IsOneLineOfPrintableText) {
  EXPECT_STREQ(Error("a.csv:2: got 'x\ny'").what(), "a.csv:2: got 'x\\ny'");
  EXPECT_STREQ(Error(std::string("\0\r\t\x1b[2J\x7f", 8)).what(), "\\x00\\x0d\\x09\\x1b[2J\\x7f");
  EXPECT_STREQ(Error("é 漢").what(), "é 漢");
}

TEST(Error, ShowsTheBeginningOfWhatIsLong) {
  EXPECT_EQ(Shown("abcdef", 6), "abcdef");
  EXPECT_EQ(Shown("abcdefg", 6), "abc...");
  EXPECT_EQ(Shown("abéfgh", 6), "ab...") << "half a character is none";
  EXPECT_EQ(Shown("a\nb\nc", 6), "a\\n...") << "escapes count";
  EXPECT_EQ(Shown("", 6), "");
}

}  // namespace
}  // namespace roofgap
