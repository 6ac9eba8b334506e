#include "harness/plan/suite.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/plan/shapes.h"
#include "kernels/api/distance.h"
#include "kernels/api/error.h"
#include "kernels/api/problem.h"

namespace roofgap {
namespace {

std::string ErrorOf(const std::string& text) {
  try {
    ParseSuite(text, "folder/mine.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SuiteTest, CasesTakeTheDefaultsAndReplaceThem) {
  const Request request = ParseSuite(R"({
    "description": "d",
    "defaults": {"threads": [1, "all"], "cache": "cold", "budget_s": 0.5},
    "cases": [
      {"label": "a", "problem": "fc:ic8oc8"},
      {"problem": ["fc:ic8oc9", "fc:ic8oc10"], "threads": 3, "variants": ["gemm"], "isa": "AVX2", "dtype": ["f32"]}
    ]})",
                                     "folder/mine.json");
  EXPECT_EQ(request.name, "mine");
  ASSERT_EQ(request.problems.size(), 3u);
  const RequestedProblem& first = request.problems[0];
  EXPECT_EQ(first.label, "a");
  EXPECT_EQ(first.problem, "fc:ic8oc8");
  EXPECT_EQ(first.axes.threads, (std::vector<int>{1, kAllThreads}));
  EXPECT_EQ(first.axes.caches, std::vector<std::string>{"cold"});
  EXPECT_EQ(first.axes.budget_s, 0.5);
  EXPECT_TRUE(first.axes.variants.empty());
  const RequestedProblem& third = request.problems[2];
  EXPECT_EQ(third.problem, "fc:ic8oc10");
  EXPECT_EQ(third.where, "folder/mine.json /cases/1/problem/1");
  EXPECT_EQ(third.axes.threads, std::vector<int>{3});
  EXPECT_EQ(third.axes.variants, std::vector<std::string>{"gemm"});
  EXPECT_EQ(third.axes.isas, std::vector<std::string>{"AVX2"});
  EXPECT_EQ(third.axes.caches, std::vector<std::string>{"cold"});
}

TEST(SuiteTest, ErrorsNameFilePointerWhatWasGotAndWhatIsAllowed) {
  EXPECT_NE(ErrorOf("{").find("folder/mine.json: not JSON: parse error at line 1"), std::string::npos);
  EXPECT_EQ(ErrorOf("[1]"), "folder/mine.json /: got [1]; allowed is an object");
  EXPECT_EQ(ErrorOf("{}"), "folder/mine.json /: 'cases' is missing");
  EXPECT_EQ(ErrorOf(R"({"cases": []})"),
            "folder/mine.json /cases: got []; allowed is a list of cases that is not empty");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"label": "x"}]})"),
            "folder/mine.json /cases/0: 'problem' is missing, or 'shapes' in its place");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": 3}]})"), "folder/mine.json /cases/0/problem: got 3; allowed is a string");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "thread": 1}]})"),
            "folder/mine.json /cases/0: unknown key 'thread'; allowed are budget_s, cache, dtype, isa, label, mb, op, "
            "problem, shapes, threads, variants");
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "threads": [1, 0]}]})"),
            "folder/mine.json /cases/0/threads/1: got 0; allowed is 1 to 65536, or \"all\"");
  EXPECT_EQ(ErrorOf(R"({"defaults": {"budget_s": -1}, "cases": [{"problem": "fc:ic1oc1"}]})"),
            "folder/mine.json /defaults/budget_s: got -1; allowed is seconds, 0 to 3600");
}

TEST(SuiteTest, UnknownWordsOfAnAxisAreFoundWhereTheyStand) {
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "cache": ["warm", "tepid"]}]})"),
            "folder/mine.json /cases/0/cache/1: got \"tepid\"; allowed is warm, cold");
  EXPECT_EQ(ErrorOf(R"({"defaults": {"dtype": "f16"}, "cases": [{"problem": "fc:ic1oc1"}]})"),
            "folder/mine.json /defaults/dtype: got \"f16\"; allowed is f32, f64, bf16, s8");
  EXPECT_NE(
      ErrorOf(R"({"cases": [{"problem": "fc:ic1oc1", "isa": "AVX9"}]})").find("/cases/0/isa: got \"AVX9\"; allowed"),
      std::string::npos);
}

TEST(SuiteTest, TextOfARequestAsksForTheSame) {
  const std::string text = R"({"cases": [
      {"problem": "fc:ic8oc8", "label": "one \"quoted\"", "threads": [1, "all"], "budget_s": 0.25},
      {"problem": "fc:ic8oc9", "variants": ["gemm"], "isa": ["AVX2"], "dtype": ["f32"], "cache": ["cold"]}]})";
  const Request request = ParseSuite(text, "a.json");
  const Request again = ParseSuite(SuiteText(request), "b.json");
  EXPECT_EQ(SuiteText(again), SuiteText(request));
  ASSERT_EQ(again.problems.size(), 2u);
  EXPECT_EQ(again.problems[0].label, "one \"quoted\"");
  EXPECT_EQ(again.problems[0].axes.threads, (std::vector<int>{1, kAllThreads}));
  EXPECT_EQ(again.problems[0].axes.budget_s, 0.25);
  EXPECT_EQ(again.problems[1].axes.caches, std::vector<std::string>{"cold"});
}

TEST(SuiteTest, ReadSuiteRefusesWhatIsNoFile) {
  EXPECT_THROW(ReadSuite("no/such/suite.json"), Error);
  EXPECT_THROW(ReadSuite(std::filesystem::temp_directory_path()), Error);
}

TEST(SuiteTest, BatchesGoIntoEachProblem) {
  const Request request =
      ParseSuite(R"({"cases": [{"problem": ["fc:ic8oc8", "conv2d:ic4ih4oc4kh1"], "mb": [1, 16]}]})", "a.json");
  ASSERT_EQ(request.problems.size(), 4u);
  EXPECT_EQ(Describe(ParseProblem(request.problems[0].problem)), "fc:ic8oc8");
  EXPECT_EQ(Describe(ParseProblem(request.problems[1].problem)), "fc:mb16ic8oc8");
  EXPECT_EQ(Describe(ParseProblem(request.problems[3].problem)), Describe(ParseProblem("conv2d:mb16ic4ih4oc4kh1")));
  EXPECT_EQ(ErrorOf(R"({"cases": [{"problem": "fc:ic8oc8", "mb": [4, 0]}]})"),
            "folder/mine.json /cases/0/mb/1: got 0; allowed is a whole number, 1 to 1048576");
}

// A folder with suites/ and shapes/, as configs has.
class ShapesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "suites");
    std::filesystem::create_directories(folder_ / "shapes");
    Write("shapes/net.json", R"({"description": "d", "layers": [
        {"label": "first", "problem": "conv2d:ic3ih8oc8kh3ph1"},
        {"label": "last", "problem": "fc:ic8oc10", "count": 2}]})");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  Request WithCase(const std::string& one) const {
    Write("suites/mine.json", R"({"defaults": {"threads": 1}, "cases": [)" + one + "]}");
    return ReadSuite(folder_ / "suites/mine.json");
  }

  // The message for a suite with this case, the folder's name left out.
  std::string ErrorWithCase(const std::string& one) const {
    try {
      WithCase(one);
    } catch (const Error& error) {
      std::string what = error.what();
      for (size_t at; (at = what.find(folder_.string() + "/")) != std::string::npos;) {
        what.erase(at, folder_.string().size() + 1);
      }
      return what;
    }
    return "no error";
  }

  const std::filesystem::path folder_ = testing::TempDir() + "roofgap_shapes_" + std::to_string(getpid());
};

TEST_F(ShapesTest, ACaseTakesTheLayersOfAFileBesideTheSuites) {
  const Request request = WithCase(R"({"shapes": "../shapes/net.json", "cache": "cold"})");
  ASSERT_EQ(request.problems.size(), 2u);
  EXPECT_EQ(request.problems[0].label, "first");
  EXPECT_EQ(request.problems[0].problem, "conv2d:ic3ih8oc8kh3ph1");
  EXPECT_EQ(request.problems[0].where, (folder_ / "shapes/net.json /layers/0").string());
  EXPECT_EQ(request.problems[1].label, "last");
  EXPECT_EQ(request.problems[1].axes.threads, std::vector<int>{1});
  EXPECT_EQ(request.problems[1].axes.caches, std::vector<std::string>{"cold"});
}

TEST_F(ShapesTest, OnlyTheLayersOfTheOpWithEachBatch) {
  const Request request = WithCase(R"({"shapes": ["../shapes/net.json"], "op": "fc", "mb": [2, 3]})");
  ASSERT_EQ(request.problems.size(), 2u);
  EXPECT_EQ(request.problems[0].problem, "fc:mb2ic8oc10");
  EXPECT_EQ(request.problems[1].problem, "fc:mb3ic8oc10");
  EXPECT_EQ(request.problems[1].label, "last");
}

TEST_F(ShapesTest, TheTextOfTheRequestNeedsNoShapesFile) {
  const std::string text = SuiteText(WithCase(R"({"shapes": "../shapes/net.json"})"));
  EXPECT_EQ(text.find("net.json"), std::string::npos);
  EXPECT_EQ(ParseSuite(text, "a.json").problems.size(), 2u);
}

TEST_F(ShapesTest, ErrorsNameTheFileAndThePlace) {
  EXPECT_EQ(ErrorWithCase(R"({"shapes": "../shapes/none.json"})"),
            "suites/mine.json /cases/0/shapes: cannot read shapes/none.json: No such file or directory");
  EXPECT_EQ(ErrorWithCase(R"({"shapes": "../shapes/net.json", "op": "attention"})"),
            "suites/mine.json /cases/0/shapes: ../shapes/net.json has no layer of op 'attention'");
  EXPECT_EQ(ErrorWithCase(R"({"shapes": "../shapes/net.json", "problem": "fc:ic8oc8"})"),
            "suites/mine.json /cases/0: 'problem' and 'shapes' exclude each other");
  EXPECT_EQ(ErrorWithCase(R"({"shapes": "../shapes/net.json", "label": "x"})"),
            "suites/mine.json /cases/0: 'label' goes with 'problem'; layers of 'shapes' have their own");
  EXPECT_EQ(ErrorWithCase(R"({"problem": "fc:ic8oc8", "op": "fc"})"),
            "suites/mine.json /cases/0: 'op' goes with 'shapes'");
  const auto with_shapes = [this](const std::string& text) {
    Write("shapes/bad.json", text);
    return ErrorWithCase(R"({"shapes": "../shapes/bad.json"})");
  };
  const std::string from = "suites/mine.json /cases/0/shapes: ";
  EXPECT_EQ(with_shapes("{").rfind(from + "shapes/bad.json: not JSON: parse error at line 1", 0), 0u);
  EXPECT_EQ(with_shapes("{}"), from + "shapes/bad.json /: 'layers' is missing");
  EXPECT_EQ(with_shapes(R"({"layers": []})"),
            from + "shapes/bad.json /layers: got []; allowed is a list of layers that is not empty");
  EXPECT_EQ(with_shapes(R"({"layers": [{"label": "x"}]})"), from + "shapes/bad.json /layers/0: 'problem' is missing");
  EXPECT_EQ(with_shapes(R"({"layers": [{"label": "x", "problem": "fc:ic1oc1", "count": 1.5}]})"),
            from + "shapes/bad.json /layers/0/count: got 1.5; allowed is a whole number, 1 to 1000000");
  EXPECT_EQ(with_shapes(R"({"layers": [{"label": "x", "problem": "fc:ic1oc1", "variants": "gemm"}]})"),
            from + "shapes/bad.json /layers/0: unknown key 'variants'; allowed are count, label, problem");
}

// Multiply-accumulates of all layers of one op.
double Macs(const std::string& model, std::string_view op) {
  double macs = 0;
  for (const Layer& layer : ReadShapes(std::string(ROOFGAP_SOURCE_DIR) + "/configs/shapes/" + model)) {
    const Problem problem = ParseProblem(layer.problem);
    if (OpOf(problem) == op) macs += static_cast<double>(layer.count) * Count(problem, DType::kF32).macs();
  }
  return macs;
}

TEST(ModelShapesTest, LayersAddUpToWhatTheModelsAreKnownFor) {
  EXPECT_NEAR(Macs("resnet50.json", "conv2d") + Macs("resnet50.json", "fc"), 4.09e9, 0.005e9);
  EXPECT_NEAR(Macs("vgg16.json", "conv2d"), 15.35e9, 0.005e9);
  EXPECT_EQ(Macs("vgg16.json", "fc"), 25088.0 * 4096 + 4096.0 * 4096 + 4096 * 1000);
  EXPECT_EQ(Macs("bert_base.json", "fc"), 12 * 12 * 768.0 * 768);  // 12 d^2 a block, per token
  const auto all = [](const std::string& model) {
    return Macs(model, "conv2d") + Macs(model, "invres") + Macs(model, "fc");
  };
  EXPECT_NEAR(
      Macs("mobilenet_v1.json", "conv2d") + Macs("mobilenet_v1.json", "dwsep") + Macs("mobilenet_v1.json", "fc"), 569e6,
      1e6);
  EXPECT_NEAR(all("mobilenet_v2.json"), 300e6, 1e6);
  EXPECT_NEAR(all("mobilenet_v3_large.json"), 219e6, 3e6);
  EXPECT_NEAR(all("efficientnet_b0.json"), 390e6, 5e6);
}

// The depthwise convolution in the middle of a block, with the bias that a folded batch normalization leaves; "" where
// the layer is none.
std::string DepthwiseOf(const Problem& layer) {
  if (const auto* p = std::get_if<DwSep>(&layer)) {
    return Describe(DwConv2d{p->mb, p->ic, p->ih, p->iw, p->kh, p->kw, p->sh, p->sw, p->ph, p->pw, 1, 1, 1, p->act});
  }
  if (const auto* p = std::get_if<InvRes>(&layer)) {
    return Describe(DwConv2d{p->mb, p->mc, p->ih, p->ih, p->kh, p->kh, p->sh, p->sh, p->ph, p->ph, 1, 1, 1, p->act});
  }
  return "";
}

TEST(ModelShapesTest, DepthwiseHoldsTheDepthwiseLayersOfTheFourModelsAndNoOther) {
  const std::string folder = std::string(ROOFGAP_SOURCE_DIR) + "/configs/shapes/";
  std::map<std::string, int64_t> wanted, listed;
  for (const char* model : {"mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0"}) {
    int64_t of_model = 0;
    for (const Layer& layer : ReadShapes(folder + model + ".json")) {
      const std::string depthwise = DepthwiseOf(ParseProblem(layer.problem));
      if (depthwise.empty()) continue;
      wanted[depthwise] += layer.count;
      of_model += layer.count;
    }
    EXPECT_GT(of_model, 0) << model;
  }
  for (const Layer& layer : ReadShapes(folder + "depthwise.json")) {
    listed[Describe(ParseProblem(layer.problem))] = layer.count;
  }
  EXPECT_EQ(listed, wanted);
}

TEST(ModelShapesTest, EveryLayerOfEveryFileIsAProblemOfItsOwn) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(ROOFGAP_SOURCE_DIR) + "/configs/shapes")) {
    std::set<std::string> problems;
    for (const Layer& layer : ReadShapes(entry.path())) {
      EXPECT_TRUE(problems.insert(Describe(ParseProblem(layer.problem))).second) << layer.where << " is there twice";
    }
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(SuiteTest, SeparableHasEachShapeOfBothOpsUnderTheSameConditions) {
  std::map<std::string, std::set<std::string>> shapes;  // of each op
  for (const RequestedProblem& asked :
       ReadSuite(std::string(ROOFGAP_SOURCE_DIR) + "/configs/suites/separable.json").problems) {
    const std::string problem = Describe(ParseProblem(asked.problem));
    const size_t colon = problem.find(':');
    for (const std::string& cache : asked.axes.caches.empty() ? std::vector<std::string>{"warm"} : asked.axes.caches) {
      shapes[problem.substr(0, colon)].insert(problem.substr(colon) + ' ' + cache);
    }
  }
  EXPECT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes["conv2d"], shapes["dwsep"]);
}

TEST(SuiteTest, AttentionHasTheExactProblemOfEachApproximation) {
  std::set<std::string> exact, wanted;
  for (const RequestedProblem& asked :
       ReadSuite(std::string(ROOFGAP_SOURCE_DIR) + "/configs/suites/attention.json").problems) {
    const Problem problem = ParseProblem(asked.problem);
    const std::optional<Problem> approximated = ExactProblem(problem);
    approximated ? wanted.insert(Describe(*approximated)) : exact.insert(Describe(problem));
  }
  EXPECT_GE(wanted.size(), 8u);
  for (const std::string& problem : wanted) EXPECT_TRUE(exact.contains(problem)) << problem;
}

}  // namespace
}  // namespace roofgap
