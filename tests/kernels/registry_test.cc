// The registry holds exactly the variants whose files lie in kernels/<op>/.

#include "kernels/api/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace roofgap {
namespace {

namespace fs = std::filesystem;

const fs::path kKernels = fs::path(ROOFGAP_SOURCE_DIR) / "kernels";

bool IsBuilt([[maybe_unused]] const std::string& stem) {
#ifdef ROOFGAP_ONEDNN
  return true;
#else
  return stem.rfind("onednn", 0) != 0;
#endif
}

bool Registers(const fs::path& file) {
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return text.find("Register<") != std::string::npos;
}

// "op/name" of every file that registers a variant.
std::set<std::string> VariantsOnDisk() {
  std::set<std::string> variants;
  for (std::string_view op : OpNames()) {
    for (const fs::directory_entry& entry : fs::directory_iterator(kKernels / op)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".cc" || !Registers(file) || !IsBuilt(file.stem())) continue;
      variants.insert(std::string(op) + "/" + file.stem().string());
    }
  }
  return variants;
}

TEST(RegistryTest, HoldsTheVariantsOnDiskAndNoOther) {
  std::set<std::string> registered;
  for (const Variant& variant : AllVariants()) {
    registered.insert(std::string(variant.op) + "/" + std::string(variant.name));
  }
  EXPECT_EQ(registered, VariantsOnDisk());
}

TEST(RegistryTest, AVariantIsRegisteredByTheFileOfItsName) {
  for (const Variant& variant : AllVariants()) {
    const fs::path where = variant.where.file_name();
    EXPECT_EQ(where.stem(), variant.name) << where;
    EXPECT_EQ(where.parent_path().filename(), variant.op) << where;
    EXPECT_GT(variant.where.line(), 0u) << where;
  }
}

TEST(RegistryTest, IsSortedByOpAndName) {
  const std::vector<Variant>& all = AllVariants();
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](const Variant& v) { return std::make_pair(v.op, v.name); }));
}

TEST(RegistryTest, FindsByOpAndName) {
  const Variant* found = FindVariant("fc", "reference");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->op, "fc");
  EXPECT_EQ(found->name, "reference");
  EXPECT_EQ(FindVariant("fc", "no_such_variant"), nullptr);
  EXPECT_EQ(FindVariant("no_such_op", "reference"), nullptr);
  for (const Variant* variant : VariantsOf("dwsep")) EXPECT_EQ(variant->op, "dwsep");
  EXPECT_EQ(VariantsOf("no_such_op").size(), 0u);
}

TEST(RegistryTest, EveryVariantIsWhole) {
  for (const Variant& variant : AllVariants()) {
    EXPECT_NE(variant.summary, "") << variant.name;
    EXPECT_EQ(variant.summary.find('\n'), std::string_view::npos) << variant.name;
    EXPECT_TRUE(variant.supports) << variant.name;
    EXPECT_TRUE(variant.prepare) << variant.name;
  }
}

TEST(RegistryTest, WithoutItsOwnSupportsAVariantTakesF32Only) {
  VariantOf<Fc> plain;
  plain.name = "plain";
  const Variant variant = Erase(plain, SourceLocation::current());
  const Problem problem = ParseProblem("fc:ic1oc1");
  EXPECT_TRUE(variant.supports(problem, {.dtype = DType::kF32}).ok);
  const Support declined = variant.supports(problem, {.dtype = DType::kF64});
  EXPECT_FALSE(declined.ok);
  EXPECT_EQ(declined.reason, "f32 only");
}

TEST(RegistryDeathTest, ANameTakenTwiceAborts) {
  EXPECT_DEATH(RegisterErased(*FindVariant("fc", "reference")), "variant fc/reference is already registered by");
}

}  // namespace
}  // namespace roofgap
