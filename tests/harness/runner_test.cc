#include "harness/run/runner.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/measure/isa_scope.h"
#include "harness/measure/memory.h"
#include "kernels/api/buffer.h"
#include "kernels/api/registry.h"
#include "tests/harness/made_up_tree.h"

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

TEST_F(Runner, MemoryThatPackingTakesAndGivesBackIsNotPartOfACall) {
  Variant packing = Honest("packing");
  packing.prepare = [](const Problem& problem, const Context& context) {
    Invocation invocation = FindVariant("fc", "gemm")->prepare(problem, context);
    const Call pack = invocation.pack;
    invocation.pack = [pack](const Args& args) {
      const Buffer buffer(1 << 16);
      if (pack) pack(args);
    };
    return invocation;
  };
  const Variant honest = Honest("honest");
  const std::vector<Case> cases{Asked(packing), Asked(honest)};
  const std::vector<Record> records = RunGroup(cases, context_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].peak_bytes, records[1].peak_bytes);
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

TEST_F(Runner, RowWhoseErrorBoundExceedsTheResultsIsWarnedAbout) {
  Variant wide = Honest("wide");
  wide.prepare = [](const Problem& problem, const Context& context) {
    Invocation invocation = FindVariant("fc", "gemm")->prepare(problem, context);
    invocation.extra_error = [](const Args&, std::span<const int64_t> outputs) {
      return std::vector<double>(outputs.size(), 64.0);  // results are sums of 64 products below 1
    };
    return invocation;
  };
  const Variant honest = Honest("honest");
  const std::vector<Record> records = RunAll({Asked(wide), Asked(honest)});
  ASSERT_EQ(records.size(), 2u);
  for (const Record& record : records) {
    EXPECT_EQ(record.verified, "all");
    const bool warned = record.warnings.find("the error bound exceeds the results") != std::string::npos;
    EXPECT_EQ(warned, record.variant == "wide") << record.warnings;
  }
}

TEST_F(Runner, RowOfAnApproximationSaysHowFarItIsFromWhatItApproximates) {
  const auto distances = [&](std::string_view op, const std::string& problem) {
    std::vector<Case> cases;
    for (std::string_view variant : {"fused", "layered"}) cases.push_back(Asked(*FindVariant(op, variant), problem));
    std::vector<Number> found;
    for (const Record& record : RunAll(cases)) found.push_back(record.distance_from_exact);
    return found;
  };
  // 700 queries: more than are looked at.
  const std::vector<Number> linformer = distances("linformer", "linformer:h2s350d8k20");
  ASSERT_TRUE(linformer.at(0) && linformer.at(1));
  EXPECT_GT(*linformer[0], 0.01);
  EXPECT_LT(*linformer[0], 1);
  EXPECT_NEAR(*linformer[0], *linformer[1], 1e-4) << "the kernels' own errors are far smaller";
  // Of one key, any weights make the same.
  const std::vector<Number> performer = distances("performer", "performer:h2s30t1d8m5");
  ASSERT_TRUE(performer.at(0) && performer.at(1));
  EXPECT_LT(*performer[0], 1e-6);
  const Variant honest = Honest("honest");
  EXPECT_EQ(RunAll({Asked(honest)}).at(0).distance_from_exact, std::nullopt);
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

TEST_F(Runner, EnergyThatFailsLeavesEveryRowItsTimesAndSaysWhy) {
  MadeUpTree tree;
  const std::string dir = "sys/class/powercap/intel-rapl:0/";
  int64_t counted = 0;
  const auto count = [&] { tree.Set(dir + "energy_uj", std::to_string(counted += 1000)); };
  tree.Set(dir + "name", "package-0").Set(dir + "max_energy_range_uj", "262143328850");
  count();
  EnergyPass energy(0.05, tree.root());
  energy.MeasureIdle([&] {
    count();
    return false;
  });
  ASSERT_TRUE(energy.able()) << energy.status();
  context_.energy = &energy;
  int timed = 0;
  context_.observe = [&](const Case&, const Measurement&) { ++timed; };
  const Variant failing = Wrapped("failing", [&](const Call& run) -> Call {
    return [&timed, run](const Args& args) {
      if (timed > 0) throw std::runtime_error("the sensor is gone");
      run(args);
    };
  });
  const Variant honest = Honest("honest");
  const std::vector<Case> cases{Asked(failing), Asked(honest)};
  const std::vector<Record> records = RunGroup(cases, context_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(timed, 2);
  for (const Record& record : records) {
    EXPECT_TRUE(record.status == kMeasured || record.status == kUnstable) << record.reason;
    EXPECT_TRUE(record.median_ns);
  }
  EXPECT_FALSE(records[0].energy_j);
  EXPECT_EQ(records[0].energy_status, "the sensor is gone");
  EXPECT_EQ(records[1].energy_status.find("the sensor is gone"), std::string::npos);
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
