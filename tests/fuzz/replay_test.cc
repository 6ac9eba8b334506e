#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/record/files.h"
#include "tests/fuzz/fuzz_target.h"

namespace roofgap::fuzz {
namespace {
namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(ROOFGAP_SOURCE_DIR) / "tests" / "fuzz" / "corpus";

struct Input {
  Target target;
  fs::path file;
};

std::vector<Input> Inputs() {
  std::vector<Input> inputs;
  for (const Target& target : Targets()) {
    for (const auto& entry : fs::directory_iterator(kCorpus / target.name)) inputs.push_back({target, entry.path()});
  }
  std::ranges::sort(inputs, {}, &Input::file);
  return inputs;
}

std::string NameOf(const testing::TestParamInfo<Input>& info) {
  std::string name = std::string(info.param.target.name) + "_" + info.param.file.filename().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class Replay : public testing::TestWithParam<Input> {};

TEST_P(Replay, KeepsThePromisesOfItsTarget) { GetParam().target.check(ReadFile(GetParam().file)); }

INSTANTIATE_TEST_SUITE_P(Corpus, Replay, testing::ValuesIn(Inputs()), NameOf);

TEST(Targets, AreThoseOfTheFolderAndEachHasACorpus) {
  std::vector<std::string> files, names;
  for (const auto& entry : fs::directory_iterator(kCorpus.parent_path())) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_fuzz.cc")) files.push_back(name.substr(0, name.rfind("_fuzz.cc")));
  }
  for (const Target& target : Targets()) {
    names.emplace_back(target.name);
    EXPECT_FALSE(fs::is_empty(kCorpus / target.name)) << target.name;
  }
  std::ranges::sort(files);
  std::ranges::sort(names);
  EXPECT_EQ(names, files);
}

}  // namespace
}  // namespace roofgap::fuzz
