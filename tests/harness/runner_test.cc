#include "harness/run/runner.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "harness/measure/memory.h"
#include "kernels/api/buffer.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

using Call = std::function<void(const Args&)>;

// The variant `gemm` of fc whose calls are wrapped by `wrap`.
Variant Wrapped(std::string_view name, const std::function<Call(Call)>& wrap) {
  Variant variant = *FindVariant("fc", "gemm");
  variant.name = name;
  variant.prepare = [wrap](const Problem& problem, const Context& context) {
    Invocation invocation = FindVariant("fc", "gemm")->prepare(problem, context);
    invocation.run = wrap(invocation.run);
    return invocation;
  };
  return variant;
}

Variant Honest(std::string_view name) {
  return Wrapped(name, [](const Call& run) { return run; });
}

void TakeAndGiveBack(size_t bytes) {
  std::vector<char> hidden(bytes, 'x');
  volatile char* const data = hidden.data();
  for (size_t i = 0; i < bytes; i += 4096) data[i] = 'y';
}

class Runner : public testing::Test {
 protected:
  Case Asked(const Variant& variant, const std::string& problem = "fc:mb3ic64oc48") const {
    return {.problem = ParseProblem(problem),
            .variant = &variant,
            .isa = SupportedIsas().front(),
            .budget_s = 0.02,
            .support = {}};
  }
  std::vector<Record> RunAll(const std::vector<Case>& cases) { return RunGroup(cases, context_); }

  EnergyPass energy_{0};
  RunContext context_{.host = ReadHost(), .run_id = "test", .energy = &energy_};
};

TEST_F(Runner, CallThatTakesMemoryInSecretIsWarnedAbout) {
  if (!ResidentGrowth([] {})) GTEST_SKIP() << "the system does not tell";
  const Variant secret = Wrapped("secret", [](const Call& run) -> Call {
    return [run](const Args& args) {
      TakeAndGiveBack(size_t{32} << 20);
      run(args);
    };
  });
  const Variant honest = Honest("honest");
  const std::vector<Record> records = RunAll({Asked(secret), Asked(honest)});
  ASSERT_EQ(records.size(), 2u);
  for (const Record& record : records) {
    ASSERT_TRUE(record.status == kMeasured || record.status == kUnstable) << record.reason;
    const bool warned = record.warnings.find("MiB of memory beyond its workspace") != std::string::npos;
    EXPECT_EQ(warned, record.variant == "secret") << record.warnings;
  }
}

TEST_F(Runner, MemoryOfOurAllocatorThatACallTakesIsPartOfItsPeak) {
  const Variant buffered = Wrapped("buffered", [](const Call& run) -> Call {
    return [run](const Args& args) {
      const Buffer buffer(1 << 16);
      run(args);
    };
  });
  const Variant honest = Honest("honest");
  const std::vector<Record> records = RunAll({Asked(buffered), Asked(honest)});
  ASSERT_EQ(records.size(), 2u);
  const bool first = records[0].variant == "buffered";
  EXPECT_EQ(*records[first ? 0 : 1].peak_bytes - *records[first ? 1 : 0].peak_bytes, 1 << 16);
}

TEST_F(Runner, RowsThatAreNotMeasuredAreDraftedBeforeTheOthersAreTimed) {
  int calls = 0;
  const Variant counted = Wrapped("counted", [&](const Call& run) -> Call {
    return [&calls, run](const Args& args) {
      ++calls;
      run(args);
    };
  });
  const Variant honest = Honest("honest");
  Case declined = Asked(honest);
  declined.support = {false, "not today"};
  const std::vector<Case> cases{Asked(counted), declined};
  std::vector<std::string> drafted;
  context_.draft = [&](const Record& record) {
    if (record.status == kSkipped) {
      EXPECT_EQ(calls, 0);
    }
    drafted.push_back(record.variant);
  };
  const std::vector<Record> records = RunGroup(cases, context_);
  EXPECT_EQ(drafted, (std::vector<std::string>{"honest", "counted"}));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].variant, "counted") << "returned in the order of the cases";
}

TEST_F(Runner, RowSaysHowManyInferencesACallIsAndWhyThereIsNoEnergy) {
  const Variant honest = Honest("honest");
  const std::vector<Record> records = RunAll({Asked(honest)});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].batch, 3);
  EXPECT_FALSE(records[0].energy_j);
  EXPECT_EQ(records[0].energy_status, "switched off");
  EXPECT_EQ(Batch(ParseProblem("attention:b2h4s8d16")), 2);
  EXPECT_EQ(Batch(ParseProblem("conv2d:ic3ih8oc4kh3")), 1);
}

TEST_F(Runner, InterruptedGroupWritesOnlyWhatIsDone) {
  const Variant honest = Honest("honest");
  Case declined = Asked(honest);
  declined.support = {false, "not today"};
  context_.interrupted = [](double) { return true; };
  const std::vector<Record> records = RunAll({Asked(honest), declined});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].status, kSkipped);
}

}  // namespace
}  // namespace roofgap
