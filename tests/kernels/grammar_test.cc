// The problem grammar: what is read, what is printed, and what is said about each kind of bad input.

#include <gtest/gtest.h>

#include <string>

#include "kernels/api/error.h"
#include "kernels/api/problem.h"
#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

std::string Canonical(std::string_view text) { return Describe(ParseProblem(text)); }

// The message of the Error, or "no error".
std::string Complaint(std::string_view text) {
  try {
    ParseProblem(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GrammarTest, ParsingWhatWasPrintedGivesTheSameText) {
  for (std::string_view op : OpNames()) {
    for (std::string_view shape : ShapesOf(op)) {
      const std::string printed = Canonical(shape);
      EXPECT_EQ(Canonical(printed), printed) << shape;
    }
  }
}

TEST(GrammarTest, KeysMayComeInAnyOrder) {
  EXPECT_EQ(Canonical("conv2d:kh3ph1oc64ih56ic64"), "conv2d:ic64ih56oc64kh3ph1");
  EXPECT_EQ(Canonical("attention:causal1d64s128h12"), "attention:h12s128d64causal1");
}

TEST(GrammarTest, WhatEqualsItsDefaultIsNotPrinted) {
  EXPECT_EQ(Canonical("conv2d:mb1ic64ih56iw56oc64kh3kw3sh1sw1ph1pw1dh1dw1g1bia0act0"), "conv2d:ic64ih56oc64kh3ph1");
  EXPECT_EQ(Canonical("dwconv2d:c8ih5iw6kh3kw3sh2sw1ph1"), "dwconv2d:c8ih5iw6kh3sh2sw1ph1");
  EXPECT_EQ(Canonical("dwsep:mb2ic8ih5oc4kh3"), "dwsep:mb2ic8ih5oc4kh3");
  EXPECT_EQ(Canonical("invres:mb1c8mc48oc8ih5kh3sh1ph1res1se0act2"), "invres:c8mc48oc8ih5kh3ph1res1");
  EXPECT_EQ(Canonical("invres:act3se4c8mc8oc9ih5kh3ph0"), "invres:c8mc8oc9ih5kh3se4act3");
  EXPECT_EQ(Canonical("fc:mb1ic3oc4bia1"), "fc:ic3oc4bia1");
  EXPECT_EQ(Canonical("attention:h4kvh4s7t7d8"), "attention:h4s7d8");
  EXPECT_EQ(Canonical("linformer:k9d8t7s7kvh4h4b1"), "linformer:h4s7d8k9");
  EXPECT_EQ(Canonical("performer:m9causal0d8t9s7kvh2h4"), "performer:h4kvh2s7t9d8m9");
}

TEST(GrammarTest, DefaultsAreNamedWithTheirValues) {
  std::string assumed;
  ParseProblem("conv2d:ic64ih56oc64kh3ph1", &assumed);
  EXPECT_EQ(assumed, "mb1 iw56 kw3 sh1 sw1 pw1 dh1 dw1 g1 bia0 act0");
  assumed.clear();
  ParseProblem("attention:b2h4kvh2s3t5d8causal0", &assumed);
  EXPECT_EQ(assumed, "");
}

TEST(GrammarTest, AnInvertedResidualIsMobileNetV2sByDefault) {
  std::string assumed;
  ParseProblem("invres:c8mc48oc16ih4kh3", &assumed);
  EXPECT_EQ(assumed, "mb1 sh1 ph0 res0 se0 act2");
}

TEST(GrammarTest, NumbersGoWhereTheyBelong) {
  const auto p = std::get<Conv2d>(ParseProblem("conv2d:mb1ic2ih13iw14oc4kh5kw6sh7sw8ph9pw10dh2dw3g2bia1act3"));
  EXPECT_EQ(p.mb, 1);
  EXPECT_EQ(p.ic, 2);
  EXPECT_EQ(p.ih, 13);
  EXPECT_EQ(p.iw, 14);
  EXPECT_EQ(p.oc, 4);
  EXPECT_EQ(p.kh, 5);
  EXPECT_EQ(p.kw, 6);
  EXPECT_EQ(p.sh, 7);
  EXPECT_EQ(p.sw, 8);
  EXPECT_EQ(p.ph, 9);
  EXPECT_EQ(p.pw, 10);
  EXPECT_EQ(p.dh, 2);
  EXPECT_EQ(p.dw, 3);
  EXPECT_EQ(p.g, 2);
  EXPECT_EQ(p.bia, 1);
  EXPECT_EQ(p.act, 3);
}

struct BadInput {
  const char* name;
  const char* text;
  const char* said;  // after "problem '<text>': "
};

class BadInputTest : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputTest, IsRefusedInOneLineThatSaysWhy) {
  const BadInput& bad = GetParam();
  const std::string complaint = Complaint(bad.text);
  EXPECT_EQ(complaint, std::string("problem '") + bad.text + "': " + bad.said);
  EXPECT_EQ(complaint.find('\n'), std::string::npos);
}

constexpr BadInput kBadInputs[] = {
    {"Empty", "",
     "expected op:keys, such as fc:mb16ic768oc3072; ops are conv2d dwconv2d dwsep invres fc attention linformer "
     "performer"},
    {"NoColon", "conv2d",
     "expected op:keys, such as fc:mb16ic768oc3072; ops are conv2d dwconv2d dwsep invres fc attention linformer "
     "performer"},
    {"UnknownOp", "conv3d:ic1",
     "unknown op 'conv3d'; allowed are conv2d dwconv2d dwsep invres fc attention linformer performer"},
    {"OpInCapitals", "FC:ic1oc1",
     "unknown op 'FC'; allowed are conv2d dwconv2d dwsep invres fc attention linformer performer"},
    {"UnknownKey", "fc:ic1oc1kh3", "unknown key 'kh'; allowed are mb ic oc bia act"},
    {"MissingKey", "fc:ic1", "'oc' is missing and has no default"},
    {"NoKeys", "fc:", "'ic' is missing and has no default"},
    {"KeyTwice", "fc:ic1oc1ic2", "'ic' is given twice"},
    {"Zero", "fc:ic0oc1", "'ic' is 0; allowed is 1 to 2147483648"},
    {"ZeroStride", "conv2d:ic1ih3oc1kh1sh0", "'sh' is 0; allowed is 1 to 2147483648"},
    {"Negative", "fc:ic-4oc1", "expected a whole number after 'ic'"},
    {"Fraction", "fc:ic1.5oc1", "expected a key (lower-case letters) at '.5oc1'"},
    {"BeyondTheLimit", "fc:ic2147483649oc1", "'ic' is 2147483649; allowed is 1 to 2147483648"},
    {"BeyondSixtyFourBits", "fc:ic99999999999999999999oc1",
     "the number after 'ic' overflows; allowed is up to 2147483648"},
    {"OperandsOverflow", "fc:ic2147483648oc2147483648", "its operands overflow; allowed are 2^52 elements in all"},
    {"KeyWithoutNumber", "fc:icoc1", "unknown key 'icoc'; allowed are mb ic oc bia act"},
    {"LastKeyWithoutNumber", "fc:ic1oc", "expected a whole number after 'oc'"},
    {"NumberWithoutKey", "fc:7", "expected a key (lower-case letters) at '7'"},
    {"Space", "fc:ic1 oc1", "expected a key (lower-case letters) at ' oc1'"},
    {"Garbage", "fc:?!", "expected a key (lower-case letters) at '?!'"},
    {"UnknownActivation", "fc:ic1oc1act4", "'act' is 4; allowed is 0 to 3"},
    {"BiasNotAFlag", "fc:ic1oc1bia2", "'bia' is 2; allowed is 0 to 1"},
    {"KernelTooHigh", "conv2d:ic1ih3oc1kh5kw1", "the kernel spans 5x1 inputs; allowed is up to the padded input, 3x3"},
    {"KernelTooWide", "dwconv2d:c1ih5kh1kw9pw1", "the kernel spans 1x9 inputs; allowed is up to the padded input, 5x7"},
    {"DilatedKernelTooLarge", "conv2d:ic1ih4oc1kh3dh2",
     "the kernel spans 5x5 inputs; allowed is up to the padded input, 4x4"},
    {"KernelTooLargeForDwsep", "dwsep:ic1ih2oc1kh3",
     "the kernel spans 3x3 inputs; allowed is up to the padded input, 2x2"},
    {"KernelTooLargeForInvres", "invres:c1mc2oc1ih2kh5ph1",
     "the kernel spans 5x5 inputs; allowed is up to the padded input, 4x4"},
    {"ResidualOfOtherChannels", "invres:c8mc48oc16ih4kh3ph1res1", "'oc' is 16; with res1 allowed is c = 8"},
    {"ResidualWithAStride", "invres:c8mc48oc8ih4kh3sh2ph1res1", "'sh' is 2; with res1 allowed is 1"},
    {"ResidualOfAnotherMap", "invres:c8mc48oc8ih4kh3res1", "the result has 2 rows; with res1 allowed is ih = 4"},
    {"GroupsDoNotDivide", "conv2d:ic6ih4oc8kh1g4", "'g' is 4; allowed are divisors of both ic = 6 and oc = 8"},
    {"KeyHeadsDoNotDivide", "attention:h8kvh3s4d4", "'kvh' is 3; allowed are divisors of h = 8"},
    {"MoreKeyHeadsThanHeads", "attention:h2kvh4s4d4", "'kvh' is 4; allowed are divisors of h = 2"},
    {"NoProjectedLength", "linformer:h1s4d4", "'k' is missing and has no default"},
    {"CausalLinformer", "linformer:h1s4d4k2causal1", "unknown key 'causal'; allowed are b h kvh s t d k"},
    {"KeyHeadsDoNotDivideInLinformer", "linformer:h8kvh3s4d4k2", "'kvh' is 3; allowed are divisors of h = 8"},
    {"KeyHeadsDoNotDivideInPerformer", "performer:h8kvh3s4d4m2", "'kvh' is 3; allowed are divisors of h = 8"},
    {"CausalPerformerWithFewerKeys", "performer:h1s8t4d4causal1m2", "'t' is 4; with causal1 allowed is s = 8 or more"},
    {"CausalWithFewerKeys", "attention:h1s8t4d4causal1", "'t' is 4; with causal1 allowed is s = 8 or more"},
};

INSTANTIATE_TEST_SUITE_P(All, BadInputTest, testing::ValuesIn(kBadInputs),
                         [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace roofgap
